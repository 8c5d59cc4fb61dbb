/**
 * A campaign over seeds of a simulator, shared out over threads; each simulator has an entry of its own that says what it is about. RUNS
 * (default 2,000) and SEED (the first, default 1) choose them; `SEED=42 RUNS=1` replays one and prints its trace when it fails. Prints
 * how often each interval came up, and fails when a run has a problem or an interval never did.
 */

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

export interface Campaign {
  /** `import.meta.url` of the entry: what each thread runs. */
  readonly entry: string;
  readonly simulate: (seed: number, options?: { readonly isTraced: boolean }) => Simulated;
  readonly intervals: readonly string[];
  /** What `count` counts, as the end of a sentence. */
  readonly counted: string;
  /** What is said when an interval never came up. */
  readonly gap: string;
}

export interface Simulated {
  readonly problems: readonly string[];
  readonly hits: Iterable<readonly [string, number]>;
  readonly trace: readonly string[];
  readonly count: number;
}

interface Share {
  readonly first: number;
  readonly runs: number;
  readonly step: number;
}

interface Tally {
  readonly hits: Readonly<Record<string, number>>;
  readonly count: number;
  readonly failed: readonly { readonly seed: number; readonly problems: readonly string[] }[];
}

/** Enough to work on; FIRST=1 stops at the first. */
const MAX_FAILED = process.env.FIRST === "1" ? 1 : 20;

/** Called by the entry, in the main thread and in those that it starts. */
export async function runCampaign(campaign: Campaign): Promise<void> {
  if (isMainThread) await main(campaign);
  else parentPort?.postMessage(runShare(campaign, workerData as Share));
}

async function main(campaign: Campaign): Promise<void> {
  const runs = Number(process.env.RUNS ?? 2_000);
  const first = Number(process.env.SEED ?? 1);
  const threads = Math.min(Number(process.env.THREADS ?? availableParallelism()), runs);
  const startedAt = performance.now();
  const tallies = await Promise.all(
    Array.from({ length: threads }, (_each, index) => {
      const share = { first: first + index, runs: Math.ceil((runs - index) / threads), step: threads };
      return threads === 1 ? runShare(campaign, share) : inThread(campaign, share);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const failed = tallies.flatMap((tally) => tally.failed).sort((a, b) => a.seed - b.seed);
  const count = tallies.reduce((sum, tally) => sum + tally.count, 0);
  console.log(`${runs} runs from seed ${first}: ${count} ${campaign.counted}, ${seconds.toFixed(1)} s`);
  let isComplete = true;
  for (const interval of campaign.intervals) {
    const hits = tallies.reduce((sum, tally) => sum + (tally.hits[interval] ?? 0), 0);
    if (hits === 0) isComplete = false;
    console.log(`${String(hits).padStart(8)}  ${interval}`);
  }
  for (const { seed, problems } of failed) console.error(`seed ${seed}: ${problems.join("\n  ")}`);
  if (runs === 1 && failed.length > 0) console.error(campaign.simulate(first, { isTraced: true }).trace.join("\n"));
  if (!isComplete && runs >= 1_000) console.error(campaign.gap);
  console.log(failed.length === 0 ? "no problem found" : `${failed.length} seeds failed`);
  process.exitCode = failed.length > 0 || (!isComplete && runs >= 1_000) ? 1 : 0;
}

function inThread({ entry }: Campaign, share: Share): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(entry), { workerData: share });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function runShare({ simulate }: Campaign, { first, runs, step }: Share): Tally {
  const hits: Record<string, number> = {};
  const failed: { seed: number; problems: readonly string[] }[] = [];
  let count = 0;
  for (let index = 0; index < runs && failed.length < MAX_FAILED; index++) {
    const seed = first + index * step;
    let problems: readonly string[];
    try {
      const report = simulate(seed);
      problems = report.problems;
      count += report.count;
      for (const [interval, times] of report.hits) hits[interval] = (hits[interval] ?? 0) + times;
    } catch (error) {
      problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
    if (problems.length > 0) failed.push({ seed, problems });
  }
  return { hits, count, failed };
}
