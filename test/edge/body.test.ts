/** Bodies: type, size, encoding, form; and what of them reaches the object. */

import { describe, expect, test } from "vitest";
import { client, ID, intentOf } from "./client.ts";

const post = { method: "POST", as: "alice" } as const;
const json = { "content-type": "application/json" };
const KEY = "x".repeat(10);

describe("reading a body", () => {
  const rows: [string, BodyInit | undefined, Record<string, string>, number, Record<string, unknown>][] = [
    [
      "[HT4] another type is 415",
      "title=x",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      { code: "UNSUPPORTED_MEDIA_TYPE", supported: ["application/json"] },
    ],
    ["[HT4] text is 415", "{}", { "content-type": "text/plain" }, 415, {}],
    ["[HT4] a type that only begins like JSON is 415", "{}", { "content-type": "application/jsonp" }, 415, {}],
    ["[HT4] a missing body is malformed", undefined, {}, 400, { code: "MALFORMED_BODY" }],
    ["[HT4] an empty body is malformed", "", json, 400, { code: "MALFORMED_BODY" }],
    ["[HT4] broken JSON is malformed, with the position", '{"title": }', json, 400, { code: "MALFORMED_BODY" }],
    ["[HT4] cut JSON is malformed where it ends", '{"title": "', json, 400, { code: "MALFORMED_BODY" }],
    [
      "[HT4] bytes that are not UTF-8 are malformed",
      new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      json,
      400,
      { detail: "The body is not UTF-8" },
    ],
    [
      "[HT20] a body of another outer form is a validation error on the body",
      "[]",
      json,
      400,
      { errors: [{ field: "", message: "must be an object", code: "type" }] },
    ],
    ["[HT20] null is no object", "null", json, 400, { code: "VALIDATION_ERROR" }],
    [
      "[HT4] a +json type is JSON",
      '{"title":"x"}',
      { "content-type": "application/merge-patch+json; charset=utf-8" },
      200,
      {},
    ],
  ];
  test.each(rows)("%s", async (_name, raw, headers, status, expected) => {
    const { send, calls } = client();
    const sent = await send("/api/notes", { ...post, headers, ...(raw === undefined ? {} : { raw }) });
    expect(sent.status, sent.text).toBe(status);
    expect(sent.json).toMatchObject(expected);
    expect(calls).toHaveLength(status === 200 ? 1 : 0);
  });

  test("[HT4] a problem with a body never quotes it", async () => {
    const sent = await client().send("/api/notes", { ...post, headers: json, raw: '{"password": hunter2}' });
    expect(sent.text).not.toContain("hunter2");
  });

  test("[HT4] a body above 1 MB is 413 by its declared length, before it is read", async () => {
    const sent = await client().send("/api/notes", {
      ...post,
      headers: { ...json, "content-length": "1048577" },
      raw: "{}",
    });
    expect([sent.status, sent.json.limit, sent.json.actual]).toEqual([413, 1_048_576, 1_048_577]);
  });

  test("[HT4] a body above 1 MB is 413 while it streams, whatever its length says", async () => {
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536).fill(32));
        if (pulled > 1000) controller.close();
      },
    });
    const sent = await client().send("/api/notes", {
      ...post,
      headers: { ...json, "content-length": "2" },
      raw: stream,
    });
    expect(sent.status).toBe(413);
    expect(pulled).toBeLessThan(30);
  });

  test("[HT4] a row above 512 KB is 413, counted in UTF-8", async () => {
    const { send, calls } = client();
    const sent = await send("/api/notes", { ...post, body: { title: "x", body: "é".repeat(270_000) } });
    expect([sent.status, sent.json.limit]).toEqual([413, 524_288]);
    expect((await send("/api/notes", { ...post, body: { title: "x", body: "e".repeat(270_000) } })).status).toBe(200);
    expect(calls).toHaveLength(1);
  });

  test("[HT4] a body nested beyond all measure is malformed, not a defect", async () => {
    const deep = `{"title":"x","data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const headers = { ...json, "idempotency-key": KEY };
    const sent = await client().send("/api/notes", { ...post, headers, raw: deep });
    expect([sent.status, sent.json.code]).toEqual([400, "MALFORMED_BODY"]);
  });

  test("[HT4] a body that breaks off is malformed", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"title":'));
        controller.error(new Error("gone"));
      },
    });
    const sent = await client().send("/api/notes", { ...post, headers: json, raw: stream });
    expect([sent.status, sent.json.code]).toEqual([400, "MALFORMED_BODY"]);
  });

  test("[HT4] members that pollute prototypes are ordinary unknown members", async () => {
    const { send, calls } = client();
    const raw =
      '{"title":"x","__proto__":{"rank":9},"constructor":{"prototype":{"rank":9}},"data":{"__proto__":{"a":1}}}';
    expect((await send("/api/notes", { ...post, headers: json, raw })).status).toBe(200);
    const call = calls[0]?.call;
    const input = call?.op === "write" && call.intent.op === "create" ? call.intent.input : {};
    expect(Object.keys(input)).toEqual(["title", "data"]);
    expect(({} as Record<string, unknown>).rank).toBeUndefined();
    expect(JSON.stringify(input)).toContain('"__proto__":{"a":1}');
  });

  test("[HT4] of a member given twice the last one counts", async () => {
    const { send, calls } = client();
    await send("/api/notes", { ...post, headers: json, raw: '{"title":"a","title":"b"}' });
    expect(calls[0]?.call).toMatchObject({ intent: { input: { title: "b" } } });
  });
});

describe("what may be written", () => {
  test("[HT21] input outside the writable columns is dropped silently", async () => {
    const { send, calls } = client();
    await send("/api/notes", {
      ...post,
      body: { title: "x", stamp: "s", version: 9, removedAt: 5, nonsense: 1, secret: "kept" },
    });
    expect(calls[0]?.call).toMatchObject({ intent: { input: { title: "x", secret: "kept" } }, invalid: [] });
    expect(Object.keys(intentOf(calls).input as object)).toEqual(["title", "secret"]);
  });

  test("[HT21] [VA6] with strictInput it is 400 listing the names; the id is exempt", async () => {
    const { send, calls } = client();
    const sent = await send("/api/strict", {
      ...post,
      body: { id: ID, name: "x", extra: "y", hidden: 1, nonsense: 2 },
    });
    expect(sent.status).toBe(400);
    expect(sent.json.errors).toMatchObject([{ field: "hidden" }, { field: "nonsense" }]);
    expect(calls).toEqual([]);
  });

  test("[HT22] all errors come at once, with fields and codes", async () => {
    const { send } = client();
    const sent = await send("/api/notes", {
      ...post,
      body: { rank: "7", body: 5, title: "much too long a title", id: "nope" },
    });
    expect(sent.status).toBe(400);
    const errors = sent.json.errors as { field: string; code: string }[];
    expect(errors.map(({ field, code }) => `${field}:${code}`).sort()).toEqual([
      "body:type",
      "id:id",
      "rank:type",
      "title:length",
    ]);
  });

  test("[HT22] a missing required column is named; null for it is one error, not two", async () => {
    const { send } = client();
    expect((await send("/api/notes", { ...post, body: {} })).json.errors).toEqual([
      { field: "title", message: "is required", code: "required" },
    ]);
    expect((await send("/api/notes", { ...post, body: { title: null } })).json.errors).toHaveLength(1);
  });

  test("[F3] a column flagged required must be given although the table allows NULL", async () => {
    const { send } = client();
    expect((await send("/api/strict", { ...post, body: { name: "x" } })).json.errors).toMatchObject([
      { field: "extra", code: "required" },
    ]);
    expect((await send("/api/strict", { ...post, body: { name: "x", extra: null } })).json.errors).toMatchObject([
      { field: "extra" },
    ]);
  });

  test("[HT6] the Worker makes a UUIDv7 when none is given", async () => {
    const { send, calls } = client();
    await send("/api/notes", { ...post, body: { title: "x" } });
    expect(intentOf(calls).id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test.each([
    ["[HT6] a uuid of another version is 400", "/api/notes", { id: ID.replace("-7", "-4"), title: "x" }],
    ["[HT6] an id that is no text is 400", "/api/notes", { id: 7, title: "x" }],
    ["[HT6] a null id is 400", "/api/notes", { id: null, title: "x" }],
    ["[HT6] an integer id may not be given", "/api/numbers", { id: 7 }],
  ])("%s", async (_name, path, body) => {
    const { send, calls } = client();
    const sent = await send(path, { ...post, body });
    expect([sent.status, calls.length]).toEqual([400, 0]);
    expect(sent.json.errors).toMatchObject([{ field: "id" }]);
  });

  test("[HT6] an integer id is left to the object", async () => {
    const { send, calls } = client();
    await send("/api/numbers", { ...post, body: { name: "x" } });
    expect(calls[0]?.call).toMatchObject({ intent: { op: "create", id: null } });
  });

  test("[HT1] the partition is filled by the server: the same value passes, another is 400", async () => {
    const { send, calls } = client();
    const as = "alice,room=a";
    expect((await send("/api/@a/rooms", { ...post, as, body: { text: "x", room: "a" } })).status).toBe(200);
    expect(intentOf(calls).input).toEqual({ text: "x" });
    expect((await send("/api/@a/rooms", { ...post, as, body: { text: "x", room: "b" } })).json.errors).toMatchObject([
      { field: "room" },
    ]);
  });

  test("[HT20] what validation finds in a patch is left to the object, which answers 404, 403 and 412 first", async () => {
    const { send, calls } = client();
    await send(`/api/notes/${ID}`, { method: "PATCH", as: "alice", body: { rank: "x" } });
    expect(calls[0]?.call).toMatchObject({ op: "write", invalid: [{ field: "rank", code: "type" }] });
  });

  test("[HT25] a PUT whose body names another id is invalid; its own id is no change", async () => {
    const { send, calls } = client();
    const other = ID.replace(/1$/, "2");
    await send(`/api/notes/${ID}`, { method: "PUT", as: "alice", body: { id: other, title: "x" } });
    await send(`/api/notes/${ID}`, { method: "PUT", as: "alice", body: { id: ID, title: "x" } });
    expect(calls.map(({ call }) => (call.op === "write" ? call.invalid.length : -1))).toEqual([1, 0]);
  });

  test("[HT5] times may be given in milliseconds and reach the object in their JSON form", async () => {
    const { send, calls } = client();
    await send(`/api/notes`, { ...post, body: { title: "x", data: null, rank: 2 } });
    expect(intentOf(calls).input).toEqual({ title: "x", data: null, rank: 2 });
  });

  test("[HT41] a create with a key leaves even its errors to the object, which may hold the reply", async () => {
    const { send, calls } = client();
    await send("/api/notes", { ...post, body: {}, headers: { "idempotency-key": KEY } });
    expect(calls[0]?.call).toMatchObject({ invalid: [{ field: "title" }], idempotency: { key: `u:alice|${KEY}` } });
  });
});
