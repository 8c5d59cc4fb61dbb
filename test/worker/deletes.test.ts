/** DELETE and soft delete ([HT26] [HT49] [R6] [R15]): who may, and what is hidden afterwards, on every way. */

import { describe, expect } from "vitest";
import { inspect, type Scenario, type Step, scenarios } from "../support/scenario.ts";

const kind: Step = { to: "POST /api/kinds", body: { title: "gone" }, as: "k" };
const hers: Step = { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "hers soft" }, as: "a" };
const removed: Step[] = [hers, { user: "alice", to: "DELETE /api/articles/{a.id}" }];

describe("DELETE", () => {
  scenarios([
    {
      name: "[R6] [HT49] a row is removed where there is no soft delete",
      given: [kind],
      when: { to: "DELETE /api/kinds/{k.id}" },
      status: 204,
      headers: { etag: null, "content-type": null },
      seq: 1,
      then: async ({ kept, text }) => {
        expect(text).toBe("");
        expect(await inspect("t/test/kinds", `SELECT 1 FROM kinds WHERE id = '${kept.k?.id}'`)).toEqual([]);
      },
    },
    {
      name: "[R6] a second DELETE is 404",
      given: [kind, { to: "DELETE /api/kinds/{k.id}" }],
      when: { to: "DELETE /api/kinds/{k.id}" },
      status: 404,
      json: { code: "NOT_FOUND" },
      seq: 0,
    },
    {
      name: "[HT26] DELETE of a row that cannot be read is 404",
      given: [hers],
      when: { user: "bob", to: "DELETE /api/articles/{a.id}" },
      status: 404,
      hasNot: ["hers soft"],
      seq: 0,
    },
    {
      name: "[HT26] DELETE of a row that can be read but not deleted is 403",
      given: [{ ...hers, body: { ownerId: "alice", title: "o", published: true } }],
      when: { user: "bob", to: "DELETE /api/articles/{a.id}", headers: { "if-match": '"stale"' } },
      status: 403,
      json: { operation: "delete" },
      hasNot: ["currentETag"],
      seq: 0,
    },
    {
      name: "[HT49] hard=true without soft delete is 400",
      given: [{ user: "carol", to: "POST /api/ledgers", body: { state: "s" }, as: "l" }],
      when: { user: "carol", to: "DELETE /api/ledgers/{l.id}?hard=true" },
      status: 400,
      json: { errors: [{ field: "hard" }] },
      seq: 0,
    },
    {
      name: "[HT49] hard=true is an operation of its own, not opened by delete",
      given: [kind],
      when: { to: "DELETE /api/kinds/{k.id}?hard=true" },
      status: 401,
      seq: 0,
    },
    {
      name: "[HT20] a body on DELETE is not looked at",
      given: [kind],
      when: { to: "DELETE /api/kinds/{k.id}", raw: "{", headers: { "content-type": "application/json" } },
      status: 204,
      seq: 1,
    },
  ]);
});

