/**
 * Files on a real workerd process with its bucket on disk, killed with -9 under writers that upload, replace, copy, move, attach and remove:
 * what was acknowledged is there byte for byte, what was in flight is there or not, no row has lost its bytes, and of bytes without a
 * row an effect knows. `RUNS=20 SEED=100 KILLS=10 npm run chaos -- files` for more.
 */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { digestOf, fileWriters } from "./file-writers.ts";
import { type FilesProcess, filesProcess } from "./files-process.ts";
import { hasTable, withDatabase } from "./object-file.ts";
import { seeded } from "./random.ts";

const FIRST_SEED = Number(process.env.SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.RUNS ?? 1) }, (_, index) => FIRST_SEED + index);
const KILLS = Number(process.env.KILLS ?? 2);

let folder = "";
let server: FilesProcess | undefined;

afterEach(async () => {
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

it.each(SEEDS)("[FS8] [FS10] [HT67] files outlive a kill -9 of their server, seed %i", async (seed) => {
  folder = mkdtempSync(join(tmpdir(), "ledge-files-"));
  const { start, kill } = filesProcess(folder);
  server = { start, kill };
  const random = seeded(seed);
  const writers = fileWriters(seed, 4);
  for (let round = 0; round < KILLS; round++) {
    const origin = await start();
    const running = writers.run(origin);
    // Somewhere within what they do: what they have done tells when, not a clock.
    const enough = writers.total() + random.between(30, 60);
    await expect.poll(() => writers.total(), { timeout: 120_000, interval: 5 }).toBeGreaterThanOrEqual(enough);
    await kill();
    expect(await running).toBe(4);
  }

  const origin = await start();
  const wrong: string[] = [];
  let inFlight = 0;
  for (const [at, outcomes] of writers.ledger) {
    const reply = await fetch(origin + at, { headers: { authorization: "Bearer dev:alice" } });
    const bytes = new Uint8Array(await reply.arrayBuffer());
    const found = reply.status === 404 ? null : digestOf(bytes);
    if (outcomes.size > 1) inFlight += 1;
    if (!outcomes.has(found)) wrong.push(`${at}: ${reply.status}, ${found} is none of ${[...outcomes].join(", ")}`);
  }
  expect(wrong).toEqual([]);
  const { lost, orphans } = await sweep(origin);
  expect(lost).toEqual([]);
  await kill();
  const toCome = pendingEffects();
  expect(orphans.filter((key) => !toCome.includes(key))).toEqual([]);

  // It was a campaign: everything was acknowledged at some time, and something was in flight at a kill.
  console.log(
    `seed ${seed}: ${writers.total()} acknowledged ${JSON.stringify(writers.acknowledged)}, ${inFlight} in flight, ${orphans.length} yet to be removed`,
  );
  expect(Object.keys(writers.acknowledged).sort()).toEqual([
    "attach",
    "copy",
    "move",
    "parts",
    "remove",
    "replace",
    "upload",
  ]);
  expect(inFlight).toBeGreaterThan(0);
});

async function sweep(origin: string): Promise<{ readonly lost: unknown[]; readonly orphans: string[] }> {
  const found = { lost: [] as unknown[], orphans: [] as string[] };
  let next: unknown;
  do {
    const reply = await fetch(`${origin}/_/files/sweep`, {
      method: "POST",
      headers: { authorization: "Bearer dev:root,role=admin", "content-type": "application/json" },
      body: JSON.stringify({ act: "look", ...(next === undefined ? {} : { next }) }),
    });
    const step = (await reply.json()) as { lost: unknown[]; orphans: string[]; next: unknown };
    found.lost.push(...step.lost);
    found.orphans.push(...step.orphans);
    next = step.next;
  } while (next !== null);
  return found;
}

/** All effects that objects have yet to deliver, as they lie on disk. */
function pendingEffects(): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
  return files
    .map((name) =>
      withDatabase(join(folder, name), (database) => {
        if (!hasTable(database, "_retries")) return "";
        const set = database.prepare("SELECT effect AS text FROM _retries").all();
        const fresh = database
          .prepare(
            "SELECT effects AS text FROM _log WHERE effects IS NOT NULL AND seq > (SELECT ifnull(max(CAST(value AS INTEGER)), 0) FROM _meta WHERE name = 'outbox')",
          )
          .all();
        return [...set, ...fresh].map(({ text }) => String(text)).join("\n");
      }),
    )
    .join("\n");
}
