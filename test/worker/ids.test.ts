/** Ids and the JSON forms of values ([HT5] [HT6]): who makes an id, which forms are taken, and where a bad one is 400 or 404. */

import { describe, expect, it } from "vitest";
import { ledgerSeq, type Scenario, scenarios, send } from "../support/scenario.ts";

const V7 = "0198c0de-1234-7abc-8def-0123456789ab";
const V4 = "0198c0de-1234-4abc-8def-0123456789ab";
const badId = (name: string, id: unknown): Scenario => ({
  name,
  when: { to: "POST /api/kinds", body: { id, title: "bad" } },
  status: 400,
  json: { code: "VALIDATION_ERROR", errors: [{ field: "id", code: "id" }] },
  seq: 0,
});

describe("ids", () => {
  scenarios([
    {
      name: "[HT6] an absent id is made by the Worker, as UUIDv7 in lower case",
      when: { to: "POST /api/kinds", body: { title: "made" } },
      status: 201,
      has: [/"id":"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/],
      seq: 1,
    },
    {
      name: "[HT6] a client may make the id",
      when: { to: "POST /api/kinds", body: { id: V7, title: "own" } },
      status: 201,
      json: { id: V7 },
      headers: { location: `/api/kinds/${V7}` },
      seq: 1,
    },
    badId("[HT6] an upper-case id in a body is 400", V7.toUpperCase()),
    badId("[HT6] an id of another UUID version in a body is 400", V4),
    badId("[HT6] an id that is no text is 400", 7),
    badId("[HT6] a null id is 400", null),
    badId("[HT6] an empty id is 400", ""),
    {
      name: "[HT6] a malformed id in a path is 404",
      when: { to: "GET /api/kinds/not-an-id" },
      status: 404,
      json: { code: "NOT_FOUND" },
    },
    {
      name: "[HT6] an upper-case id in a path is 404",
      when: { to: `PATCH /api/kinds/${V7.toUpperCase()}`, body: { title: "x" } },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT6] PUT under a malformed id creates nothing",
      when: { to: "PUT /api/kinds/not-an-id", body: { title: "x" } },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT6] PUT under another UUID version creates nothing",
      when: { to: `PUT /api/kinds/${V4}`, body: { title: "x" } },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT6] a text id is made by the client",
      when: { to: "POST /api/slugs", body: { id: "A.b_c~1-2", slug: "text-id" } },
      status: 201,
      json: { id: "A.b_c~1-2" },
      headers: { location: "/api/slugs/A.b_c~1-2" },
      seq: 1,
    },
    {
      name: "[HT6] a text id left out is 400",
      when: { to: "POST /api/slugs", body: { slug: "none" } },
      status: 400,
      json: { errors: [{ field: "id", code: "required" }] },
      seq: 0,
    },
    {
      name: "[HT6] a text id with other characters is 400",
      when: { to: "POST /api/slugs", body: { id: "a/b", slug: "none" } },
      status: 400,
      json: { errors: [{ field: "id" }] },
      seq: 0,
    },
    {
      name: "[HT6] a text id of 129 characters is 400",
      when: { to: "POST /api/slugs", body: { id: "a".repeat(129), slug: "none" } },
      status: 400,
      seq: 0,
    },
    {
      name: "[HT6] a text id of 128 characters is taken",
      when: { to: "POST /api/slugs", body: { id: "a".repeat(128), slug: "long" } },
      status: 201,
      seq: 1,
    },
    {
      name: "[HT6] an integer id given by a client is 400",
      when: { to: "POST /api/counters", body: { id: 4711, name: "x" } },
      status: 400,
      json: { errors: [{ field: "id" }] },
      seq: 0,
    },
    {
      name: "[HT6] a row under an integer id that is not there is not created by PUT",
      when: { to: "PUT /api/counters/4711", body: { name: "x" } },
      status: 404,
      seq: 0,
    },
    { name: "[HT6] an integer id with a leading zero is 404", when: { to: "GET /api/counters/007" }, status: 404 },
  ]);

  it("[HT6] an integer id is made by the object and never given twice", async () => {
    const first = await send({ to: "POST /api/counters", body: { name: "a" } });
    const second = await send({ to: "POST /api/counters", body: { name: "b" } });
    expect(first.body.id).toBeTypeOf("number");
    expect(second.body.id).toBe(Number(first.body.id) + 1);
    await send({ to: `DELETE /api/counters/${second.body.id}` });
    const third = await send({ to: "POST /api/counters", body: { name: "c" } });
    expect(third.body.id).toBe(Number(second.body.id) + 1);
    expect((await send({ to: `GET /api/counters/${first.body.id}` })).body).toEqual({ id: first.body.id, name: "a" });
    expect(await ledgerSeq("t/test/counters")).toBe(4);
  });
});

describe("forms of values", () => {
  const put = (name: string, body: object, json: object): Scenario => ({
    name,
    when: { to: "POST /api/kinds", body: { title: "v", ...body } },
    status: 201,
    json,
    seq: 1,
  });
  const refused = (name: string, body: object, field: string): Scenario => ({
    name,
    when: { to: "POST /api/kinds", body: { title: "v", ...body } },
    status: 400,
    json: { code: "VALIDATION_ERROR", errors: [{ field }] },
    seq: 0,
  });
  scenarios([
    put(
      "[HT5] a time is ISO text in UTC with milliseconds",
      { at: "2026-01-02T03:04:05+01:00" },
      { at: "2026-01-02T02:04:05.000Z" },
    ),
    put("[HT5] a time is also taken as milliseconds", { at: 1_767_323_045_123 }, { at: "2026-01-02T03:04:05.123Z" }),
    put(
      "[HT5] a time kept in seconds or as text has the same form",
      { atSeconds: "2026-01-02T03:04:05Z", atIso: 0 },
      { atSeconds: "2026-01-02T03:04:05.000Z", atIso: "1970-01-01T00:00:00.000Z" },
    ),
    refused("[HT5] a time kept in seconds takes no milliseconds", { atSeconds: 1500 }, "atSeconds"),
    refused("[HT5] a text that is no time is refused", { at: "yesterday" }, "at"),
    put("[HT5] a 64-bit integer is digits", { big: "9223372036854775807" }, { big: "9223372036854775807" }),
    put("[HT5] a 64-bit integer is also taken as a number", { big: 42 }, { big: "42" }),
    refused("[HT5] a 64-bit integer out of range is refused", { big: "9223372036854775808" }, "big"),
    put("[HT5] bytes are base64", { bytes: "aGVsbG8=" }, { bytes: "aGVsbG8=" }),
    refused("[HT5] bytes that are no base64 are refused", { bytes: "*" }, "bytes"),
    put("[HT5] 1 and 0 are taken for true and false", { done: 1 }, { done: true }),
    put("[HT5] JSON is kept whole", { data: { a: [1, { b: null }] } }, { data: { a: [1, { b: null }] } }),
    {
      name: "[HT5] properties stand in schema order, whatever the order of the body",
      when: {
        to: "POST /api/kinds",
        raw: '{"random":"r","count":1,"title":"order"}',
        headers: { "content-type": "application/json" },
      },
      status: 201,
      has: [/^\{"id":.*"title":.*"color":.*"count":.*"ratio":.*"big":.*"done":.*"at":.*"random":/],
    },
    {
      name: "[HT5] computed fields stand after the columns",
      when: { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "order" } },
      status: 201,
      has: [/"deletedAt":null,"shout":"ORDER","broken":null\}$/],
    },
  ]);
});
