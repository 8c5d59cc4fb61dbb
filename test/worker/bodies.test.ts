/** Request bodies and the headers that go with them ([HT4] [HT12] [HT20]): type, size, form; what a refusal leaves untouched. */

import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { ledgerSeq, type Scenario, scenarios } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";

const json = { "content-type": "application/json" };
const refused = (
  name: string,
  raw: string | Uint8Array,
  rest: Partial<Scenario> & { readonly type?: string | null } = {},
): Scenario => {
  const { type = "application/json", ...others } = rest;
  const headers: Record<string, string> = type === null ? {} : { "content-type": type };
  return {
    name,
    when: { to: "POST /api/kinds", raw, headers },
    status: 400,
    json: { code: "MALFORMED_BODY" },
    seq: 0,
    ...others,
  };
};

describe("bodies", () => {
  scenarios([
    {
      name: "[HT4] application/json is read",
      when: { to: "POST /api/kinds", raw: '{"title":"plain"}', headers: json },
      status: 201,
      json: { title: "plain" },
      seq: 1,
    },
    {
      name: "[HT4] any +json is read, with parameters",
      when: {
        to: "POST /api/kinds",
        raw: '{"title":"plus"}',
        headers: { "content-type": "application/vnd.x+json; charset=utf-8" },
      },
      status: 201,
      seq: 1,
    },
    {
      name: "[HT4] another type is 415 and says what is supported",
      when: { to: "POST /api/kinds", raw: '{"title":"t"}', headers: { "content-type": "text/plain" } },
      status: 415,
      json: { code: "UNSUPPORTED_MEDIA_TYPE", supported: ["application/json"] },
      headers: { accept: "application/json" },
      seq: 0,
    },
    {
      name: "[HT4] a form is 415",
      when: { to: "POST /api/kinds", raw: "title=t", headers: { "content-type": "application/x-www-form-urlencoded" } },
      status: 415,
      seq: 0,
    },
    {
      name: "[HT4] a type that only begins like JSON is 415",
      when: { to: "POST /api/kinds", raw: "{}", headers: { "content-type": "application/jsonp" } },
      status: 415,
      seq: 0,
    },
    refused("[HT4] a body that is not JSON is malformed", '{"title":"hush', { hasNot: ["hush"] }),
    refused("[HT4] a malformed body tells where reading stopped", '{"title":"open', {
      json: { code: "MALFORMED_BODY", position: 14 },
    }),
    refused("[HT4] a body that is not UTF-8 is malformed", new Uint8Array([0x22, 0xff, 0xfe, 0x22])),
    refused("[HT4] an empty body is malformed", "", {}),
    {
      name: "[HT4] a missing body is malformed",
      when: { to: "POST /api/kinds" },
      status: 400,
      json: { code: "MALFORMED_BODY" },
      seq: 0,
    },
    refused("[HT20] a list is not the form of a row", "[]", {
      json: { code: "VALIDATION_ERROR", errors: [{ field: "" }] },
    }),
    refused("[HT20] a text is not the form of a row", '"x"', {
      json: { code: "VALIDATION_ERROR", errors: [{ field: "" }] },
    }),
    refused("[HT20] null is not the form of a row", "null", {
      json: { code: "VALIDATION_ERROR", errors: [{ field: "" }] },
    }),
    {
      name: "[HT4] a body above 1 MB is 413",
      when: { to: "POST /api/kinds", raw: `{"title":"big","data":"${"x".repeat(1_048_576)}"}`, headers: json },
      status: 413,
      json: { code: "PAYLOAD_TOO_LARGE", limit: 1_048_576 },
      hasNot: ["xxxx"],
      seq: 0,
    },
    {
      name: "[HT4] a row above 512 KB is 413",
      when: { to: "POST /api/kinds", body: { title: "big", data: "x".repeat(524_288) } },
      status: 413,
      json: { code: "PAYLOAD_TOO_LARGE", limit: 524_288 },
      hasNot: ["xxxx"],
      seq: 0,
    },
    {
      name: "[HT4] the size of a row is counted in bytes, not in characters",
      when: { to: "POST /api/kinds", body: { title: "big", data: "語".repeat(180_000) } },
      status: 413,
      json: { code: "PAYLOAD_TOO_LARGE" },
      seq: 0,
    },
    {
      name: "[HT4] a row below 512 KB is stored and read back",
      when: { to: "POST /api/kinds", body: { title: "fits", data: "x".repeat(520_000) } },
      status: 201,
      seq: 1,
      then: ({ body }) => void expect(body.data).toHaveLength(520_000),
    },
    {
      name: "[HT4] a patch may not grow a row beyond 512 KB",
      given: [{ to: "POST /api/kinds", body: { title: "half", data: "x".repeat(300_000) }, as: "row" }],
      when: { to: "PATCH /api/kinds/{row.id}", body: { random: "y".repeat(300_000) } },
      status: 413,
      json: { code: "PAYLOAD_TOO_LARGE", limit: 524_288 },
      hasNot: ["yyyy", "xxxx"],
      seq: 0,
    },
    {
      name: "[HT4] a row whose letters JSON escapes is counted as JSON, after a patch too",
      given: [{ to: "POST /api/kinds", body: { title: "half", data: "\u0001".repeat(80_000) }, as: "row" }],
      when: { to: "PATCH /api/kinds/{row.id}", body: { random: "\u0001".repeat(80_000) } },
      status: 413,
      json: { code: "PAYLOAD_TOO_LARGE", limit: 524_288 },
      seq: 0,
    },
    {
      name: "[HT4] a member called __proto__ is an unknown member and changes nothing else",
      when: { to: "POST /api/kinds", raw: '{"title":"proto","__proto__":{"color":"red"}}', headers: json },
      status: 201,
      json: { title: "proto", color: null },
      hasNot: ["__proto__"],
      seq: 1,
    },
  ]);
});

