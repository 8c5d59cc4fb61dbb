/** Tables that want a condition on every change ([HT38]), and the tags of lists and counts ([HT34] [E6]). */

import { describe, expect, it } from "vitest";
import { type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const ABSENT = "0198c0de-0000-7000-8000-000000000000";
const kind: Step = { to: "POST /api/kinds", body: { title: "tag", count: 1 }, as: "k" };

describe("required conditions", () => {
  const row: Step = { to: "POST /api/strict", body: { name: "n" }, as: "s" };
  const required = (name: string, when: Step): Scenario => ({
    name,
    given: [row],
    when,
    status: 428,
    json: { code: "PRECONDITION_REQUIRED", header: "If-Match" },
    hasNot: ["currentETag"],
    seq: 0,
  });
  scenarios([
    required("[HT38] PATCH without If-Match is 428", { to: "PATCH /api/strict/{s.id}", body: { name: "m" } }),
    required("[HT38] PUT without If-Match is 428", { to: "PUT /api/strict/{s.id}", body: { name: "m" } }),
    required("[HT38] DELETE without If-Match is 428", { to: "DELETE /api/strict/{s.id}" }),
    required("[HT38] PUT of a new row without a condition is 428", {
      to: "PUT /api/strict/0198c0de-4444-7abc-8def-000000000001",
      body: { name: "m" },
    }),
    {
      name: "[HT38] PUT of a new row with If-None-Match: * creates it",
      when: {
        to: "PUT /api/strict/0198c0de-4444-7abc-8def-000000000002",
        body: { name: "m" },
        headers: { "if-none-match": "*" },
      },
      status: 201,
      seq: 1,
    },
    {
      name: "[HT38] with the tag the write goes through",
      given: [row],
      when: { to: "PATCH /api/strict/{s.id}", body: { name: "m" }, headers: { "if-match": "{s.etag}" } },
      status: 200,
      seq: 1,
    },
    { name: "[HT38] a create needs no condition", when: row, status: 201, seq: 1 },
    {
      name: "[HT38] an absent row is 404 before 428",
      when: { to: `PATCH /api/strict/${ABSENT}`, body: { name: "m" } },
      status: 404,
      seq: 0,
    },
  ]);
});

describe("collection tags", () => {
  it("[HT34] a list's tag holds until a commit, and is its query's and its scope's own", async () => {
    const list = (user: string | undefined, to: string, headers: Record<string, string> = {}) =>
      send({ ...(user === undefined ? {} : { user }), to, headers });
    const first = await list("alice", "GET /api/articles?limit=5");
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[a-z2-7]{16}:\d+:[0-9a-f]{8}"$/);
    const again = await list("alice", "GET /api/articles?limit=5", { "if-none-match": tag });
    expect([again.status, again.text]).toEqual([304, ""]);
    const others = await Promise.all([
      list("bob", "GET /api/articles?limit=5"),
      list(undefined, "GET /api/articles?limit=5"),
      list("alice", "GET /api/articles?limit=6"),
      list("alice", "GET /api/articles?limit=5&select=title"),
      list("alice", "GET /api/articles/count"),
    ]);
    const tags = others.map(({ headers }) => headers.get("etag"));
    expect(new Set([tag, ...tags]).size).toBe(6);
    expect((await list("bob", "GET /api/articles?limit=5", { "if-none-match": tag })).status).toBe(200);
    await send({ user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "moves" } });
    const moved = await list("alice", "GET /api/articles?limit=5", { "if-none-match": tag });
    expect(moved.status).toBe(200);
    expect(moved.text).toContain("moves");
  });

  it("[HT34] [HT35] If-Match on a list or a count that has moved is 412", async () => {
    const count = await send({ to: "GET /api/kinds/count" });
    const tag = count.headers.get("etag") ?? "";
    expect((await send({ to: "GET /api/kinds/count", headers: { "if-match": tag } })).status).toBe(200);
    expect((await send({ to: "GET /api/kinds/count", headers: { "if-match": `W/${tag}` } })).status).toBe(412);
    await send(kind);
    expect((await send({ to: "GET /api/kinds/count", headers: { "if-match": tag } })).status).toBe(412);
  });
});
