/** PATCH and the order of its refusals ([HT20] [HT24] [HT26] [HT29]): what changes, what does not, and who may. */

import { describe, expect, it } from "vitest";
import { inspect, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const kind: Step = {
  to: "POST /api/kinds",
  body: { title: "before", count: 3, data: { a: { b: 1 }, c: 2 }, color: "red" },
  as: "k",
};
const hers: Step = {
  user: "alice",
  to: "POST /api/articles",
  body: { ownerId: "alice", title: "hers", body: "her text" },
  as: "a",
};
const open: Step = { ...hers, body: { ownerId: "alice", title: "open", body: "open text", published: true } };

describe("PATCH", () => {
  const patch = (name: string, body: object, json: object, seq: number, more: Partial<Scenario> = {}): Scenario => ({
    name,
    given: [kind],
    when: { to: "PATCH /api/kinds/{k.id}", body },
    status: 200,
    json: { id: "{k.id}", ...json },
    seq,
    ...more,
  });
  scenarios([
    patch(
      "[HT24] [R4] only the given columns change",
      { count: 4 },
      { title: "before", count: 4, color: "red", data: { a: { b: 1 }, c: 2 } },
      1,
    ),
    patch("[HT24] null sets NULL", { color: null }, { color: null, count: 3 }, 1),
    patch("[HT24] a JSON column is replaced whole", { data: { a: { x: 1 } } }, {}, 1, {
      then: ({ body }) => void expect(body.data).toEqual({ a: { x: 1 } }),
    }),
    patch(
      "[HT24] values equal to the stored ones make no commit and keep the tag",
      { title: "before", count: 3 },
      { title: "before" },
      0,
      {
        given: [kind, { to: "POST /api/kinds", body: { title: "another" }, as: "other" }],
        headers: { etag: "{k.etag}", "ledge-seq": "{other.seqToken}" },
      },
    ),
    patch(
      "[HT24] an equal JSON value in another order of members makes no commit",
      { data: { c: 2, a: { b: 1 } } },
      {},
      0,
      { headers: { etag: "{k.etag}" } },
    ),
    patch("[HT24] an empty patch makes no commit", {}, { title: "before" }, 0, { headers: { etag: "{k.etag}" } }),
    patch("[HT24] a change moves the tag", { count: 99 }, { count: 99 }, 1, {
      then: ({ headers, kept }) => void expect(headers.get("etag")).not.toBe(kept.k?.etag),
    }),
    patch("[HT24] the id of the path may stand in the body", { id: "{k.id}", count: 5 }, { count: 5 }, 1),
    {
      ...patch("[HT25] another id in the body is 400", { id: "0198c0de-0000-7000-8000-000000000001", count: 5 }, {}, 0),
      status: 400,
      json: { errors: [{ field: "id", code: "id" }] },
    },
    {
      ...patch("[HT22] a patch is validated", { count: "x", color: "blue" }, {}, 0),
      status: 400,
      json: { code: "VALIDATION_ERROR", errors: [{ field: "count" }, { field: "color" }] },
    },
    {
      ...patch("[HT24] null where the column allows none is 400", { title: null }, {}, 0),
      status: 400,
      json: { errors: [{ field: "title", code: "required" }] },
    },
    {
      name: "[HT14] [HT20] an absent row is 404, before validation",
      when: { to: "PATCH /api/kinds/0198c0de-0000-7000-8000-000000000000", body: { count: "x" } },
      status: 404,
      json: { code: "NOT_FOUND", resource: "kinds" },
      hasNot: ["count"],
      seq: 0,
    },
  ]);
});

describe("who may patch what", () => {
  scenarios([
    {
      name: "[HT26] a row that cannot be read is 404",
      given: [hers],
      when: { user: "bob", to: "PATCH /api/articles/{a.id}", body: { title: "x" } },
      status: 404,
      json: { code: "NOT_FOUND" },
      hasNot: ["her text", "hers", "alice"],
      seq: 0,
    },
    {
      name: "[HT26] a row that can be read but not written is 403",
      given: [open],
      when: { user: "bob", to: "PATCH /api/articles/{a.id}", body: { title: "x" } },
      status: 403,
      json: { code: "FORBIDDEN", operation: "update" },
      hasNot: ["open text", "currentETag"],
      seq: 0,
    },
    {
      name: "[HT26] 403 comes before 412, so no tag goes to those who may not write",
      given: [open],
      when: { user: "bob", to: "PATCH /api/articles/{a.id}", body: { title: "x" }, headers: { "if-match": '"stale"' } },
      status: 403,
      hasNot: ["currentETag"],
      headers: { etag: null },
      seq: 0,
    },
    {
      name: "[HT26] 404 comes before 412",
      given: [hers],
      when: { user: "bob", to: "PATCH /api/articles/{a.id}", body: { title: "x" }, headers: { "if-match": '"stale"' } },
      status: 404,
      hasNot: ["currentETag"],
      seq: 0,
    },
    {
      name: "[HT26] 403 comes before validation",
      given: [open],
      when: { user: "bob", to: "PATCH /api/articles/{a.id}", body: { title: 7 } },
      status: 403,
      hasNot: ["errors", "must be"],
      seq: 0,
    },
    {
      name: "[HT20] 412 comes before validation",
      given: [hers],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { title: 7 }, headers: { "if-match": '"stale"' } },
      status: 412,
      json: { currentETag: "{a.etag}" },
      seq: 0,
    },
    {
      name: "[HT26] a row that would leave the update scope is 403",
      given: [hers],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { ownerId: "bob" } },
      status: 403,
      json: { code: "FORBIDDEN", operation: "update" },
      seq: 0,
    },
    {
      name: "[HT26] an anonymous caller is 401, whatever the row",
      given: [open],
      when: { to: "PATCH /api/articles/{a.id}", body: { title: "x" } },
      status: 401,
      json: { code: "UNAUTHORIZED" },
      headers: { "www-authenticate": /^Bearer / },
      hasNot: ["open text"],
      seq: 0,
    },
    {
      name: "[HT14] [HT26] a row out of the read scope does not exist for a write, whatever the scope of the write",
      given: [{ user: "carol", to: "POST /api/ledgers", body: { state: "unseen", note: "n" }, as: "l" }],
      when: { user: "blind", to: "PATCH /api/ledgers/{l.id}", body: { note: "written unseen" } },
      status: 404,
      hasNot: ["unseen"],
      seq: 0,
    },
  ]);
});

