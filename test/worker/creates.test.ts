/** POST ([HT22] [HT23]): validation with all errors at once, constraints as reasons, the scope on the final row. */

import { describe } from "vitest";
import { type Scenario, scenarios } from "../support/scenario.ts";

const ID = "0198c0de-2222-7abc-8def-0123456789ab";
const invalid = (name: string, body: object, errors: object[], rest: Partial<Scenario> = {}): Scenario => ({
  name,
  when: { to: "POST /api/kinds", body },
  status: 400,
  json: { code: "VALIDATION_ERROR", status: 400, errors },
  seq: 0,
  ...rest,
});

describe("validation", () => {
  scenarios([
    invalid("[HT22] [VA1] a missing column is named", {}, [{ field: "title", code: "required" }]),
    invalid("[HT22] null where the column allows none", { title: null }, [{ field: "title", code: "required" }]),
    invalid("[HT22] [VA8] all errors are found at once", { count: "x", color: "blue", done: 2 }, [
      { field: "count", code: "type" },
      { field: "color", code: "enum" },
      { field: "done", code: "type" },
      { field: "title", code: "required" },
    ]),
    invalid("[HT22] a text beyond its length is named with length and limit", { title: "x".repeat(21) }, [
      { field: "title", code: "length", message: "has 21 characters, limit is 20" },
    ]),
    {
      name: "[HT20] lengths count code points",
      when: { to: "POST /api/kinds", body: { title: "😀".repeat(20) } },
      status: 201,
      seq: 1,
    },
    invalid("[HT20] one code point too many is refused", { title: "😀".repeat(21) }, [
      { field: "title", code: "length", message: "has 21 characters, limit is 20" },
    ]),
    invalid("[HT22] an ill-formed text is refused", { title: "\u0000" }, [{ field: "title", code: "text" }]),
    invalid("[HT22] an integer beyond 2^53 is refused", { title: "t", count: 2 ** 53 }, [
      { field: "count", code: "range" },
    ]),
    {
      name: "[HT22] no reply uses 422 for validation",
      when: { to: "POST /api/kinds", body: {} },
      status: 400,
      hasNot: [/"status":422/],
    },
    {
      name: "[HT22] the table's own schema adds its errors, with dotted paths into nested data",
      when: { to: "POST /api/letters", body: { email: "no mail", data: { deep: { age: "old" } } } },
      status: 400,
      json: { errors: [{ field: "email" }, { field: "data.deep.age" }] },
      seq: 0,
    },
    {
      name: "[VA1] what the schema makes of a value is stored",
      when: { to: "POST /api/letters", body: { email: "  a@example.com " } },
      status: 201,
      json: { email: "a@example.com" },
      seq: 1,
    },
    {
      name: "[VA1] a patch is checked by the schema for the columns it gives only",
      given: [{ to: "POST /api/letters", body: { email: "b@example.com" }, as: "p" }],
      when: { to: "PATCH /api/letters/{p.id}", body: { size: 3 } },
      status: 200,
      json: { filler: "xxx", email: "b@example.com" },
      seq: 1,
    },
    {
      name: "[VA1] a patch that breaks the schema is 400",
      given: [{ to: "POST /api/letters", body: { email: "c@example.com" }, as: "p" }],
      when: { to: "PATCH /api/letters/{p.id}", body: { email: "x" } },
      status: 400,
      json: { errors: [{ field: "email", code: "schema" }] },
      seq: 0,
    },
    {
      name: "[HT22] a default fills what is left out, by value, function or SQL",
      when: { to: "POST /api/kinds", body: { title: "d" } },
      status: 201,
      json: { count: 7, random: "fixed", made: "db-made", done: false },
      seq: 1,
    },
    {
      name: "[HT22] null given is null, not the default",
      when: { to: "POST /api/kinds", body: { title: "d", made: null, random: null } },
      status: 201,
      json: { made: null, random: null },
      seq: 1,
    },
  ]);
});

