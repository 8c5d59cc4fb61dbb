/**
 * `npm run bench:jobs`: what a job costs in rows, queue operations and requests of its object; whether all sleeps when nothing is due; jobs a
 * second and latency beside a bare queue consumer, in turns, medians. COUNT= says how many jobs a round, ROUNDS= how often. One workerd, the
 * queues of Miniflare in memory.
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cost } from "./jobs-worker.ts";
import { median } from "./median.ts";
import { bundleWorker, LEDGE_BINDINGS, startWorker } from "./start-worker.ts";

const COUNT = Number(process.env.COUNT ?? 500);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
/** Jobs are measured one by one, and slept after, for so long. */
const SINGLES = 20;
const SLEEP_MS = 5000;
/** A message is written, read and removed. */
const OPERATIONS_A_MESSAGE = 3;
/** As `jobs-worker.ts` has it. */
const PULSE_MS = 2000;

interface Done {
  readonly lastAt: number;
  readonly messages: number;
  readonly latencies: readonly number[];
}

const folder = mkdtempSync(join(tmpdir(), "ledge-bench-jobs-"));
const script = await bundleWorker(folder, {
  entryPoints: [join(import.meta.dirname, "jobs-worker.ts")],
  loader: { ".sql": "text" },
});
const consumer = { maxBatchSize: 10, maxBatchTimeout: 0 };
const { url, stop } = await startWorker(folder, script, {
  ...LEDGE_BINDINGS,
  queueProducers: { LEDGE_QUEUE: "ledge-jobs", BARE: "bare" },
  queueConsumers: { "ledge-jobs": consumer, bare: consumer },
});
try {
  await round("/bare", 20);
  await sleep();
  await cost(
    `one alone (${SINGLES} of them)`,
    Array.from({ length: SINGLES }, () => 1),
  );
  await cost(`one of a burst of ${COUNT}`, [COUNT]);
  const told: Record<string, { rate: number[]; messages: number[]; alone: number[] }> = {};
  for (let index = 0; index < ROUNDS; index++) {
    for (const path of ["/ledge", "/bare"]) {
      told[path] ??= { rate: [], messages: [], alone: [] };
      const { seconds, messages } = await round(path, COUNT);
      told[path].rate.push(COUNT / seconds);
      told[path].messages.push(messages / COUNT);
      for (let single = 0; single < 10; single++) told[path].alone.push((await round(path, 1)).latency);
    }
  }
  for (const [path, { rate, messages, alone }] of Object.entries(told))
    console.log(
      `${path}: ${Math.round(median(rate))} a second in a burst of ${COUNT}, one alone begins after ${median(alone)} ms, ${median(messages).toFixed(2)} messages each`,
    );
} finally {
  await stop();
}

/** Once the last job has gone and its pulse has passed: nothing is to ring, nothing comes. */
async function sleep() {
  await round("/ledge", 5, { isPassing: true });
  await pause(3 * PULSE_MS);
  await spent();
  await pause(SLEEP_MS);
  const { requests, alarms, rows, messages, wakesAtMs } = await spent();
  const wakes =
    wakesAtMs === null ? "no alarm is set" : `the alarm rings in ${hours(wakesAtMs)} h, to remove what has ended`;
  console.log(
    `asleep for ${SLEEP_MS / 1000} s: ${wakes}; ${messages} messages, ${requests} requests, ${alarms} alarms, ${rows} rows`,
  );
}

async function cost(what: string, rounds: readonly number[]) {
  await spent();
  let [jobs, messages] = [0, 0];
  for (const count of rounds) {
    messages += (await round("/ledge", count)).messages;
    jobs += count;
  }
  // The end of the last, and the pulse.
  await pause(3 * PULSE_MS);
  const after = await spent();
  const each = (number: number) => (number / jobs).toFixed(2);
  const operations = (messages + after.messages) * OPERATIONS_A_MESSAGE;
  console.log(
    `${what} costs ${each(after.rows)} rows written, ${each(operations)} operations of the queue, ${each(after.requests)} requests of its object and ${each(after.alarms)} alarms`,
  );
}

/** Since it was asked last. */
async function spent(): Promise<Cost & Pick<Done, "messages">> {
  const [told, { messages }] = [await read<Cost>("/cost"), await read<Done>("/done")];
  return { ...told, messages };
}

async function read<T>(path: string): Promise<T> {
  return (await (await fetch(url + path)).json()) as T;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function hours(atMs: number): string {
  return ((atMs - Date.now()) / 3_600_000).toFixed(1);
}

async function round(path: string, count: number, more: { readonly isPassing?: boolean } = {}) {
  const startedAt = Date.now();
  const sent = await fetch(url + path, {
    method: "POST",
    body: JSON.stringify({ count, ...more }),
    headers: { "content-type": "application/json" },
  });
  if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`);
  await sent.arrayBuffer();
  const latencies: number[] = [];
  let messages = 0;
  let lastAt = startedAt;
  while (latencies.length < count) {
    if (Date.now() > startedAt + 60_000) throw new Error(`${latencies.length} of ${count} ran`);
    await pause(10);
    const done = await read<Done>("/done");
    latencies.push(...done.latencies);
    messages += done.messages;
    lastAt = Math.max(lastAt, done.lastAt);
  }
  return { seconds: Math.max(1, lastAt - startedAt) / 1000, messages, latency: latencies[0] ?? 0 };
}
