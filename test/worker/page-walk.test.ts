/**
 * Page walks while others write ([PG5]): a row that is there, matches and keeps its sort values for the whole walk is returned
 * exactly once; rows that come and go, or move, may be seen or not. Seeded; the seed replays.
 */

import { env, SELF } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { itemsAlone } from "../support/test-tables.ts";

const RUNS = Number(process.env.RUNS ?? 25);
const SEED = Number(process.env.SEED ?? 5);

type Body = Record<string, unknown>;

async function call(method: string, path: string, body?: object): Promise<Body> {
  const response = await SELF.fetch(`http://localhost/api/${itemsAlone.name}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? {} : ((await response.json()) as Body);
}

type Disturbance = {
  readonly kind: "create" | "delete" | "move" | "touch";
  readonly pick: number;
  readonly rank: number;
};

const disturbance: fc.Arbitrary<Disturbance> = fc.record({
  kind: fc.constantFrom("create", "delete", "move", "touch"),
  pick: fc.nat(99),
  rank: fc.nat(9),
});

describe("page walks under concurrent writes", () => {
  it("[PG5] rows that stay as they are come exactly once, whatever happens around them", async () => {
    let disturbed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(9), { minLength: 8, maxLength: 30 }),
        fc.array(fc.array(disturbance, { maxLength: 4 }), { minLength: 5, maxLength: 40 }),
        fc.constantFrom("rank", "-rank", "rank,-name", "-id", "name,rank:desc"),
        fc.integer({ min: 1, max: 7 }),
        async (ranks, storms, orderBy, limit) => {
          const walk = `w${crypto.randomUUID()}`;
          const rows: { id: string; isSteady: boolean }[] = [];
          for (const [index, rank] of ranks.entries()) {
            const made = await call("POST", "", { place: walk, name: `n${index % 4}`, rank });
            // Every other row is left alone; the rest may be deleted or moved.
            rows.push({ id: String(made.id), isSteady: index % 2 === 0 });
          }
          const seen: string[] = [];
          let cursor: string | null = null;
          for (let page = 0; page === 0 || cursor !== null; page++) {
            const query: string = new URLSearchParams({
              filter: `place=="${walk}"`,
              orderBy,
              limit: String(limit),
              select: "id",
              ...(cursor === null ? {} : { cursor }),
            }).toString();
            const body = await call("GET", `?${query}`);
            seen.push(...(body.items as { id: string }[]).map((item) => item.id));
            cursor = body.nextCursor as string | null;
            for (const storm of storms[page] ?? []) {
              await disturb(storm, walk, rows);
              disturbed++;
            }
          }
          const steady = rows.filter((row) => row.isSteady).map((row) => row.id);
          expect(seen.filter((id) => steady.includes(id)).sort()).toEqual([...steady].sort());
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
    expect(disturbed).toBeGreaterThan(RUNS);
  }, 120_000);

  it("[PG4] a walk goes on when the row that its cursor names is gone", async () => {
    const walk = `w${crypto.randomUUID()}`;
    for (let n = 0; n < 6; n++) await call("POST", "", { place: walk, name: "n", rank: n });
    const filter = encodeURIComponent(`place=="${walk}"`);
    const first = await call("GET", `?filter=${filter}&orderBy=rank&limit=2`);
    const last = (first.items as Body[])[1];
    await call("DELETE", `/${String(last?.id)}`);
    const second = await call("GET", `?filter=${filter}&orderBy=rank&limit=2&cursor=${String(first.nextCursor)}`);
    expect((second.items as Body[]).map((item) => item.rank)).toEqual([2, 3]);
    expect(env.LEDGE_TABLES).toBeDefined();
  });
});

async function disturb(
  { kind, pick, rank }: Disturbance,
  walk: string,
  rows: { id: string; isSteady: boolean }[],
): Promise<void> {
  if (kind === "create") {
    await call("POST", "", { place: walk, name: `n${pick % 4}`, rank });
    return;
  }
  const loose = rows.filter((row) => !row.isSteady);
  const victim = loose[pick % Math.max(loose.length, 1)];
  if (kind === "touch") {
    // A steady row may change as long as its sort values and its match stay: here, nothing of the order.
    const steady = rows[0];
    if (steady !== undefined) await call("PATCH", `/${steady.id}`, { place: walk });
    return;
  }
  if (victim === undefined) return;
  if (kind === "move") await call("PATCH", `/${victim.id}`, { rank });
  else {
    rows.splice(rows.indexOf(victim), 1);
    await call("DELETE", `/${victim.id}`);
  }
}