describe("constraints", () => {
  const taken = { to: "POST /api/slugs", body: { id: "taken", slug: "taken-slug", org: "acme", level: 5 } };
  const quiet = ["SQLITE", "constraint failed", "INSERT", "slugs_"];
  scenarios([
    {
      name: "[HT23] an id that exists is 409 exists with the id",
      given: [{ to: "POST /api/kinds", body: { id: ID, title: "first one" } }],
      when: { to: "POST /api/kinds", body: { id: ID, title: "second" } },
      status: 409,
      json: { code: "CONFLICT", reason: "exists", id: ID },
      hasNot: ["first one", ...quiet],
      seq: 0,
    },
    {
      name: "[HT23] the id of a row that the caller cannot see exists all the same, and nothing of it is shown",
      given: [{ user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "covert title" }, as: "a" }],
      when: { user: "bob", to: "POST /api/articles", body: { id: "{a.id}", ownerId: "bob", title: "mine" } },
      status: 409,
      json: { reason: "exists", id: "{a.id}" },
      hasNot: ["covert", "alice", ...quiet],
      seq: 0,
    },
    {
      name: "[HT23] the id of a soft-deleted row exists",
      given: [
        { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "covert title" }, as: "a" },
        { user: "alice", to: "DELETE /api/articles/{a.id}" },
      ],
      when: { user: "alice", to: "POST /api/articles", body: { id: "{a.id}", ownerId: "alice", title: "again" } },
      status: 409,
      json: { reason: "exists" },
      hasNot: ["covert"],
      seq: 0,
    },
    {
      name: "[HT23] a unique column is 409 unique with the column",
      given: [taken],
      when: { to: "POST /api/slugs", body: { id: "u1", slug: "taken-slug" } },
      status: 409,
      json: { code: "CONFLICT", reason: "unique", fields: ["slug"] },
      hasNot: ['"taken"', "acme", ...quiet],
      seq: 0,
    },
    {
      name: "[HT23] a unique pair names both columns",
      when: { to: "POST /api/slugs", body: { id: "u2", slug: "u2", org: "acme", level: 5 } },
      status: 409,
      json: { reason: "unique", fields: ["org", "level"] },
      hasNot: quiet,
      seq: 0,
    },
    {
      name: "[HT23] a check constraint is a validation error",
      when: { to: "POST /api/slugs", body: { id: "c1", slug: "c1", level: 0 } },
      status: 400,
      json: { code: "VALIDATION_ERROR", errors: [{ code: "check" }] },
      hasNot: ["SQLITE", "CHECK constraint"],
      seq: 0,
    },
    {
      name: "[HT23] a missing parent is 409 foreign-key with the field",
      when: { to: "POST /api/children", body: { parentId: ID, name: "orphan" } },
      status: 409,
      json: { code: "CONFLICT", reason: "foreign-key", field: "parentId" },
      hasNot: ["SQLITE", "FOREIGN KEY", "INSERT"],
      object: "t/test/family",
      seq: 0,
    },
    {
      name: "[HT23] a parent that is there is no conflict",
      given: [{ to: "POST /api/parents", body: { name: "p" }, as: "p" }],
      when: { to: "POST /api/children", body: { parentId: "{p.id}", name: "kid" } },
      status: 201,
      object: "t/test/family",
      seq: 1,
    },
    {
      name: "[HT23] a patch to a taken unique value is 409 and changes nothing",
      given: [{ to: "POST /api/slugs", body: { id: "u3", slug: "u3" } }],
      when: { to: "PATCH /api/slugs/u3", body: { slug: "taken-slug", level: 9 } },
      status: 409,
      json: { reason: "unique", fields: ["slug"] },
      seq: 0,
    },
    {
      name: "[HT23] what a refused patch would have set is not there",
      when: { to: "GET /api/slugs/u3" },
      status: 200,
      json: { slug: "u3", level: 1 },
    },
  ]);
});

describe("the create scope", () => {
  scenarios([
    {
      name: "[HT23] a row outside the create scope is 403",
      when: { user: "bob", to: "POST /api/articles", body: { ownerId: "alice", title: "for her" } },
      status: 403,
      json: { code: "FORBIDDEN", operation: "create" },
      hasNot: ["for her"],
      seq: 0,
    },
    {
      name: "[HT23] a row inside the create scope is created",
      when: { user: "bob", to: "POST /api/articles", body: { ownerId: "bob", title: "mine" } },
      status: 201,
      seq: 1,
    },
    {
      name: "[HT20] validation comes before the scope on the row after the change",
      when: { user: "bob", to: "POST /api/articles", body: { ownerId: "alice" } },
      status: 400,
      json: { errors: [{ field: "title" }] },
      seq: 0,
    },
    {
      name: "[HT20] the scope on the row comes before constraints",
      given: [{ user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "t" }, as: "a" }],
      when: { user: "bob", to: "POST /api/articles", body: { id: "{a.id}", ownerId: "alice", title: "t" } },
      status: 403,
      seq: 0,
    },
    {
      name: "[HT20] the operation comes before the body",
      when: { user: "alice", to: "POST /api/denied", raw: "{", headers: { "content-type": "application/json" } },
      status: 403,
      json: { code: "FORBIDDEN" },
      seq: 0,
    },
    {
      name: "[HT20] authentication comes before everything",
      when: {
        to: "POST /api/articles",
        raw: "{",
        headers: { "content-type": "text/plain", authorization: "Bearer nonsense" },
      },
      status: 401,
      json: { code: "UNAUTHORIZED" },
      seq: 0,
    },
  ]);
});
