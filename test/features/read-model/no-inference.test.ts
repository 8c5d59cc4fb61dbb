/**
 * Two worlds that differ only in what Mallory may not see: other people's rows, deleted rows, hidden columns. Whatever she asks of a view
 * or of the search over copies, both answer the same (positions and times aside): nothing hidden can be inferred through an item, a
 * count, a group, an order, a cursor or an error. And every row that she is shown is hers. RUNS= for more questions, SEED= for others, SHRINK=1 for a
 * small counterexample.
 */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Sent, send, settle } from "./client.ts";

const WORLDS = ["world_a", "world_b"] as const;
type World = (typeof WORLDS)[number];
const RUNS = Number(process.env.RUNS ?? 250);
const SEED = Number(process.env.SEED ?? 20261129);
const ROWS = 24;

/** Mallory's are equal in both worlds, and so are Moll's, whose scope SQL cannot finish; all else is not. */
function rowOf(n: number, world: World): Record<string, unknown> {
  const [salt, other] = world === "world_a" ? ["alpha", "alice"] : ["omega", "mooll"];
  const hidden = { secret: `${salt}-${n}`, pin: world === "world_a" ? n : 1000 - n };
  const owner = [...(n % 2 === 0 ? ["mallory"] : []), ...(n % 7 === 1 ? ["m-ll"] : []), other][0];
  const id = `r${String(n).padStart(2, "0")}`;
  if (owner === other)
    return {
      id,
      ownerId: other,
      title: `${salt} ${n}`,
      rank: n * (world === "world_a" ? 1 : -1),
      quiet: salt,
      ...hidden,
    };
  return { id, ownerId: owner, title: `mine ${n % 6}`, rank: n % 5 === 0 ? null : n % 4, quiet: `q${n}`, ...hidden };
}

const column = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("id", "ownerId", "title", "rank") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("secret", "pin", "quiet", "initial", "deletedAt", "_copy", "_version", "nope"),
  },
);
const texts = fc.constantFrom('"alpha 3"', '"omega 5"', '"mine 2"', '"a"', '"mooll"', '"mallory"', '"r05"');
const comparison = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom("ownerId", "title", "id", "secret"),
        fc.constantFrom("==", "!=", ">", "<=", "=contains=", "%="),
        texts,
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("rank", "rank", "pin"),
        fc.constantFrom("==", "!=", ">", "<="),
        fc.constantFrom("3", "-3", "997"),
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'title%="_l%a_%"',
      "deletedAt=isnull=false",
      "1==1",
      "id==id",
      'id=="x" OR 1=1--',
      "rank=regex=1",
      'ownerId=in=("alice","mooll")',
      "_copy>0",
    ),
  },
);
const filter = fc
  .array(fc.tuple(comparison, fc.constantFrom(";", ",", ");(")), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map(([text, glue], index) => (index === parts.length - 1 ? text : text + glue)).join(""))
  .chain((text) => fc.constantFrom(text, `!(${text})`));
const names = fc.uniqueArray(column, { minLength: 1, maxLength: 3 }).map((list) => list.join(","));
const parameters = fc.record({
  filter,
  orderBy: fc.tuple(fc.constantFrom("", "-"), names).map((parts) => parts.join("")),
  select: names,
  limit: fc.constantFrom("1", "3", "100", "0"),
  offset: fc.constantFrom("0", "2", "50"),
  totalCount: fc.constantFrom("true", "1"),
  withDeleted: fc.constant("true"),
  groupBy: names,
  count: fc.constant("true"),
  sum: names,
  min: names,
  max: names,
  having: fc.constantFrom("count>1", "max_rank>3", 'min_title=="alpha 3"', "max_secret>1"),
  q: fc.constantFrom("alpha", "mine", "omega*", '"mine 2"', "secret:alpha", "q1"),
});
const OFFERED: Readonly<Record<string, readonly string[]>> = {
  "": ["filter", "orderBy", "select", "limit", "offset", "totalCount", "withDeleted"],
  "/count": ["filter", "withDeleted"],
  "/aggregate": ["filter", "groupBy", "sum", "min", "max", "count", "having", "orderBy", "limit"],
  "/search": ["q", "limit", "filter"],
  // Of the view.
  "/find": ["q", "limit", "offset", "filter", "select", "totalCount"],
};

