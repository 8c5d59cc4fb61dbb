/** PUT ([HT25] [HT26] [HT36] [M6]): the whole row, or a new one; what is kept, what takes its default, who may. */

import { describe, expect, it } from "vitest";
import { type Step, scenarios, send } from "../support/scenario.ts";

const FRESH = (n: number) => `0198c0de-3333-7abc-8def-${String(n).padStart(12, "0")}`;
const kind: Step = {
  to: "POST /api/kinds",
  body: { title: "whole", color: "red", count: 3, ratio: 1.5, made: "mine", random: "mine" },
  as: "k",
};
const hers: Step = {
  user: "alice",
  to: "POST /api/articles",
  body: { ownerId: "alice", title: "hers", body: "her text", secret: "s" },
  as: "a",
};
const open: Step = { ...hers, body: { ownerId: "alice", title: "open", body: "open text", published: true } };

describe("PUT on a row", () => {
  scenarios([
    {
      name: "[HT25] [R5] columns not given take their default or NULL",
      given: [kind],
      when: { to: "PUT /api/kinds/{k.id}", body: { title: "put" } },
      status: 200,
      json: { id: "{k.id}", title: "put", color: null, ratio: null, count: 7, made: "db-made", random: "fixed" },
      headers: { location: null },
      seq: 1,
    },
    {
      name: "[HT25] a required column missing is 400",
      given: [kind],
      when: { to: "PUT /api/kinds/{k.id}", body: { count: 1 } },
      status: 400,
      json: { errors: [{ field: "title", code: "required" }] },
      seq: 0,
    },
    {
      name: "[HT25] columns that may not be written keep their value",
      given: [hers],
      when: { user: "alice", to: "PUT /api/articles/{a.id}", body: { ownerId: "alice", title: "put", score: 9 } },
      status: 200,
      json: { score: 0, body: null, deletedAt: null },
      seq: 1,
    },
    {
      name: "[HT25] a body id that differs from the path is 400",
      given: [kind],
      when: { to: "PUT /api/kinds/{k.id}", body: { id: FRESH(1), title: "put" } },
      status: 400,
      json: { errors: [{ field: "id" }] },
      seq: 0,
    },
    {
      name: "[HT25] a body id equal to the path is taken",
      given: [kind],
      when: { to: "PUT /api/kinds/{k.id}", body: { id: "{k.id}", title: "put" } },
      status: 200,
      json: { id: "{k.id}" },
      seq: 1,
    },
    {
      name: "[HT25] the same row put again makes no commit",
      given: [{ to: `PUT /api/kinds/${FRESH(2)}`, body: { title: "same" }, as: "k" }],
      when: { to: `PUT /api/kinds/${FRESH(2)}`, body: { title: "same" } },
      status: 200,
      headers: { etag: "{k.etag}" },
      seq: 0,
    },
  ]);
});

describe("PUT on an absent row", () => {
  scenarios([
    {
      name: "[HT25] [M6] an absent row is created when the caller may",
      when: { to: `PUT /api/kinds/${FRESH(3)}`, body: { title: "new" } },
      status: 201,
      json: { id: FRESH(3), title: "new", count: 7 },
      headers: { location: `/api/kinds/${FRESH(3)}`, etag: /^"/ },
      seq: 1,
    },
    {
      name: "[HT25] PUT where neither creating nor updating is allowed is 403",
      when: { user: "alice", to: `PUT /api/denied/${FRESH(4)}`, body: { name: "new" } },
      status: 403,
      seq: 0,
    },
    {
      name: "[HT25] a created row outside the create scope is 403",
      when: { user: "bob", to: `PUT /api/articles/${FRESH(5)}`, body: { ownerId: "alice", title: "new" } },
      status: 403,
      json: { operation: "create" },
      seq: 0,
    },
    {
      name: "[HT25] a required column missing on a create by PUT is 400",
      when: { to: `PUT /api/kinds/${FRESH(6)}`, body: {} },
      status: 400,
      json: { errors: [{ field: "title" }] },
      seq: 0,
    },
    {
      name: "[HT36] any If-Match on an absent row is 412, * too",
      when: { to: `PUT /api/kinds/${FRESH(7)}`, body: { title: "new" }, headers: { "if-match": "*" } },
      status: 412,
      json: { code: "PRECONDITION_FAILED" },
      hasNot: ["currentETag"],
      seq: 0,
    },
    {
      name: "[HT36] a tag in If-Match on an absent row is 412",
      when: { to: `PUT /api/kinds/${FRESH(7)}`, body: { title: "new" }, headers: { "if-match": '"x"' } },
      status: 412,
      seq: 0,
    },
    {
      name: "[HT36] If-None-Match: * with PUT creates",
      when: { to: `PUT /api/kinds/${FRESH(8)}`, body: { title: "new" }, headers: { "if-none-match": "*" } },
      status: 201,
      seq: 1,
    },
    {
      name: "[HT36] If-None-Match: * with PUT on a row that is there is 412",
      when: { to: `PUT /api/kinds/${FRESH(8)}`, body: { title: "other" }, headers: { "if-none-match": "*" } },
      status: 412,
      json: { code: "PRECONDITION_FAILED" },
      has: ["currentETag"],
      seq: 0,
    },
  ]);
});

describe("PUT and scopes", () => {
  scenarios([
    {
      name: "[HT26] PUT on a row that cannot be read is 404, and creates nothing",
      given: [hers],
      when: { user: "bob", to: "PUT /api/articles/{a.id}", body: { ownerId: "bob", title: "mine" } },
      status: 404,
      hasNot: ["her text", "alice"],
      seq: 0,
    },
    {
      name: "[HT26] PUT on a row that can be read but not written is 403",
      given: [open],
      when: { user: "bob", to: "PUT /api/articles/{a.id}", body: { ownerId: "bob", title: "mine" } },
      status: 403,
      json: { operation: "update" },
      hasNot: ["open text"],
      seq: 0,
    },
    {
      name: "[HT26] PUT that would leave the update scope is 403",
      given: [hers],
      when: { user: "alice", to: "PUT /api/articles/{a.id}", body: { ownerId: "bob", title: "his" } },
      status: 403,
      seq: 0,
    },
    {
      name: "[HT36] PUT on a soft-deleted row is 404",
      given: [hers, { user: "alice", to: "DELETE /api/articles/{a.id}" }],
      when: { user: "alice", to: "PUT /api/articles/{a.id}", body: { ownerId: "alice", title: "back" } },
      status: 404,
      json: { code: "NOT_FOUND" },
      seq: 0,
    },
    {
      name: "[HT13] PUT creates nothing where creating is switched off",
      when: { to: `PUT /api/fixed/${FRESH(9)}`, body: { name: "x" } },
      status: 405,
      seq: 0,
    },
  ]);

  it("[HT25] two PUTs of one absent row at once: one creates, the other replaces", async () => {
    const replies = await Promise.all(
      [1, 2].map((count) => send({ to: `PUT /api/kinds/${FRESH(10)}`, body: { title: "race", count } })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 201]);
  });
});
