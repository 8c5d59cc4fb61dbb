/** Reads ([HT14] [HT15] [HT17] [R1] [R2] [R7] [R8] [R11]): scope, one instant, projection, counts, parameters. */

import { describe, expect, it } from "vitest";
import { loggedWhile, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const article = (user: string, title: string, more: object = {}, as = "a"): Step => ({
  user,
  to: "POST /api/articles",
  body: { ownerId: user, title, ...more },
  as,
});
const alices = [article("alice", "alice private", { body: "alice text", secret: "alice secret" })];

describe("a row outside the scope does not exist", () => {
  const unseen = (name: string, when: Step): Scenario => ({
    name,
    given: alices,
    when,
    status: 404,
    json: { code: "NOT_FOUND" },
    hasNot: ["alice private", "alice text", "alice secret", "ownerId"],
    headers: { etag: null },
    seq: 0,
  });
  scenarios([
    unseen("[HT14] a row outside the read scope is 404 for another user", {
      user: "bob",
      to: "GET /api/articles/{a.id}",
    }),
    unseen("[HT14] a row outside the public scope is 404 for an anonymous caller", { to: "GET /api/articles/{a.id}" }),
    {
      ...unseen("[HT14] a row outside the read scope is 404 on HEAD", { user: "bob", to: "HEAD /api/articles/{a.id}" }),
      json: {},
    },
    unseen("[HT14] a tag does not show that an unseen row is there", {
      user: "bob",
      to: "GET /api/articles/{a.id}",
      headers: { "if-none-match": "{a.etag}" },
    }),
    unseen("[HT14] a condition on an unseen row is 404, not 412", {
      user: "bob",
      to: "GET /api/articles/{a.id}",
      headers: { "if-match": '"x"' },
    }),
    {
      name: "[HT14] an unseen row and an absent one answer alike",
      given: alices,
      when: { user: "bob", to: "GET /api/articles/{a.id}" },
      status: 404,
      then: async ({ body, kept }) => {
        const absent = await send({ user: "bob", to: "GET /api/articles/0198c0de-0000-7000-8000-00000000dead" });
        const blank = (value: unknown) =>
          JSON.stringify(value)
            .replaceAll(String(kept.a?.id), "ID")
            .replaceAll("0198c0de-0000-7000-8000-00000000dead", "ID");
        expect(blank({ ...body, requestId: 0 })).toBe(blank({ ...absent.body, requestId: 0 }));
      },
    },
    {
      name: "[HT14] [Z2] the owner reads the row",
      given: alices,
      when: { user: "alice", to: "GET /api/articles/{a.id}" },
      status: 200,
      json: { title: "alice private" },
      hasNot: ["alice secret"],
    },
    {
      name: "[HT14] [Z1] a list holds only rows of the scope",
      given: [...alices, article("bob", "bob private"), article("alice", "alice open", { published: true })],
      when: { user: "bob", to: "GET /api/articles?limit=100" },
      status: 200,
      has: ["bob private", "alice open"],
      hasNot: ["alice private", "alice secret"],
    },
    {
      name: "[HT14] [Z3] an anonymous caller sees what is public and no more",
      given: [...alices, article("alice", "alice open 2", { published: true })],
      when: { to: "GET /api/articles?limit=100" },
      status: 200,
      has: ["alice open 2"],
      hasNot: ["alice private", "bob private"],
    },
    {
      name: "[HT14] a filter cannot reach past the scope",
      given: alices,
      when: { user: "bob", to: 'GET /api/articles?filter=title=="alice private",id=="{a.id}"' },
      status: 200,
      json: { items: [], hasMore: false },
    },
    {
      name: "[HT14] a count counts the rows of the scope only",
      given: alices,
      when: { user: "nobody", to: 'GET /api/articles/count?filter=title=="alice private"' },
      status: 200,
      json: { count: 0 },
    },
    {
      name: "[HT14] totalCount counts the rows of the scope only",
      given: alices,
      when: { user: "nobody", to: 'GET /api/articles?totalCount=true&filter=title=="alice private"' },
      status: 200,
      json: { totalCount: 0, items: [] },
      headers: { "x-total-count": "0" },
    },
  ]);
});

describe("lists and counts", () => {
  const given: Step[] = [0, 1, 2].map((rank) => ({ to: "POST /api/items_alone", body: { name: "page", rank } }));
  scenarios([
    {
      name: "[R1] [HT15] [PG7] a page, its total and its seq are of one read",
      given,
      when: { to: 'GET /api/items_alone?filter=name=="page"&orderBy=-rank&limit=2&totalCount=true' },
      status: 200,
      json: { hasMore: true, totalCount: 3 },
      has: [/"rank":2.*"rank":1/],
      hasNot: [/"rank":0/],
      headers: { "x-total-count": "3" },
    },
    {
      name: "[R7] a count under a filter",
      when: { to: 'GET /api/items_alone/count?filter=name=="page";rank>0' },
      status: 200,
      json: { count: 2, seq: expect.any(Number) },
    },
    {
      name: "[R8] existence: counting stops at the limit",
      when: { to: "GET /api/items_alone/count?limit=1" },
      status: 200,
      json: { count: 1 },
    },
    {
      name: "[R8] a count limit of 0 is 400",
      when: { to: "GET /api/items_alone/count?limit=0" },
      status: 400,
      json: { errors: [{ field: "limit" }] },
    },
    {
      name: "[R1] an unknown parameter is 400",
      when: { to: "GET /api/items_alone?fliter=x" },
      status: 400,
      json: { code: "VALIDATION_ERROR", errors: [{ field: "fliter" }] },
    },
    {
      name: "[HT15] consistency=committed is taken everywhere",
      when: { to: "GET /api/items_alone?consistency=committed" },
      status: 200,
    },
    {
      name: "[HT15] another consistency is 400",
      when: { to: "GET /api/items_alone?consistency=eventual" },
      status: 400,
      json: { errors: [{ field: "consistency" }] },
    },
    {
      name: "[R11] select shows what it names and the key",
      given: [{ to: "POST /api/kinds", body: { title: "sel" }, as: "k" }],
      when: { to: "GET /api/kinds/{k.id}?select=title" },
      status: 200,
      then: ({ body, kept }) => void expect(body).toEqual({ id: kept.k?.id, title: "sel" }),
    },
    {
      name: "[R11] select shows a tag on request",
      given: [{ to: "POST /api/kinds", body: { title: "sel" }, as: "k" }],
      when: { to: "GET /api/kinds/{k.id}?select=_etag" },
      status: 200,
      then: ({ body, kept }) => void expect(`"${String(body._etag)}"`).toBe(kept.k?.etag),
    },
    {
      name: "[R11] select of an unknown field is 400",
      when: { to: "GET /api/kinds?select=nope" },
      status: 400,
      json: { errors: [{ field: "select" }] },
    },
  ]);

  it("[HT15] a page under concurrent writes is of one instant: its total is that of its seq", async () => {
    const writes = Promise.all(
      Array.from({ length: 20 }, (_, rank) => send({ to: "POST /api/items_grouped", body: { name: "instant", rank } })),
    );
    const reads = await Promise.all(
      Array.from({ length: 10 }, () =>
        send({ to: 'GET /api/items_grouped?filter=name=="instant"&limit=100&totalCount=true' }),
      ),
    );
    await writes;
    for (const { body } of reads) {
      expect(body.totalCount).toBe((body.items as unknown[]).length);
      expect(body.totalCount).toBe(body.seq);
    }
  });
});

describe("computed fields", () => {
  scenarios([
    {
      name: "[HT17] [F6] a computed field is a function of the full row",
      given: alices,
      when: { user: "alice", to: "GET /api/articles/{a.id}?select=shout" },
      status: 200,
      then: ({ body, kept }) => void expect(body).toEqual({ id: kept.a?.id, shout: "ALICE PRIVATE" }),
    },
    {
      name: "[HT17] a computed field is never stored nor written",
      given: alices,
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { shout: "mine" } },
      status: 200,
      json: { shout: "ALICE PRIVATE" },
      seq: 0,
    },
    {
      name: "[HT17] a computed field that throws is null, and its message stays inside",
      given: alices,
      when: { user: "alice", to: "GET /api/articles/{a.id}" },
      status: 200,
      json: { broken: null, shout: "ALICE PRIVATE" },
      hasNot: ["computed secret message"],
    },
    {
      name: "[HT17] a computed field cannot be filtered by",
      when: { user: "alice", to: 'GET /api/articles?filter=shout=="X"' },
      status: 400,
      json: { code: "FILTER_PARSE_ERROR" },
    },
  ]);

  it("[HT17] a computed field that throws leaves a log line that names it", async () => {
    const made = await send(article("alice", "logged"));
    const lines = await loggedWhile(() => send({ user: "alice", to: `GET /api/articles/${made.body.id}` }));
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "warn", message: "a computed field threw", table: "articles", field: "broken" }),
    );
  });
});