describe("the visible counter", () => {
  scenarios([
    {
      name: "[HT29] [E5] the counter starts at 1, whatever the body says",
      when: { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "v", version: 40 } },
      status: 201,
      json: { version: 1 },
      seq: 1,
    },
    {
      name: "[HT29] an update adds 1, whatever the body says",
      given: [hers],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { title: "next", version: 40 } },
      status: 200,
      json: { version: 2 },
      seq: 1,
    },
    {
      name: "[HT29] a write that changes nothing adds nothing",
      given: [hers],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { title: "hers" } },
      status: 200,
      json: { version: 1 },
      seq: 0,
    },
    {
      name: "[HT29] a counter in the body alone is no change",
      given: [hers],
      when: { user: "alice", to: "PATCH /api/articles/{a.id}", body: { version: 9 } },
      status: 200,
      json: { version: 1 },
      seq: 0,
    },
    {
      name: "[HT29] a PUT adds 1",
      given: [hers],
      when: { user: "alice", to: "PUT /api/articles/{a.id}", body: { ownerId: "alice", title: "put", version: 77 } },
      status: 200,
      json: { version: 2 },
      seq: 1,
    },
  ]);

  it("[HT29] [E1] the hidden version of a row is the seq of the last commit that wrote it", async () => {
    const made = await send(kind);
    await send({ to: "POST /api/kinds", body: { title: "another" } });
    const changed = await send({ to: `PATCH /api/kinds/${made.body.id}`, body: { count: 44 } });
    const [, seq] = (changed.headers.get("ledge-seq") ?? "").split(":");
    expect(changed.headers.get("etag")?.split(":")[1]).toBe(seq);
    expect(await inspect("t/test/kinds", `SELECT _version FROM kinds WHERE id = '${made.body.id}'`)).toEqual([
      { _version: Number(seq) },
    ]);
    expect(changed.text).not.toContain("_version");
  });
});
