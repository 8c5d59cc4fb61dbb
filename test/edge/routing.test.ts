/** Paths, methods and what is not there. No object may be addressed for a path that leads nowhere. */

import { describe, expect, test } from "vitest";
import { client, ID, type Init } from "./client.ts";

describe("what leads to a table", () => {
  const rows: [name: string, path: string, init: Init, status: number][] = [
    ["[HT1] a table is served under its name", "/api/notes", { as: "alice" }, 200],
    ["[HT1] a trailing slash is ignored", "/api/notes/", { as: "alice" }, 200],
    ["[HT1] a trailing slash is ignored after an id too", `/api/notes/${ID}/`, { as: "alice" }, 200],
    ["[HT1] an unknown table is 404 for the anonymous", "/api/nothing", {}, 404],
    ["[HT1] an unknown table is 404 for the signed-in", "/api/nothing", { as: "alice" }, 404],
    [
      "[HT1] an unknown table is 404 even with a bad token",
      "/api/nothing",
      { headers: { authorization: "Bearer x" } },
      404,
    ],
    ["[HT1] a partitioned table is 404 without its partition", "/api/rooms", { as: "alice,room=a" }, 404],
    ["[HT1] an ordinary table is 404 with a partition", "/api/@a/notes", { as: "alice,room=a" }, 404],
    ["[HT1] a member enters the partition", "/api/@a/rooms", { as: "alice,room=a" }, 200],
    ["[HT1] one of several partitions is entered", "/api/@b/rooms", { as: "alice,room=a,room=b" }, 200],
    ["[HT1] another partition is 404", "/api/@b/rooms", { as: "alice,room=a" }, 404],
    ["[HT1] a partition is 404 for the anonymous, not 401", "/api/@a/rooms", {}, 404],
    ["[HT1] a malformed partition is 404 although claimed", "/api/@a.b/rooms", { as: "alice,room=a.b" }, 404],
    [
      "[HT1] an overlong partition is 404",
      `/api/@${"a".repeat(65)}/rooms`,
      { as: `alice,room=${"a".repeat(65)}` },
      404,
    ],
    ["[HT1] an id is percent-decoded once", "/api/slugs/a%2Eb", { as: "alice" }, 200],
    ["[HT1] an id is not decoded twice", "/api/slugs/a%252Eb", { as: "alice" }, 404],
    ["[HT1] a malformed escape names nothing", "/api/slugs/%zz", { as: "alice" }, 404],
    ["[HT6] a malformed id in a path is 404", "/api/notes/not-a-uuid", { as: "alice" }, 404],
    [
      "[HT6] an upper-case uuid is malformed",
      `/api/notes/${ID.toUpperCase().replace("018", "AB8")}`,
      { as: "alice" },
      404,
    ],
    ["[HT6] an integer id is read as one", "/api/numbers/12", { as: "alice" }, 200],
    ["[HT6] an integer id has no leading zero", "/api/numbers/012", { as: "alice" }, 404],
    ["[HT2] a reserved segment is not an id: search", "/api/slugs/search", { as: "alice" }, 404],
    ["[HT2] a reserved segment is not an id: rpc", "/api/slugs/rpc", { as: "alice" }, 404],
    [
      "[HT2] a reserved first segment is not served",
      "/api/transaction",
      { method: "POST", as: "alice", body: {} },
      404,
    ],
    [
      "[HT13] a create that is switched off is 405, since the path lists",
      "/api/slugs",
      { method: "POST", as: "alice", body: {} },
      405,
    ],
    ["[HT13] a delete that is switched off is 405", "/api/slugs/a", { method: "DELETE", as: "alice" }, 405],
    ["[HT50] restore is 404 without soft delete", `/api/strict/${ID}/restore`, { method: "POST", as: "alice" }, 404],
    ["[HT11] an unknown method is 405", "/api/notes", { method: "PUT", as: "alice" }, 405],
  ];
  test.each(rows)("%s", async (_name, path, init, status) => {
    const { send, calls } = client();
    const sent = await send(path, init);
    expect(sent.status, sent.text).toBe(status);
    if (status >= 400) expect(calls).toEqual([]);
  });

  test("[HT11] a 405 names the methods of the path in Allow", async () => {
    const { send } = client();
    expect((await send("/api/notes", { method: "DELETE" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
    expect((await send("/api/slugs/a", { method: "DELETE" })).headers.get("allow")).toBe(
      "GET, HEAD, OPTIONS, PATCH, PUT",
    );
  });

  test("[HT2] a static segment wins over an id and does not fall through to it", async () => {
    const { send, calls } = client();
    expect((await send("/api/slugs/count", { as: "alice" })).status).toBe(200);
    expect(calls[0]?.call.op).toBe("count");
    const patched = await send("/api/slugs/count", { method: "PATCH", as: "alice", body: {} });
    expect(patched.status).toBe(405);
    expect(patched.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  test("[HT11] HEAD works as GET without a body", async () => {
    const { send, calls } = client();
    const head = await send("/api/notes", { method: "HEAD", as: "alice" });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("etag")).not.toBeNull();
    expect(calls[0]?.call.op).toBe("list");
  });

  test("[R10] HEAD with totalCount carries the count in a header", async () => {
    const { send, calls } = client((call) => ({
      kind: "answer",
      status: 200,
      headers: call.op === "list" && call.totalCount ? { "x-total-count": "41" } : {},
      body: "{}",
      position: "aaaaaaaaaaaaaaaa:1",
    }));
    const head = await send("/api/notes?totalCount=true", { method: "HEAD", as: "alice" });
    expect(head.headers.get("x-total-count")).toBe("41");
    expect(calls).toHaveLength(1);
  });

  test("[HT11] OPTIONS answers without asking who it is", async () => {
    const { send, calls } = client();
    const options = await send("/api/notes", { method: "OPTIONS", headers: { authorization: "Bearer wrong" } });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
    expect(calls).toEqual([]);
  });

  test("[HT1] the object is addressed by app, group and partition", async () => {
    const { send, calls } = client();
    await send("/api/notes", { as: "alice" });
    await send("/api/@a/rooms", { as: "alice,room=a" });
    expect(calls.map(({ object, call }) => [object, call.object, call.partition])).toEqual([
      ["t/test/notes", "t/test/notes", null],
      ["t/test/rooms/a", "t/test/rooms/a", "a"],
    ]);
  });
});

describe("system paths", () => {
  test("[HT3] a problem's text is served to anyone", async () => {
    const { send } = client();
    const page = await send("/_/problems/precondition-failed");
    expect(page.status).toBe(200);
    expect(page.text).toContain("PRECONDITION_FAILED");
    expect((await send("/_/problems/no-such")).status).toBe(404);
    expect((await send("/_/problems/constructor")).status).toBe(404);
  });

  test("[HT3] the schema needs an administrator outside development", async () => {
    const { send } = client(undefined, { vars: { LEDGE_ENV: "production" } });
    expect((await send("/_/schema")).status).toBe(401);
    expect((await client().send("/_/schema")).json.tables).toContainEqual(
      expect.objectContaining({ name: "rooms", partitionBy: "room", group: "rooms", idKind: "uuid", primaryKey: "id" }),
    );
  });

  test("[OB1] healthz answers, readyz names what fails, and in production only that", async () => {
    expect((await client().send("/healthz")).json).toEqual({ status: "ok" });
    expect((await client().send("/readyz")).json).toEqual({
      status: "ready",
      checks: { secret: { status: "ok" }, tables: { status: "ok" } },
    });
    const bare = await client(undefined, { vars: { LEDGE_ENV: "production", LEDGE_SECRET: "" } }).send("/readyz");
    expect([bare.status, bare.json]).toEqual([
      503,
      { status: "unready", checks: { secret: { status: "failed" }, tables: { status: "ok" } } },
    ]);
    const weak = await client(undefined, { vars: { LEDGE_SECRET: "short" } }).send("/readyz");
    expect(weak.text).toContain("npx wrangler secret put LEDGE_SECRET");
  });
});