describe("soft delete", () => {
  const absent = (name: string, when: Step, status = 404): Scenario => ({
    name,
    given: removed,
    when: { user: "alice", ...when },
    status,
    json: { code: "NOT_FOUND" },
    hasNot: ["hers soft"],
    seq: 0,
  });
  scenarios([
    {
      name: "[HT49] [R15] DELETE sets the marker and keeps the row",
      given: [hers],
      when: { user: "alice", to: "DELETE /api/articles/{a.id}" },
      status: 204,
      seq: 1,
      then: async ({ kept }) => {
        const [row] = await inspect(
          "t/test/articles",
          `SELECT deleted_at, version FROM articles WHERE id = '${kept.a?.id}'`,
        );
        expect(Number(row?.deleted_at)).toBeGreaterThan(Date.now() - 60_000);
        expect(row?.version).toBe(2);
      },
    },
    absent("[HT49] a soft-deleted row is 404 on GET", { to: "GET /api/articles/{a.id}" }),
    absent("[HT49] a second DELETE is 404", { to: "DELETE /api/articles/{a.id}" }),
    absent("[HT49] [HT36] PATCH on a soft-deleted row is 404", {
      to: "PATCH /api/articles/{a.id}",
      body: { title: "x" },
    }),
    absent("[HT36] If-Match on a soft-deleted row is 404, not 412", {
      to: "PATCH /api/articles/{a.id}",
      body: { title: "x" },
      headers: { "if-match": "*" },
    }),
    absent("[HT49] a soft-deleted row cannot be revived by PATCH of its marker", {
      to: "PATCH /api/articles/{a.id}",
      body: { deletedAt: null },
    }),
    {
      name: "[HT49] a soft-deleted row is not in a list nor in its total",
      given: removed,
      when: { user: "alice", to: 'GET /api/articles?filter=id=="{a.id}"&totalCount=true' },
      status: 200,
      json: { items: [], totalCount: 0 },
    },
    {
      name: "[HT49] a soft-deleted row is not counted",
      given: removed,
      when: { user: "alice", to: 'GET /api/articles/count?filter=id=="{a.id}"' },
      status: 200,
      json: { count: 0 },
    },
    {
      name: "[HT50] PATCH cannot write the marker",
      given: [hers],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { deletedAt: 5 } },
      status: 200,
      json: { deletedAt: null },
      seq: 0,
    },
    {
      name: "[HT49] POST cannot write the marker",
      when: { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "t", deletedAt: 5 } },
      status: 201,
      json: { deletedAt: null },
      seq: 1,
    },
    {
      name: "[HT49] withDeleted shows it to those whose readDeleted scope holds",
      given: removed,
      when: { user: "alice", to: "GET /api/articles/{a.id}?withDeleted=true" },
      status: 200,
      json: { id: "{a.id}", title: "hers soft" },
      has: [/"deletedAt":"20/],
    },
    {
      name: "[HT49] withDeleted lists it",
      given: removed,
      when: { user: "alice", to: 'GET /api/articles?withDeleted=true&filter=id=="{a.id}"&totalCount=true' },
      status: 200,
      json: { totalCount: 1 },
      has: ["hers soft"],
    },
    {
      name: "[HT49] withDeleted shows nobody else's",
      given: removed,
      when: { user: "bob", to: "GET /api/articles/{a.id}?withDeleted=true" },
      status: 404,
      hasNot: ["hers soft"],
    },
    {
      name: "[HT49] withDeleted lists nobody else's",
      given: [
        { ...hers, body: { ownerId: "alice", title: "hers soft", published: true } },
        { user: "alice", to: "DELETE /api/articles/{a.id}" },
      ],
      when: { user: "bob", to: "GET /api/articles?withDeleted=true&limit=100" },
      status: 200,
      hasNot: ["hers soft"],
    },
    {
      name: "[HT49] withDeleted is 401 for an anonymous caller without a rule for it",
      given: removed,
      when: { to: "GET /api/articles?withDeleted=true" },
      status: 401,
      hasNot: ["hers soft"],
    },
    {
      name: "[HT49] withDeleted on a table without soft delete is 400",
      when: { to: "GET /api/kinds?withDeleted=true" },
      status: 400,
      json: { errors: [{ field: "withDeleted" }] },
    },
    {
      name: "[HT49] a unique value of a soft-deleted row stays taken",
      given: [{ to: "POST /api/archived", body: { name: "n1" }, as: "r" }, { to: "DELETE /api/archived/{r.id}" }],
      when: { to: "POST /api/archived", body: { name: "n1" } },
      status: 409,
      json: { reason: "unique", fields: ["name"] },
      seq: 0,
    },
    {
      name: "[HT49] the marker may have a value of its own",
      given: [{ to: "POST /api/archived", body: { name: "n2" }, as: "r" }, { to: "DELETE /api/archived/{r.id}" }],
      when: { to: "GET /api/archived/{r.id}?withDeleted=true" },
      status: 200,
      json: { state: "gone" },
    },
  ]);
});
