/**
 * `npm run bench:jobs`: jobs a second and latency beside a bare queue consumer, in turns, medians; rows written and messages a job. COUNT= says
 * how many jobs a round, ROUNDS= how often. One workerd, the queues of Miniflare in memory.
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./median.ts";
import { bundleWorker, LEDGE_BINDINGS, startWorker } from "./start-worker.ts";

const COUNT = Number(process.env.COUNT ?? 500);
const ROUNDS = Number(process.env.ROUNDS ?? 5);

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
  for (const path of ["/ledge", "/bare"]) await round(path, 20);
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

async function round(path: string, count: number) {
  const startedAt = Date.now();
  const sent = await fetch(url + path, {
    method: "POST",
    body: JSON.stringify({ count }),
    headers: { "content-type": "application/json" },
  });
  if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`);
  await sent.arrayBuffer();
  const latencies: number[] = [];
  let messages = 0;
  let lastAt = startedAt;
  while (latencies.length < count) {
    if (Date.now() > startedAt + 60_000) throw new Error(`${latencies.length} of ${count} ran`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const done = (await (await fetch(`${url}/done`)).json()) as Done;
    latencies.push(...done.latencies);
    messages += done.messages;
    lastAt = Math.max(lastAt, done.lastAt);
  }
  return { seconds: Math.max(1, lastAt - startedAt) / 1000, messages, latency: latencies[0] ?? 0 };
}
