/**
 * `npm run bench`: Ledge, the hand-written floor, and Hono + Drizzle + D1, on the same workerd, one after the other in turns, at
 * 1 and 50 connections; medians over the rounds and ratios. Before anything is timed it asserts that all three return the
 * same bytes. ROUNDS=, SECONDS= (per measurement), ROWS= widen or shorten it; `--write` puts the result into docs/benchmarks.md.
 */

import { cpus } from "node:os";
import autocannon from "autocannon";
import { type Contender, type ContenderName, startContender } from "./contenders.ts";
import { ITEMS_PER_OWNER, type Item, itemAt } from "./items.ts";
import { type Result, report, writeReport } from "./report.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.SECONDS ?? 2);
const ROWS = Number(process.env.ROWS ?? 1000);
const NAMES: readonly ContenderName[] = ["ledge", "floor", "hono-d1"];
const JSON_TYPE = { "content-type": "application/json" };

interface Operation {
  readonly name: Result["operation"];
  /** The k-th request of a contender; `next` numbers rows that do not exist yet. */
  readonly request: (k: number, next: () => number) => autocannon.Request;
}

const OPERATIONS: readonly Operation[] = [
  { name: "get", request: (k) => ({ method: "GET", path: `/api/items/${itemAt((k * 7919) % ROWS).id}` }) },
  { name: "list", request: (k) => ({ method: "GET", path: listPath((k * 31) % Math.floor(ROWS / ITEMS_PER_OWNER)) }) },
  {
    name: "create",
    request: (_k, next) => ({
      method: "POST",
      path: "/api/items",
      headers: JSON_TYPE,
      body: JSON.stringify(itemAt(next())),
    }),
  },
  {
    name: "patch",
    request: (k) => ({
      method: "PATCH",
      path: `/api/items/${itemAt((k * 7919) % ROWS).id}`,
      headers: JSON_TYPE,
      body: `{"rank":${k + 1000}}`,
    }),
  },
];

const contenders = await Promise.all(NAMES.map((name) => startContender(name, ROWS)));
try {
  for (const contender of contenders) await fill(contender);
  await assertSameBytes(contenders);
  const results: Result[] = [];
  const counters = new Map(NAMES.map((name) => [name, { k: 0, row: ROWS + 1_000_000 }]));
  for (const operation of OPERATIONS) {
    for (const connections of [1, 50]) {
      for (let round = 0; round < ROUNDS; round++) {
        // A different contender goes first each round, so that none always meets a warm or a tired machine.
        const order = [
          ...contenders.slice(round % contenders.length),
          ...contenders.slice(0, round % contenders.length),
        ];
        for (const contender of order) {
          const perSecond = await measure(
            contender,
            operation,
            connections,
            counters.get(contender.name) ?? { k: 0, row: 0 },
          );
          results.push({ operation: operation.name, contender: contender.name, connections, round, perSecond });
        }
      }
    }
  }
  const text = report(results, {
    rounds: ROUNDS,
    seconds: SECONDS,
    rows: ROWS,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
  });
  console.log(text);
  if (process.argv.includes("--write")) writeReport(text);
} finally {
  await Promise.all(contenders.map((contender) => contender.stop()));
}

function listPath(owner: number): string {
  return `/api/items?filter=${encodeURIComponent(`ownerId=="owner-${owner}"`)}&limit=${ITEMS_PER_OWNER}`;
}

async function fill({ url }: Contender): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < ROWS) {
      const response = await send(url, "POST", "/api/items", itemAt(next++));
      if (response.status !== 201) throw new Error(`filling failed: ${response.status} ${response.text}`);
    }
  };
  await Promise.all(Array.from({ length: 20 }, writer));
}

async function assertSameBytes(all: readonly Contender[]): Promise<void> {
  const extra = itemAt(ROWS + 999_999);
  const steps: readonly [string, string, (Item | object)?][] = [
    ["GET", `/api/items/${itemAt(3).id}`],
    ["GET", listPath(2)],
    ["PATCH", `/api/items/${itemAt(5).id}`, { rank: 77 }],
    ["POST", "/api/items", extra],
    ["GET", `/api/items/${extra.id}`],
  ];
  for (const [method, path, body] of steps) {
    const answers = await Promise.all(all.map(({ url }) => send(url, method, path, body)));
    const [first, ...rest] = answers.map(({ status, text }) => `${status} ${text}`);
    for (const other of rest) {
      if (other !== first) throw new Error(`${method} ${path} differs:\n${first}\n${other}`);
    }
  }
}

async function send(
  url: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const init = body === undefined ? { method } : { method, headers: JSON_TYPE, body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  return { status: response.status, text: await response.text() };
}

async function measure(
  { url }: Contender,
  operation: Operation,
  connections: number,
  counter: { k: number; row: number },
): Promise<number> {
  const outcome = await autocannon({
    url,
    connections,
    duration: SECONDS,
    requests: [{ setupRequest: (request) => ({ ...request, ...operation.request(counter.k++, () => counter.row++) }) }],
  });
  if (outcome.non2xx > 0 || outcome.errors > 0)
    throw new Error(`${operation.name}: ${outcome.non2xx} refused, ${outcome.errors} errors`);
  return outcome.requests.total / outcome.duration;
}