interface Question {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly user: string | null;
}
const question: fc.Arbitrary<Question> = fc.constantFrom("", "", ...Object.keys(OFFERED)).chain((path) =>
  fc
    .tuple(
      parameters,
      fc.subarray([...(OFFERED[path] ?? [])], { minLength: 1, maxLength: 2 }),
      fc.constantFrom("mallory", "mallory", "moll", "nobody", null),
    )
    .map(([given, asked, user]) => {
      const needed = path === "/search" || path === "/find" ? ["q"] : path === "/aggregate" ? ["count"] : [];
      const kept = Object.entries(given).filter(([name]) => asked.includes(name) || needed.includes(name));
      return { path, query: Object.fromEntries(kept), user };
    }),
);

function ask(
  world: World,
  { path, query, user }: Question,
  more: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const view = world === "world_a" ? "mine_a" : "mine_b";
  const whole = path === "/search" ? { ...query, resources: world } : { ...query, ...more };
  const at = path === "/search" ? "search" : `${view}${path === "/find" ? "/search" : path}`;
  return send(user, `GET /api/${at}?${new URLSearchParams(whole)}`, undefined, { "x-request-id": "same" });
}

/** The answer as text, without what tells the worlds apart by right: their names, positions, times, signatures. */
function comparable({ status, headers, json }: Sent): string {
  const kept = [...headers]
    .filter(([name]) => !["ledge-bookmark", "traceparent", "content-length"].includes(name))
    .map(([name, value]) => [name, name === "ledge-seq" ? value.replace(/[0-9a-z]{16}(?=:\d+)/g, "epoch") : value]);
  const body = JSON.stringify(json, (name, value: unknown) => {
    if (name === "asOf") return "a time, or null";
    return name === "nextCursor" && typeof value === "string" ? placeIn(value) : value;
  });
  return `${status}\n${JSON.stringify(kept)}\n${body}`
    .replaceAll(/world_[ab]/g, "world")
    .replaceAll(/mine_[ab]/g, "mine");
}

function placeIn(cursor: string): unknown {
  const [payload = ""] = cursor.split(".");
  const { o, k } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
  return [o, k];
}

describe("nothing hidden can be inferred from a view", () => {
  beforeAll(async () => {
    for (const world of WORLDS) {
      const items = Array.from({ length: ROWS }, (_, n) => rowOf(n, world));
      const made = await send("root", `POST /api/${world}/batch`, { items });
      expect(made.status, JSON.stringify(made.json)).toBe(201);
      // One was Mallory's, one was not.
      for (const [owner, id] of [
        ["mallory", "r04"],
        ["alice", "r09"],
      ])
        await send(owner ?? null, `DELETE /api/${world}/${id}`);
      await settle(`t/test/${world}`);
    }
  });

  it("[RM1] [S9] lists, counts, groups, searches, cursors and refusals are the same whatever others have", async () => {
    const statuses: Record<string, number> = {};
    let shown = 0;
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const [a, b] = [await ask("world_a", asked), await ask("world_b", asked)];
        statuses[a.status] = (statuses[a.status] ?? 0) + 1;
        expect(comparable(b)).toBe(comparable(a));
        expect(a.status, JSON.stringify(a.json)).toBeLessThan(500);
        expect(comparable(a)).not.toMatch(/alpha-?\d|omega-?\d|alice|mooll|SQLITE|D1_ERROR/);
        const items = (a.json.items ?? []) as { readonly ownerId?: string }[];
        shown += items.length;
        for (const { ownerId } of items)
          expect([undefined, asked.user === "moll" ? "m-ll" : asked.user]).toContain(ownerId);
        if (
          typeof a.json.nextCursor === "string" &&
          typeof b.json.nextCursor === "string" &&
          !("offset" in asked.query)
        ) {
          const next = [
            await ask("world_a", asked, { cursor: a.json.nextCursor }),
            await ask("world_b", asked, { cursor: b.json.nextCursor }),
          ].map(comparable);
          expect(next[1]).toBe(next[0]);
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: process.env.SHRINK === undefined },
    );
    for (const status of [200, 400, 401])
      expect(statuses[status] ?? 0, `${status} in ${JSON.stringify(statuses)}`).toBeGreaterThan(5);
    expect(shown).toBeGreaterThan(RUNS / 4);
  }, 600_000);

  it("[RM1] the worlds do differ, and each owner is shown what is theirs", async () => {
    const all = await send("alice", "GET /api/mine_a?limit=100");
    expect((all.json.items as unknown[]).length).toBeGreaterThan(5);
    expect(((await send("alice", "GET /api/mine_b?limit=100")).json.items as unknown[]).length).toBe(0);
    expect(((await send("moll", "GET /api/mine_b?limit=100")).json.items as unknown[]).length).toBeGreaterThan(1);
  });
});
