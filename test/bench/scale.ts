/**
 * `npm run bench:scale`: whether a get and a keyset page stay as fast from a thousand rows to a million (ROWS=). The same
 * object is measured small, filled, and measured again; the ratio is what counts.
 */

import autocannon from "autocannon";
import { startContender } from "./contenders.ts";
import { itemAt } from "./items.ts";

const SMALL = 1000;
const LARGE = Number(process.env.ROWS ?? 1_000_000);
const SECONDS = Number(process.env.SECONDS ?? 3);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const BATCH = 1000;
const JSON_TYPE = { "content-type": "application/json" };

const contender = await startContender("ledge", 0);
try {
  await fill(0, SMALL);
  const small = await measureAll(SMALL);
  await fill(SMALL, LARGE);
  const large = await measureAll(LARGE);
  console.log(
    `| read, one connection | ${SMALL} rows, requests/s | ${LARGE} rows, requests/s | time, ${LARGE} rows to ${SMALL} (target ≤ 1.2) |`,
  );
  console.log("|---|---|---|---|");
  for (const [name, before] of small) {
    const after = large.get(name) ?? 0;
    console.log(`| ${name} | ${before.toFixed(0)} | ${after.toFixed(0)} | ${(before / after).toFixed(2)} |`);
  }
} finally {
  await contender.stop();
}

async function fill(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += BATCH) {
    const items = Array.from({ length: Math.min(BATCH, to - n) }, (_, index) => itemAt(n + index));
    const response = await fetch(`${contender.url}/api/items/batch`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({ items }),
    });
    if (response.status !== 201) throw new Error(`filling failed: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }
}

async function measureAll(rows: number): Promise<Map<string, number>> {
  const middle = await cursorAt(Math.floor(rows / 2));
  const reads: readonly [string, (k: number) => string][] = [
    ["get", (k) => `/api/items/${itemAt((k * 7919) % rows).id}`],
    ["first page of 20", () => "/api/items?limit=20"],
    ["page of 20 in the middle", () => `/api/items?limit=20&cursor=${middle}`],
    [
      "20 rows by an index",
      (k) => `/api/items?filter=${encodeURIComponent(`ownerId=="owner-${(k * 31) % Math.floor(rows / 20)}"`)}&limit=20`,
    ],
  ];
  const result = new Map<string, number>();
  for (const [name, path] of reads) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(path));
    result.set(name, rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0);
  }
  return result;
}

/** A cursor is bound to order and table, not to the filter: one row found by its id gives the place to go on from. */
async function cursorAt(n: number): Promise<string> {
  const filter = encodeURIComponent(`id>="${itemAt(n).id}"`);
  const response = await fetch(`${contender.url}/api/items?filter=${filter}&limit=1`);
  return ((await response.json()) as { nextCursor: string }).nextCursor;
}

async function measure(path: (k: number) => string): Promise<number> {
  let k = 0;
  const outcome = await autocannon({
    url: contender.url,
    connections: 1,
    duration: SECONDS,
    requests: [{ setupRequest: (request) => ({ ...request, method: "GET", path: path(k++) }) }],
  });
  if (outcome.non2xx > 0 || outcome.errors > 0) throw new Error(`${outcome.non2xx} refused, ${outcome.errors} errors`);
  return outcome.requests.total / outcome.duration;
}
