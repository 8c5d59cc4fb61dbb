/**
 * Hopping between partitions ([HT1]): whatever way a partition is written, the rule of the table is asked about the very name that
 * is addressed, and a refused one is never addressed: no object comes into being.
 */

import { env, listDurableObjectIds, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";

const objects = async () => new Set((await listDurableObjectIds(env.LEDGE_TABLES)).map(String));
const idOf = (name: string) => String(env.LEDGE_TABLES.idFromName(name));

async function status(path: string, user?: string, init: RequestInit = {}): Promise<number> {
  const headers = {
    ...(user === undefined ? {} : { authorization: `Bearer dev:${user}` }),
    "content-type": "application/json",
  };
  const response = await SELF.fetch(`http://localhost${path}`, { ...init, headers });
  await response.body?.cancel();
  return response.status;
}

/** Ways to write a partition `p` that a normalizing layer might take for another. */
const spellings = (p: string): string[] => [
  `@${p}`,
  `%40${p}`,
  `@${p}%00`,
  `@${p}%20`,
  `@${p}%0a`,
  `@${p}.`,
  `@${p}/`,
  `@${p}//`,
  `@${p};x`,
  `@${p}%2F`,
  `@${p}%2f..%2f${p}`,
  `@open%2F..%2F${p}`,
  `@open/../@${p}`,
  `@open/%2e%2e/@${p}`,
  `@open%2f%2e%2e%2f@${p}`,
  `@@${p}`,
  `@${p.toUpperCase()}`,
  `@${encodeURIComponent(`${p}\u200b`)}`,
  `@${[...p].map((char) => `%${char.charCodeAt(0).toString(16)}`).join("")}`,
  `@${[...p].map((char) => `%25${char.charCodeAt(0).toString(16)}`).join("")}`,
  `@${p.replace("a", "\uff41").replace("o", "\uff4f")}`,
  `@${p},open`,
  `@open,${p}`,
  `@open&partition=${p}`,
  `@${p}%c0%af`,
  `@%ff${p}`,
  "@",
  "@%",
  "@..",
  "@%2e%2e",
  `@${"x".repeat(65)}`,
  "@_registry",
  "@__proto__",
  "@constructor",
];
const VERBS: readonly [string, RequestInit][] = [
  ["", {}],
  ["/count", {}],
  ["/aggregate?count=true", {}],
  ["/019a0000-0000-7000-8000-000000000001", {}],
  ["", { method: "POST", body: '{"title":"x"}' }],
  ["/batch", { method: "POST", body: '{"items":[{"title":"x"}]}' }],
  ["/019a0000-0000-7000-8000-000000000001", { method: "PUT", body: '{"title":"x"}' }],
  ["/batch", { method: "DELETE", body: '{"all":true}' }],
];

describe("partitions that a caller may not enter", () => {
  it("[HT1] by claim: only the claim's own spelling is addressed", async () => {
    expect(await status("/api/@acme/papers", "bob,org=acme")).toBe(200);
    const before = await objects();
    for (const spelling of spellings("victim")) {
      for (const [path, init] of VERBS) {
        const code = await status(`/api/${spelling}/papers${path}`, "bob,org=acme", init);
        expect([404, 405], `${spelling} ${path}`).toContain(code);
      }
    }
    expect(await objects()).toEqual(before);
    expect(before.has(idOf("t/fuzz/papers/victim"))).toBe(false);
  });

  it("[HT1] by rule: what the rule refuses, or throws at, is never addressed", async () => {
    const before = await objects();
    for (const spelling of [...spellings("shut"), "@thrower", "@OPEN", "@open%00"]) {
      for (const user of [undefined, "alice", "root,role=admin"]) {
        const code = await status(`/api/${spelling}/untouched`, user);
        expect(code, spelling).toBe(404);
      }
    }
    expect(await objects()).toEqual(before);
    // The test can see an object come into being.
    expect(await status("/api/@open/untouched")).toBe(200);
    expect((await objects()).has(idOf("t/fuzz/untouched/open"))).toBe(true);
  });

  it("[HT1] claims that only look like the partition do not admit", async () => {
    const before = await objects();
    for (const claims of [
      "org=acme2",
      "org=Acme",
      "org=",
      "org= ",
      "ORG=victim",
      "orgs=victim",
      "org=%76ictim",
      "role=victim",
      "org=victim%00",
    ])
      expect(await status("/api/@victim/papers", `eve,${claims}`), claims).toBe(404);
    expect(await status("/api/@victim/papers")).toBe(404);
    expect(await objects()).toEqual(before);
  });

  it("[HT1] a partition in the body, the query or a header moves nothing", async () => {
    const before = await objects();
    const body = (more: object) => JSON.stringify({ title: "x", ...more });
    expect(await status("/api/@acme/papers", "bob,org=acme", { method: "POST", body: body({ org: "victim" }) })).toBe(
      400,
    );
    expect(await status("/api/@acme/papers?org=victim", "bob,org=acme")).toBe(400);
    expect(await status("/api/@acme/papers?partition=victim", "bob,org=acme")).toBe(400);
    expect(await status("/api/papers", "bob,org=acme")).toBe(404);
    expect(await status("/api/papers", "bob,org=acme", { method: "POST", body: body({ org: "victim" }) })).toBe(404);
    expect(await objects()).toEqual(before);
  });

  it("[HT1] the system's own object is no partition, group or table of the API", async () => {
    for (const path of [
      "/api/_registry",
      "/api/@_registry/papers",
      "/api/@x/_registry",
      "/api/_log",
      "/api/_meta",
      "/api/sqlite_master",
      "/api/@acme/_replies",
      "/api/__proto__",
      "/api/constructor",
      "/api/@acme/__proto__",
    ])
      expect(await status(path, "bob,org=acme"), path).toBe(404);
  });
});
