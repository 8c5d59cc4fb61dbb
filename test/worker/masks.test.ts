/** What never leaves an object ([HT16] [F1]–[F5] [Y3]): hidden columns are unknown ones on every way in and out. */

import { describe, expect, it } from "vitest";
import { inspect, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const SECRET = "hush-hush-4711";
const mine: Step = {
  user: "alice",
  to: "POST /api/articles",
  body: { ownerId: "alice", title: "masked", secret: SECRET },
  as: "a",
};
const nothing = [SECRET, '"secret"'];

describe("hidden columns", () => {
  const shown = (name: string, when: Step, status = 200, more: Partial<Scenario> = {}): Scenario => ({
    name,
    given: [mine],
    when: { user: "alice", ...when },
    status,
    hasNot: nothing,
    ...more,
  });
  scenarios([
    { ...shown("[HT16] [F1] a hidden column is not in the reply to a create", mine, 201), given: [] },
    shown("[HT16] a hidden column is not in a row read", { to: "GET /api/articles/{a.id}" }),
    shown("[HT16] a hidden column is not in a list", { to: "GET /api/articles?limit=100" }),
    shown("[HT16] a hidden column is not in the reply to a patch", {
      to: "PATCH /api/articles/{a.id}",
      body: { title: "m2" },
    }),
    shown("[HT16] a hidden column is not in the reply to a replace", {
      to: "PUT /api/articles/{a.id}",
      body: { ownerId: "alice", title: "m3", secret: SECRET },
    }),
    {
      ...shown("[HT16] a hidden column is not in the reply to a restore", { to: "POST /api/articles/{a.id}/restore" }),
      given: [mine, { user: "alice", to: "DELETE /api/articles/{a.id}" }],
    },
    shown("[HT16] a hidden column cannot be selected", { to: "GET /api/articles/{a.id}?select=id,secret" }, 400, {
      json: { errors: [{ field: "select" }] },
      hasNot: [SECRET],
    }),
    shown("[HT16] a hidden column cannot be filtered by", { to: `GET /api/articles?filter=secret=="${SECRET}"` }, 400, {
      json: { code: "FILTER_PARSE_ERROR", reason: "unknown-field" },
      hasNot: [SECRET, /allowedFields":[^\]]*secret/],
    }),
    shown(
      "[HT16] a hidden column is not suggested for a misspelt one",
      { to: "GET /api/articles?filter=secre==1" },
      400,
      { json: { reason: "unknown-field" }, hasNot: ["secret"] },
    ),
    shown(
      "[HT16] a hidden column cannot be counted by",
      { to: `GET /api/articles/count?filter=secret=="${SECRET}"` },
      400,
      { json: { code: "FILTER_PARSE_ERROR" }, hasNot: [SECRET] },
    ),
    shown("[HT16] a hidden column cannot be sorted by", { to: "GET /api/articles?orderBy=secret" }, 400, {
      json: { errors: [{ field: "orderBy" }] },
    }),
    shown(
      "[HT16] [HT20] a problem names a hidden field but not its refused value",
      { to: "PATCH /api/articles/{a.id}", body: { secret: 998877 } },
      400,
      { json: { errors: [{ field: "secret" }] }, hasNot: ["998877", SECRET], seq: 0 },
    ),
  ]);

  it("[HT16] a hidden column is stored, and a scope or a patch of it works", async () => {
    const made = await send(mine);
    await send({ user: "alice", to: `PATCH /api/articles/${made.body.id}`, body: { secret: "changed" } });
    expect(await inspect("t/test/articles", `SELECT secret FROM articles WHERE id = '${made.body.id}'`)).toEqual([
      { secret: "changed" },
    ]);
  });

  scenarios([
    {
      name: "[HT16] [HT23] a unique hidden column is not named, nor the other row shown",
      given: [{ to: "POST /api/slugs", body: { id: "h1", slug: "h1", hidden: "covert-1" } }],
      when: { to: "POST /api/slugs", body: { id: "h2", slug: "h2", hidden: "covert-1" } },
      status: 409,
      json: { code: "CONFLICT", reason: "unique", fields: [] },
      hasNot: ["hidden", "covert-1", "h1", "SQLITE", "UNIQUE constraint"],
      seq: 0,
    },
  ]);
});

describe("lists of fields", () => {
  const given: Step[] = [
    {
      to: "POST /api/narrow",
      body: { shown: "s", filtered: "f", sorted: "o", hiddenToken: SECRET, must: "m" },
      as: "n",
    },
  ];
  scenarios([
    {
      name: "[F1] fields.readable is all that leaves",
      given,
      when: { to: "GET /api/narrow/{n.id}" },
      status: 200,
      then: ({ body }) =>
        void expect(Object.keys(body)).toEqual(["id", "shown", "filtered", "sorted", "stamped", "must"]),
      hasNot: [SECRET, "hiddenToken"],
    },
    {
      name: "[F5] fields.filterable is all that may be filtered by",
      given,
      when: { to: 'GET /api/narrow?filter=shown=="s"' },
      status: 400,
      json: { code: "FILTER_PARSE_ERROR" },
    },
    {
      name: "[F5] a filterable column may be filtered by",
      given,
      when: { to: 'GET /api/narrow?filter=filtered=="f"' },
      status: 200,
      has: ['"filtered":"f"'],
    },
    {
      name: "[F5] fields.sortable is all that may be sorted by",
      when: { to: "GET /api/narrow?orderBy=filtered" },
      status: 400,
      json: { errors: [{ field: "orderBy" }] },
    },
    { name: "[F5] a sortable column may be sorted by", when: { to: "GET /api/narrow?orderBy=-sorted" }, status: 200 },
    {
      name: "[F5] the key may be filtered and sorted by",
      given,
      when: { to: 'GET /api/narrow?filter=id=="{n.id}"&orderBy=-id' },
      status: 200,
      has: ["{n.id}"],
    },
    {
      name: "[F3] a column flagged required must be given although it has a default",
      when: { to: "POST /api/narrow", body: { shown: "s" } },
      status: 400,
      json: { errors: [{ field: "must", code: "required" }] },
      seq: 0,
    },
    {
      name: "[VA9] a generated field may be absent, and cannot be given",
      when: { to: "POST /api/narrow", body: { must: "m", stamped: "mine" } },
      status: 201,
      json: { stamped: null },
      seq: 1,
    },
  ]);
});

describe("what a client may write", () => {
  scenarios([
    {
      name: "[HT21] [F2] [Y3] a column flagged input:false is dropped silently",
      when: { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "t", score: 99 } },
      status: 201,
      json: { score: 0 },
      seq: 1,
    },
    {
      name: "[HT21] a patch of nothing but protected columns changes nothing",
      given: [mine],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { score: 99, version: 50, deletedAt: 1 } },
      status: 200,
      json: { score: 0, version: 1, deletedAt: null },
      seq: 0,
    },
    {
      name: "[HT21] unknown members are dropped silently",
      when: { to: "POST /api/kinds", body: { title: "t", wat: 1 } },
      status: 201,
      hasNot: ["wat"],
      seq: 1,
    },
    {
      name: "[HT21] [VA6] strictInput lists what may not be written, all of it",
      when: { to: "POST /api/strict", body: { name: "n", fixed: "f", wat: 1 } },
      status: 400,
      json: {
        code: "VALIDATION_ERROR",
        errors: [
          { field: "fixed", code: "not-writable" },
          { field: "wat", code: "not-writable" },
        ],
      },
      seq: 0,
    },
    {
      name: "[HT21] strictInput exempts the id on a create",
      when: { to: "POST /api/strict", body: { id: "0198c0de-1111-7abc-8def-0123456789ab", name: "n" } },
      status: 201,
      seq: 1,
    },
    {
      name: "[HT21] a before-hook may set what a client may not",
      when: { to: "POST /api/hooked", body: { title: "plain", stamp: "mine" } },
      status: 201,
      json: { stamp: "before" },
      seq: 1,
    },
  ]);
});
