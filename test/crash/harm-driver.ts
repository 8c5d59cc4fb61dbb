/**
 * Chooses where the next object is aborted and where the process is next stopped, and counts what came of it. Points that were hit
 * least come first; one that nothing passes for a while makes room for others. Talks to `app/harm.ts` in the process.
 */

import type { FailPointName } from "../../durable-objects/table/fail-points.ts";
import { type HarmDone, type Plan, STOPPED_AT } from "./app/harm.ts";
import type { Random } from "./random.ts";
import { pause, type WorkerdProcess } from "./workerd-process.ts";

export interface PointCounts {
  passed: number;
  aborted: number;
  /** kill -9 exactly there. */
  killed: number;
}

export interface HarmDriver {
  readonly counts: ReadonlyMap<FailPointName, PointCounts>;
  readonly evictions: () => number;
  /** Has an object aborted at the point that needs it most, and waits a moment for it. */
  abortSomewhere(): Promise<void>;
  /** Has the process stop at the point that needs it most; false when nothing came by. The caller kills. */
  stopSomewhere(): Promise<boolean>;
  evict(object: string): Promise<void>;
  /** To be called before the process is killed: its counts go with it. */
  collect(): Promise<void>;
  /** Points where no object and no process has ended yet. */
  missing(): FailPointName[];
}

const WAIT_MS = 250;
/** Every third plan is for a pass after the first: a group's second member, the second object that wakes. */
const SKIP_CHANCE = 0.3;

export function harmDriver(server: WorkerdProcess, random: Random, points: readonly FailPointName[]): HarmDriver {
  const counts = new Map(points.map((name) => [name, { passed: 0, aborted: 0, killed: 0 }]));
  const tried = new Map<string, number>();
  let known: HarmDone = { passed: {}, aborted: {} };
  let evicted = 0;
  let stoppedAt: string | null = null;
  server.onLine((line) => {
    if (line.startsWith(STOPPED_AT)) stoppedAt = line.slice(STOPPED_AT.length);
  });

  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    try {
      const reply = await fetch(`${server.origin}${path}`, { ...options, signal: AbortSignal.timeout(2000) });
      return await reply.json();
    } catch {
      return null; // It stands still, or is gone: the kill is on its way.
    }
  };
  const neediest = (count: "aborted" | "killed"): FailPointName => {
    const weight = (name: FailPointName) => (counts.get(name)?.[count] ?? 0) * 3 + (tried.get(`${count} ${name}`) ?? 0);
    const least = Math.min(...points.map(weight));
    const name = random.pick(points.filter((each) => weight(each) === least));
    tried.set(`${count} ${name}`, (tried.get(`${count} ${name}`) ?? 0) + 1);
    return name;
  };
  const plan = (point: FailPointName, act: Plan["act"]) =>
    ask("/harm/plan", { point, act, skip: random.chance(SKIP_CHANCE) ? random.between(1, 3) : 0 } satisfies Plan);
  const collect = async () => {
    const done = (await ask("/harm/done")) as HarmDone | null;
    if (done === null) return;
    for (const [name, count] of counts) {
      // A process that was started anew counts from nothing.
      const isSame = (done.passed["open.tables-created"] ?? 0) >= (known.passed["open.tables-created"] ?? 0);
      count.passed += (done.passed[name] ?? 0) - (isSame ? (known.passed[name] ?? 0) : 0);
      count.aborted += (done.aborted[name] ?? 0) - (isSame ? (known.aborted[name] ?? 0) : 0);
    }
    known = done;
  };

  return {
    counts,
    evictions: () => evicted,
    collect,
    async abortSomewhere() {
      const name = neediest("aborted");
      const before = counts.get(name)?.aborted ?? 0;
      await plan(name, "abort");
      for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
        await pause(5);
        await collect();
        if ((counts.get(name)?.aborted ?? 0) > before) return;
      }
    },
    async stopSomewhere() {
      const name = neediest("killed");
      stoppedAt = null;
      await plan(name, "stop");
      for (const end = Date.now() + WAIT_MS; Date.now() < end && stoppedAt === null; ) await pause(2);
      const count = counts.get(stoppedAt as unknown as FailPointName);
      if (count === undefined) return false;
      count.killed += 1;
      return true;
    },
    async evict(object) {
      const answer = (await ask(`/harm/evict?object=${encodeURIComponent(object)}`)) as { isEvicted: boolean } | null;
      if (answer?.isEvicted === true) evicted += 1;
    },
    missing: () => points.filter((name) => (counts.get(name)?.aborted ?? 0) + (counts.get(name)?.killed ?? 0) === 0),
  };
}

/** One line a point: how often it was passed, and how often an object, or the process, ended there. */
export function describePoints(counts: ReadonlyMap<string, PointCounts>): string {
  const lines = [...counts].map(
    ([name, { passed, aborted, killed }]) =>
      `  ${name.padEnd(30)}${String(passed).padStart(9)}${String(aborted).padStart(9)}${String(killed).padStart(8)}`,
  );
  return [`  ${"interval".padEnd(30)}${"passed".padStart(9)}${"aborted".padStart(9)}${"killed".padStart(8)}`, ...lines].join("\n");
}
