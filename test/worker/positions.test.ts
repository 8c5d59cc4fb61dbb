/** Positions, request ids and caching headers ([HT7]–[HT10] [OB3] [OB7]). */

import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { ledgerSeq, loggedWhile, scenarios, send } from "../support/scenario.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const given = [{ to: "POST /api/kinds", body: { title: "pos" }, as: "row" }];

describe("positions", () => {
  it("[HT7] a write answers the position after it, a read that of the read, and both name the object by its epoch", async () => {
    const made = await send({ to: "POST /api/kinds", body: { title: "a" } });
    const seq = await ledgerSeq("t/test/kinds");
    const [epoch, at] = (made.headers.get("ledge-seq") ?? "").split(":");
    expect(Number(at)).toBe(seq);
    const list = await send({ to: "GET /api/kinds?limit=1" });
    expect(list.headers.get("ledge-seq")).toBe(`${epoch}:${seq}`);
    expect(list.body.seq).toBe(seq);
    const other = await send({ to: "GET /api/slugs" });
    expect(other.headers.get("ledge-seq")?.split(":")[0]).not.toBe(epoch);
    expect((await send({ to: "GET /api/slugs" })).headers.get("ledge-seq")).toBe(other.headers.get("ledge-seq"));
  });

  scenarios([
    {
      name: "[HT7] a write that changes nothing answers the current position",
      given,
      when: { to: "PATCH /api/kinds/{row.id}", body: { title: "pos" } },
      status: 200,
      headers: { "ledge-seq": "{row.seqToken}" },
      seq: 0,
    },
    {
      name: "[HT7] a delete answers its position",
      given,
      when: { to: "DELETE /api/kinds/{row.id}" },
      status: 204,
      headers: { "ledge-seq": /^[a-z2-7]{16}:\d+$/ },
      seq: 1,
    },
    {
      name: "[HT7] a refusal by the object answers its position too",
      when: { to: "GET /api/kinds/0198c0de-0000-7000-8000-000000000000" },
      status: 404,
      headers: { "ledge-seq": /^[a-z2-7]{16}:\d+$/ },
    },
    {
      name: "[HT7] what no object served has no position",
      when: { to: "GET /api/nothing" },
      status: 404,
      headers: { "ledge-seq": null },
    },
    {
      name: "[HT8] the owning object satisfies any position",
      given,
      when: { to: "GET /api/kinds/{row.id}", headers: { "ledge-min-seq": "{row.seqToken}, aaaaaaaaaaaaaaaa:999999" } },
      status: 200,
      json: { id: "{row.id}" },
    },
    {
      name: "[HT8] a transaction's token is known",
      given,
      when: { to: "GET /api/kinds/{row.id}", headers: { "ledge-min-seq": "tx:abc-1@t/test/kinds" } },
      status: 200,
    },
    {
      name: "[HT8] a malformed position is 400",
      given,
      when: { to: "GET /api/kinds/{row.id}", headers: { "ledge-min-seq": "seven" } },
      status: 400,
      json: { errors: [{ field: "Ledge-Min-Seq" }] },
    },
  ]);
});

describe("request ids and traces", () => {
  scenarios([
    {
      name: "[HT9] [OB7] a request id is passed through to the reply",
      when: { to: "GET /api/kinds", headers: { "x-request-id": "req-1" } },
      status: 200,
      headers: { "x-request-id": "req-1" },
    },
    {
      name: "[HT9] a request id stands in a problem",
      when: { to: "GET /api/nothing", headers: { "x-request-id": "req-2" } },
      status: 404,
      json: { requestId: "req-2" },
      headers: { "x-request-id": "req-2" },
    },
    {
      name: "[HT9] a request id is made when absent",
      when: { to: "GET /api/kinds" },
      status: 200,
      headers: { "x-request-id": /^[A-Za-z0-9-]{1,64}$/ },
    },
    {
      name: "[HT9] an ill-formed request id is replaced, never echoed",
      when: { to: "GET /api/nothing", headers: { "x-request-id": 'evil id"<script>' } },
      status: 404,
      hasNot: ["script"],
      headers: { "x-request-id": /^[0-9a-f-]{36}$/ },
    },
    {
      name: "[HT9] a request id of 65 characters is replaced",
      when: { to: "GET /api/kinds", headers: { "x-request-id": "a".repeat(65) } },
      status: 200,
      headers: { "x-request-id": /^[0-9a-f-]{36}$/ },
    },
    {
      name: "[HT9] [OB3] a trace goes on in a span of our own",
      when: { to: "GET /api/kinds", headers: { traceparent: TRACE } },
      status: 200,
      headers: { traceparent: /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/ },
    },
    {
      name: "[OB3] a malformed traceparent begins a new trace",
      when: { to: "GET /api/kinds", headers: { traceparent: "00-zz-1-01" } },
      status: 200,
      headers: { traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/ },
    },
  ]);

  it("[HT9] [OB2] [OB3] request id and trace reach the object's log", async () => {
    const lines = await loggedWhile(async () => {
      const reply = await send({
        to: "POST /api/hooked",
        body: { title: "boom-inside" },
        headers: { "x-request-id": "req-object", traceparent: TRACE },
      });
      expect(reply.status).toBe(500);
      expect(reply.text).not.toContain("secret detail");
      expect(reply.body).toMatchObject({ code: "INTERNAL_ERROR", requestId: "req-object" });
    });
    const defect = lines.find((line) => line.message === "defect in an object");
    expect(defect).toMatchObject({ level: "error", requestId: "req-object", object: "t/test/hooked", table: "hooked" });
    expect(String(defect?.traceparent)).toContain("0af7651916cd43dd8448eb211c80319c");
  });
});

describe("caching headers", () => {
  scenarios([
    {
      name: "[HT10] a reply with a tag may be kept by the client only, and asked again",
      given,
      when: { to: "GET /api/kinds/{row.id}" },
      status: 200,
      headers: { "cache-control": "private, no-cache", vary: "Authorization, Cookie, Origin" },
    },
    {
      name: "[HT10] a list is the same",
      when: { to: "GET /api/kinds" },
      status: 200,
      headers: { "cache-control": "private, no-cache" },
    },
    {
      name: "[HT10] a reply without a tag is not kept",
      given,
      when: { to: "DELETE /api/kinds/{row.id}" },
      status: 204,
      headers: { "cache-control": "private, no-store", etag: null },
    },
    {
      name: "[HT10] a problem is not kept",
      when: { to: "GET /api/nothing" },
      status: 404,
      headers: { "cache-control": "private, no-store", vary: "Authorization, Cookie, Origin" },
    },
    {
      name: "[HT10] cache.public lets shared caches keep what anonymous readers see",
      when: { to: "GET /api/letters" },
      status: 200,
      headers: { "cache-control": "public, no-cache", vary: "Authorization, Cookie, Origin" },
    },
    {
      name: "[HT10] cache.public is for anonymous readers only",
      when: { user: "alice", to: "GET /api/letters" },
      status: 200,
      headers: { "cache-control": "private, no-cache" },
    },
    {
      name: "[HT10] cache.public says nothing of writes",
      when: { to: "POST /api/letters", body: { email: "a@example.com" } },
      status: 201,
      headers: { "cache-control": "private, no-cache" },
    },
  ]);

  it("[HT10] what lies outside the API is left to whoever serves it", async () => {
    const reply = await SELF.fetch("http://localhost/healthz");
    expect(reply.headers.get("vary")).toBeNull();
    expect(reply.headers.get("cache-control")).toBe("no-store");
  });
});