describe("a body without a length", () => {
  it("[HT4] its size is counted while reading, and reading stops at 1 MB", async () => {
    const chunk = new TextEncoder().encode("x".repeat(65_536));
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.byteLength;
        if (sent > 64 * 2 ** 20) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const before = await ledgerSeq("t/test/kinds");
    const request = new Request("http://localhost/api/kinds", { method: "POST", headers: json, body: endless });
    expect(request.headers.get("content-length")).toBeNull();
    const reply = await app.fetch(request, env as never);
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    expect(sent).toBeLessThan(4 * 2 ** 20);
    expect(await ledgerSeq("t/test/kinds")).toBe(before);
  });
});

describe("what a write may ask for", () => {
  const given = [{ to: "POST /api/kinds", body: { title: "pref" }, as: "row" }];
  const minimal = { prefer: "return=minimal" };
  scenarios([
    {
      name: "[HT12] return=minimal on a create is 201 without a body, with address and tag",
      when: { to: "POST /api/kinds", body: { title: "quiet" }, headers: minimal },
      status: 201,
      headers: {
        "preference-applied": "return=minimal",
        location: /^\/api\/kinds\//,
        etag: /^"/,
        "content-type": null,
      },
      seq: 1,
      then: ({ text }) => void expect(text).toBe(""),
    },
    {
      name: "[HT12] return=minimal on a change is 204 with the new tag",
      given,
      when: { to: "PATCH /api/kinds/{row.id}", body: { count: 8 }, headers: minimal },
      status: 204,
      headers: { "preference-applied": "return=minimal", etag: /^"/ },
      seq: 1,
    },
    {
      name: "[HT12] return=minimal on a PUT is 204",
      given,
      when: { to: "PUT /api/kinds/{row.id}", body: { title: "put" }, headers: { prefer: "wait=5, return=minimal" } },
      status: 204,
      seq: 1,
    },
    {
      name: "[HT12] without the preference a change answers the row and applies none",
      given,
      when: { to: "PATCH /api/kinds/{row.id}", body: { count: 9 } },
      status: 200,
      json: { id: "{row.id}", count: 9 },
      headers: { "preference-applied": null },
      seq: 1,
    },
    {
      name: "[HT12] an API version that is not declared is 400",
      when: { to: "GET /api/kinds", headers: { "ledge-version": "2" } },
      status: 400,
      json: { errors: [{ field: "Ledge-Version" }] },
    },
    {
      name: "[HT12] an API version that is not declared is 400 on a write",
      when: { to: "POST /api/kinds", body: { title: "v" }, headers: { "ledge-version": "2" } },
      status: 400,
      seq: 0,
    },
    {
      name: "[HT20] an unknown parameter of a write is 400",
      given,
      when: { to: "PATCH /api/kinds/{row.id}?dryrun=true", body: { count: 1 } },
      status: 400,
      json: { errors: [{ field: "dryrun" }] },
      seq: 0,
    },
    {
      name: "[HT20] an unknown parameter of a create is 400",
      when: { to: "POST /api/kinds?x=1", body: { title: "t" } },
      status: 400,
      json: { errors: [{ field: "x" }] },
      seq: 0,
    },
    {
      name: "[HT20] an unknown parameter of a delete is 400",
      given,
      when: { to: "DELETE /api/kinds/{row.id}?force=true" },
      status: 400,
      json: { errors: [{ field: "force" }] },
      seq: 0,
    },
    {
      name: "[HT20] a boolean parameter that is none is 400 on a write",
      given,
      when: { to: "DELETE /api/kinds/{row.id}?hard=yes" },
      status: 400,
      json: { errors: [{ field: "hard" }] },
      seq: 0,
    },
    {
      name: "[HT20] a parameter that begins with an underscore is ignored on a write",
      given,
      when: { to: "PATCH /api/kinds/{row.id}?_t=1", body: { count: 2 } },
      status: 200,
      seq: 1,
    },
    {
      name: "[HT40] If-Match on a create is 400, not ignored",
      when: { to: "POST /api/kinds", body: { title: "t" }, headers: { "if-match": "*" } },
      status: 400,
      json: { errors: [{ field: "If-Match" }] },
      seq: 0,
    },
    {
      name: "[HT30] Ledge-Optimistic-Id of a create is echoed and kept in the ledger",
      when: { to: "POST /api/kinds", body: { title: "opt" }, headers: { "ledge-optimistic-id": "tmp-1" } },
      status: 201,
      headers: { "ledge-optimistic-id": "tmp-1" },
      seq: 1,
    },
    {
      name: "[HT30] a malformed Ledge-Optimistic-Id is 400",
      when: { to: "POST /api/kinds", body: { title: "opt" }, headers: { "ledge-optimistic-id": "a b" } },
      status: 400,
      json: { errors: [{ field: "Ledge-Optimistic-Id" }] },
      seq: 0,
    },
    {
      name: "[HT30] without the header nothing is echoed",
      when: { to: "POST /api/kinds", body: { title: "opt" } },
      status: 201,
      headers: { "ledge-optimistic-id": null },
      seq: 1,
    },
  ]);
});
