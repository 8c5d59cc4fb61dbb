/** Partitions ([HT1]): who may enter one is settled before any object is touched, since a name alone would create it. */

import { env, listDurableObjectIds } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { loggedWhile, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const objects = async () => (await listDurableObjectIds(env.LEDGE_TABLES)).map(String).sort();
const idOf = (name: string) => String(env.LEDGE_TABLES.idFromName(name));
const UNKNOWN = { status: 404, json: { code: "NOT_FOUND" } };

/** Refusals that must leave no object behind. */
const refusals: readonly [string, Step, number][] = [
  ["a name with other characters", { to: "GET /api/@a.b/items_split" }, 404],
  ["a name with an escaped slash", { to: "GET /api/@a%2Fb/items_split" }, 404],
  ["a name of 65 characters", { to: `GET /api/@${"a".repeat(65)}/items_split` }, 404],
  ["an empty name", { to: "GET /api/@/items_split" }, 404],
  ["a space", { to: "GET /api/@a%20b/items_split" }, 404],
  ["a partition that the rule refuses", { to: "GET /api/@closed/untouched" }, 404],
  ["a partition that the rule refuses, on a create", { to: "POST /api/@closed/untouched", body: { id: "x" } }, 404],
  ["a rule that throws", { to: "GET /api/@thrower/untouched" }, 404],
  ["a path without its partition", { to: "GET /api/untouched" }, 404],
  ["a method that is not there", { to: "PURGE /api/@open/untouched" }, 405],
  ["OPTIONS", { to: "OPTIONS /api/@open/untouched" }, 204],
  ["an unknown table", { to: "GET /api/@open/nothing" }, 404],
  ["an id that is malformed", { to: "GET /api/@open/untouched/not-an-id" }, 404],
  [
    "a body that is malformed",
    { to: "POST /api/@open/untouched", raw: "{", headers: { "content-type": "application/json" } },
    400,
  ],
  ["a claim that the caller does not hold", { user: "alice,org=zeta", to: "GET /api/@acme/papers" }, 404],
  ["a claim of an anonymous caller", { to: "GET /api/@acme/papers" }, 404],
  ["a claim by an inherited name", { user: "alice", to: "GET /api/@constructor/papers" }, 404],
  ["bad credentials", { to: "GET /api/@acme/papers", headers: { authorization: "Bearer nonsense" } }, 401],
];

describe("before any object is touched", () => {
  for (const [what, step, status] of refusals) {
    it(`[HT1] ${what} creates no object`, async () => {
      const before = await objects();
      const reply = await send(step);
      expect(reply.status, reply.text).toBe(status);
      expect(await objects()).toEqual(before);
      expect(reply.text).not.toMatch(/partition secret|"allow"|claim/);
    });
  }

  it("[HT1] a caller whom the rule admits is what creates it", async () => {
    const before = await objects();
    expect(before).not.toContain(idOf("t/test/untouched/open"));
    expect((await send({ to: "GET /api/@open/untouched" })).status).toBe(200);
    expect(await objects()).toContain(idOf("t/test/untouched/open"));
  });

  it("[HT1] [OB2] a rule that throws is logged", async () => {
    const lines = await loggedWhile(() => send({ to: "GET /api/@thrower/untouched" }));
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        message: "partition rule failed",
        error: "Error: partition secret message",
      }),
    );
  });
});

describe("inside a partition", () => {
  const acme = (to: string, more: Partial<Step> = {}): Step => ({ user: "alice,org=acme", to, ...more });
  scenarios([
    {
      name: "[HT1] the partition column is filled by the server",
      when: acme("POST /api/@acme/papers", { body: { title: "t" } }),
      status: 201,
      json: { org: "acme", title: "t" },
      headers: { location: /^\/api\/@acme\/papers\/[0-9a-f-]{36}$/ },
      seq: 1,
    },
    {
      name: "[HT1] the same value in a body is taken",
      when: acme("POST /api/@acme/papers", { body: { title: "t", org: "acme" } }),
      status: 201,
      seq: 1,
    },
    {
      name: "[HT1] a different value in a body is 400",
      when: acme("POST /api/@acme/papers", { body: { title: "t", org: "zeta" } }),
      status: 400,
      json: { errors: [{ field: "org", code: "partition" }] },
      seq: 0,
    },
    {
      name: "[HT1] a different value in a patch is 400",
      given: [acme("POST /api/@acme/papers", { body: { title: "t" }, as: "p" })],
      when: acme("PATCH /api/@acme/papers/{p.id}", { body: { org: "zeta" } }),
      status: 400,
      json: { errors: [{ field: "org" }] },
      seq: 0,
    },
    {
      name: "[HT1] a replace keeps the partition",
      given: [acme("POST /api/@acme/papers", { body: { title: "t" }, as: "p" })],
      when: acme("PUT /api/@acme/papers/{p.id}", { body: { title: "u" } }),
      status: 200,
      json: { org: "acme", title: "u" },
      seq: 1,
    },
    {
      name: "[HT1] a claim may be a list",
      when: { user: "eve,org=zeta,org=acme", to: "GET /api/@acme/papers" },
      status: 200,
    },
    {
      name: "[HT1] a claim that only contains the name is not it",
      when: { user: "eve,org=acme2", to: "GET /api/@acme/papers" },
      ...UNKNOWN,
    },
    { name: "[HT1] a function may wait and decide", when: { to: "GET /api/@any/items_split" }, status: 200 },
    { name: "[HT1] what it refuses is 404", when: { to: "GET /api/@forbidden/items_split" }, ...UNKNOWN },
    {
      name: "[HT1] a partition's name is told by case",
      given: [acme("POST /api/@acme/papers", { body: { title: "t" } })],
      when: { user: "eve,org=ACME", to: "GET /api/@ACME/papers" },
      status: 200,
      json: { items: [] },
    },
    {
      name: "[HT1] a partition of 64 characters is one",
      when: { to: `GET /api/@${"A-z_0".repeat(12)}abcd/items_split` },
      status: 200,
    },
  ] satisfies Scenario[]);
});
