/**
 * `npm run sim:live`: many seeds of the simulation of live queries, shared out over threads. RUNS (default 2,000) and SEED (the first,
 * default 1) choose them; `SEED=42 RUNS=1` replays one and prints its trace when it fails. Prints how often each interval was gone
 * through, and fails when a run has a problem or an interval never came up.
 */

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { LIVE_INTERVALS, simulateLive } from "./simulate-live.ts";

interface Share {
  readonly first: number;
  readonly runs: number;
  readonly step: number;
}

interface Tally {
  readonly hits: Readonly<Record<string, number>>;
  readonly compared: number;
  readonly failed: readonly { readonly seed: number; readonly problems: readonly string[] }[];
}

/** Enough to work on; FIRST=1 stops at the first. */
const MAX_FAILED = process.env.FIRST === "1" ? 1 : 20;

if (isMainThread) await main();
else parentPort?.postMessage(runShare(workerData as Share));

async function main(): Promise<void> {
  const runs = Number(process.env.RUNS ?? 2_000);
  const first = Number(process.env.SEED ?? 1);
  const threads = Math.min(Number(process.env.THREADS ?? availableParallelism()), runs);
  const startedAt = performance.now();
  const tallies = await Promise.all(
    Array.from({ length: threads }, (_each, index) => {
      const share = { first: first + index, runs: Math.ceil((runs - index) / threads), step: threads };
      return threads === 1 ? runShare(share) : inThread(share);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const failed = tallies.flatMap((tally) => tally.failed).sort((a, b) => a.seed - b.seed);
  const compared = tallies.reduce((sum, tally) => sum + tally.compared, 0);
  console.log(`${runs} runs from seed ${first}: ${compared} views compared, ${seconds.toFixed(1)} s`);
  let isComplete = true;
  for (const interval of LIVE_INTERVALS) {
    const count = tallies.reduce((sum, tally) => sum + (tally.hits[interval] ?? 0), 0);
    if (count === 0) isComplete = false;
    console.log(`${String(count).padStart(8)}  ${interval}`);
  }
  for (const { seed, problems } of failed) console.error(`seed ${seed}: ${problems.join("\n  ")}`);
  if (runs === 1 && failed.length > 0) console.error(simulateLive(first, { isTraced: true }).trace.join("\n"));
  if (!isComplete && runs >= 1_000) console.error("an interval never came up");
  console.log(failed.length === 0 ? "no problem found" : `${failed.length} seeds failed`);
  process.exitCode = failed.length > 0 || (!isComplete && runs >= 1_000) ? 1 : 0;
}

function inThread(share: Share): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: share });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function runShare({ first, runs, step }: Share): Tally {
  const hits: Record<string, number> = {};
  const failed: { seed: number; problems: readonly string[] }[] = [];
  let compared = 0;
  for (let index = 0; index < runs && failed.length < MAX_FAILED; index++) {
    const seed = first + index * step;
    let problems: readonly string[];
    try {
      const report = simulateLive(seed);
      problems = report.problems;
      compared += report.compared;
      for (const [interval, count] of report.hits) hits[interval] = (hits[interval] ?? 0) + count;
    } catch (error) {
      problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
    if (problems.length > 0) failed.push({ seed, problems });
  }
  return { hits, compared, failed };
}
