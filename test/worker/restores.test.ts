/** Removing for real and taking back ([HT49] [HT50] [R16]): `?hard=true` and restore, each under its own rule. */

import { describe, expect, it } from "vitest";
import { inspect, type Step, scenarios, send } from "../support/scenario.ts";

const kind: Step = { to: "POST /api/kinds", body: { title: "gone" }, as: "k" };
const hers: Step = { user: "alice", to: "POST /api/articles", body: { ownerId: "alice", title: "hers soft" }, as: "a" };
const removed: Step[] = [hers, { user: "alice", to: "DELETE /api/articles/{a.id}" }];

describe("hard delete", () => {
  const admin = "alice,role=admin";
  scenarios([
    {
      name: "[HT49] hard=true removes for real",
      given: [hers],
      when: { user: admin, to: "DELETE /api/articles/{a.id}?hard=true" },
      status: 204,
      seq: 1,
      then: async ({ kept }) => {
        expect(await inspect("t/test/articles", `SELECT 1 FROM articles WHERE id = '${kept.a?.id}'`)).toEqual([]);
      },
    },
    {
      name: "[HT49] hard=true removes what is soft-deleted already",
      given: removed,
      when: { user: admin, to: "DELETE /api/articles/{a.id}?hard=true" },
      status: 204,
      seq: 1,
    },
    {
      name: "[HT49] hard=true needs the scope hardDelete",
      given: [hers],
      when: { user: "alice", to: "DELETE /api/articles/{a.id}?hard=true" },
      status: 403,
      json: { operation: "hardDelete" },
      seq: 0,
    },
    {
      name: "[HT49] hard=true on a deleted row out of sight is 404",
      given: removed,
      when: { user: "root,role=admin", to: "DELETE /api/articles/{a.id}?hard=true" },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT49] hard=true on a row outside the read scope is 404",
      given: [{ user: "carol", to: "POST /api/articles", body: { ownerId: "carol", title: "c" }, as: "a" }],
      when: { user: "root,role=admin", to: "DELETE /api/articles/{a.id}?hard=true" },
      status: 404,
      seq: 0,
    },
  ]);
});

describe("restore", () => {
  scenarios([
    {
      name: "[HT50] [R16] restore clears the marker and answers the row with its tag",
      given: removed,
      when: { user: "alice", to: "POST /api/articles/{a.id}/restore" },
      status: 200,
      json: { id: "{a.id}", deletedAt: null, version: 3 },
      headers: { etag: /^"/ },
      seq: 1,
    },
    {
      name: "[HT50] a row that is not deleted is 409 not-deleted",
      given: [hers],
      when: { user: "alice", to: "POST /api/articles/{a.id}/restore" },
      status: 409,
      json: { code: "CONFLICT", reason: "not-deleted" },
      seq: 0,
    },
    {
      name: "[HT50] a table without soft delete is 404",
      given: [kind],
      when: { to: "POST /api/kinds/{k.id}/restore" },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT50] restore is under the update scope",
      given: removed,
      when: { user: "bob", to: "POST /api/articles/{a.id}/restore" },
      status: 404,
      hasNot: ["hers soft"],
      seq: 0,
    },
    {
      name: "[HT50] restore is 401 for an anonymous caller",
      given: removed,
      when: { to: "POST /api/articles/{a.id}/restore" },
      status: 401,
      seq: 0,
    },
    {
      name: "[HT50] [HT35] restore takes conditions",
      given: removed,
      when: { user: "alice", to: "POST /api/articles/{a.id}/restore", headers: { "if-match": "{a.etag}" } },
      status: 412,
      has: ["currentETag"],
      seq: 0,
    },
    {
      name: "[HT50] an absent row is 404",
      when: { user: "alice", to: "POST /api/articles/0198c0de-0000-7000-8000-000000000000/restore" },
      status: 404,
      seq: 0,
    },
  ]);

  it("[HT50] a restored row is read again", async () => {
    const made = await send(hers);
    for (const step of [`DELETE /api/articles/${made.body.id}`, `POST /api/articles/${made.body.id}/restore`])
      await send({ user: "alice", to: step });
    expect((await send({ user: "alice", to: `GET /api/articles/${made.body.id}` })).body.title).toBe("hers soft");
  });
});
