/**
 * Chooses where the next objects are aborted and where the process is next stopped, and counts what came of it. Points that were hit
 * least come first. Talks to `app/harm.ts` in the process.
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
  readonly evictions: () => number;
  /** Has objects aborted at points that need it, and waits a moment for the first. */
  abortSomewhere(focus: Focus): Promise<void>;
  /** Has the process stop at one of the points that need it; false when nothing came by. The caller kills. */
  stopSomewhere(focus: Focus): Promise<boolean>;
  evict(object: string): Promise<void>;
  /** To be called before the process is killed: its counts go with it. */
  collect(): Promise<void>;
  /** Points where no object and no process has ended yet: those of alarms, or with `all` the others. */
  missing(focus: Focus): FailPointName[];
}

/** `effects`: alarms alone. The platform delays an alarm more with each abort, so that under aborts of writes few ever end. */
export type Focus = "all" | "effects";

/** How long a set of points is waited for. */
const WAIT_MS = 150;
const STOP_WAIT_MS = 500;
const NEEDY = 3;
const OTHERS = 3;
/** Every third plan is for a pass after the first: a group's second member, the second object that wakes. */
const SKIP_CHANCE = 0.3;

export type PointTally = ReadonlyMap<FailPointName, PointCounts>;

export function newTally(points: readonly FailPointName[]): PointTally {
  return new Map(points.map((name) => [name, { passed: 0, aborted: 0, killed: 0 }]));
}

/** Adds to `counts`, whose points are the ones to hit. */
export function harmDriver(server: WorkerdProcess, random: Random, counts: PointTally): HarmDriver {
  const points = [...counts.keys()];
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
  /**
   * The points hit least, and some others besides, lest those that nobody passes stand in the way. Of an alarm's points one at a
   * time: an earlier one would end it before it comes to the later.
   */
  const plan = (act: Plan["act"], count: "aborted" | "killed", focus: Focus) => {
    const eligible = points.filter((name) => focus === "all" || isOfEffects(name));
    const order = eligible.map((name) => ({ name, rank: (counts.get(name)?.[count] ?? 0) + random.next() }));
    const least = order.sort((a, b) => a.rank - b.rank).slice(0, focus === "all" ? NEEDY : 1);
    const others = Array.from({ length: focus === "all" ? OTHERS : 0 }, () => random.pick(eligible));
    const names = new Set([...least.map(({ name }) => name), ...others]);
    const plans = [...names].map((point): Plan => {
      const skip = random.chance(SKIP_CHANCE) ? random.between(1, 3) : 0;
      return { point, act, skip, times: random.chance(SKIP_CHANCE) ? 2 : 1 };
    });
    return ask("/harm/plans", plans);
  };
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
    evictions: () => evicted,
    collect,
    async abortSomewhere(focus) {
      const before = sum(counts, "aborted");
      await plan("abort", "aborted", focus);
      for (const end = Date.now() + WAIT_MS; Date.now() < end && sum(counts, "aborted") === before; ) {
        await pause(10);
        await collect();
      }
    },
    async stopSomewhere(focus) {
      stoppedAt = null;
      // It may stand still before it has answered.
      void plan("stop", "killed", focus);
      for (const end = Date.now() + STOP_WAIT_MS; Date.now() < end && stoppedAt === null; ) await pause(2);
      const count = counts.get(stoppedAt as unknown as FailPointName);
      if (count === undefined) return false;
      count.killed += 1;
      return true;
    },
    async evict(object) {
      const answer = (await ask(`/harm/evict?object=${encodeURIComponent(object)}`)) as { isEvicted: boolean } | null;
      if (answer?.isEvicted === true) evicted += 1;
    },
    missing: (focus) =>
      [...counts]
        .filter(([name, { aborted, killed }]) => (focus === "effects") === isOfEffects(name) && aborted + killed === 0)
        .map(([name]) => name),
  };
}

function isOfEffects(name: FailPointName): boolean {
  return /^(alarm|effect|retry)\./.test(name);
}

function sum(counts: PointTally, what: keyof PointCounts): number {
  return [...counts.values()].reduce((total, count) => total + count[what], 0);
}

/** One line a point: how often it was passed, and how often an object, or the process, ended there. */
export function describePoints(counts: PointTally): string {
  const lines = [...counts].map(
    ([name, { passed, aborted, killed }]) =>
      `  ${name.padEnd(30)}${String(passed).padStart(9)}${String(aborted).padStart(9)}${String(killed).padStart(8)}`,
  );
  return [
    `  ${"interval".padEnd(30)}${"passed".padStart(9)}${"aborted".padStart(9)}${"killed".padStart(8)}`,
    ...lines,
  ].join("\n");
}
