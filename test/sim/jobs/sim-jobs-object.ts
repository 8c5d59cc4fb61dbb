/**
 * The object of the jobs as the simulator has it: rows in memory, the core's own turns over them, each whole or not at all. Every turn is
 * checked as it commits: nobody overtakes, no more run than may, no attempt beyond the last, runs of schedules each once.
 */

import type { JobPolicy, JobRow } from "../../../src/core/jobs/job-row.ts";
import { pulse } from "../../../src/core/jobs/job-turns.ts";
import type { JobsPort } from "../../../src/core/jobs/jobs-port.ts";
import { everyRun, type NextRun } from "../../../src/core/jobs/plan-runs.ts";
import type { ScheduleRow } from "../../../src/core/jobs/schedule-row.ts";
import { wakeJobs, wakeSchedules } from "../../../src/core/jobs/wake-jobs.ts";
import type { Random } from "../../crash/random.ts";
import type { JobsInterval } from "./jobs-intervals.ts";

export const MAX_AT_ONCE: Readonly<Record<string, number | null>> = { free: null, one: 1, two: 2, fresh: 2 };
export const POLICY: JobPolicy = {
  ...{ maxAttempts: 3, backoff: "exponential", initialMs: 1000, capMs: 20_000, jitter: 0.5 },
  ...{ resultTtlMs: 60_000, deadTtlMs: 200_000 },
};

export type SimEffect =
  | { readonly kind: "call"; readonly count: number }
  | { readonly kind: "dead"; readonly id: string };

/** Irregular, as cron is. */
export const cronLike: NextRun = (afterMs) => {
  const times = [3000, 7000, 20_000];
  const round = Math.floor(afterMs / 30_000) * 30_000;
  for (const base of [round, round + 30_000]) for (const at of times) if (base + at > afterMs) return base + at;
  return null;
};

interface State {
  readonly jobs: Map<string, JobRow>;
  readonly schedules: Map<string, ScheduleRow>;
  readonly paused: Set<string>;
  pulseAtMs: number | null;
  readonly effects: SimEffect[];
}

export class SimJobsObject {
  state: State = { jobs: new Map(), schedules: new Map(), paused: new Set(), pulseAtMs: null, effects: [] };
  readonly problems: string[] = [];
  /** Runs of each schedule that became jobs, by the time they were for. */
  readonly runs = new Map<string, number[]>();
  /** Ids of jobs that have ended, and how; also of those that were removed. */
  readonly ended = new Map<string, JobRow["state"]>();
  readonly everInserted = new Set<string>();
  #ids = 0;
  readonly #random: Random;
  readonly #hit: (interval: JobsInterval) => void;

  constructor(random: Random, hit: (interval: JobsInterval) => void) {
    this.#random = random;
    this.#hit = hit;
  }

  /** One turn: what it did stays unless `fate` says that the object is lost before its commit. */
  turn<T>(nowMs: number, work: (port: JobsPort) => T, fate: "stays" | "lost" = "stays"): T {
    const before = this.state;
    this.state = {
      jobs: new Map(before.jobs),
      schedules: new Map(before.schedules),
      paused: new Set(before.paused),
      pulseAtMs: before.pulseAtMs,
      effects: [...before.effects],
    };
    const log: [JobRow | null, JobRow | null][] = [];
    const value = work(this.#port(nowMs, log));
    if (fate === "lost") {
      this.state = before;
      return value;
    }
    for (const [was, is] of log) this.#check(was, is);
    for (const [name, max] of Object.entries(MAX_AT_ONCE)) {
      const running = [...this.state.jobs.values()].filter(
        (job) => job.name === name && job.state === "running",
      ).length;
      if (max !== null && running > max) this.problems.push(`${running} of "${name}" run at once, ${max} may`);
    }
    return value;
  }

  /** When the alarm is to ring, by the clock of the object. */
  nextWakeMs(): number | null {
    const { jobs, schedules, pulseAtMs } = this.state;
    const times = [
      ...[...jobs.values()].map(({ wakeAtMs }) => wakeAtMs),
      ...[...schedules.values()].map(({ nextAtMs }) => nextAtMs),
      pulseAtMs,
    ].filter((at) => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** All that is due, a few rows a commit. */
  alarm(nowMs: number, limit: number): void {
    for (let rounds = 0; rounds < 500; rounds++) {
      const due = [...this.state.jobs.values()]
        .filter(({ wakeAtMs }) => wakeAtMs !== null && wakeAtMs <= nowMs)
        .sort((a, b) => (a.wakeAtMs ?? 0) - (b.wakeAtMs ?? 0))
        .slice(0, limit);
      const runs = [...this.state.schedules.values()].filter(({ nextAtMs }) => nextAtMs !== null && nextAtMs <= nowMs);
      const isPulse = this.state.pulseAtMs !== null && this.state.pulseAtMs <= nowMs;
      if (due.length === 0 && runs.length === 0 && !isPulse) return;
      if (due.some(({ state }) => state === "running")) this.#hit("lease over");
      if (due.length > 0) this.turn(nowMs, (port) => wakeJobs(port, due));
      if (runs.length > 0) this.turn(nowMs, (port) => this.#wakeSchedules(port, runs));
      if (isPulse) this.turn(nowMs, pulse);
      if (isPulse && this.state.pulseAtMs !== null) this.#hit("pulse called");
    }
    this.problems.push("the alarm comes to no end");
  }

  /** Each schedule alone, and beside it what its runs should have been. */
  #wakeSchedules(port: JobsPort, schedules: readonly ScheduleRow[]): void {
    for (const schedule of schedules) {
      const wanted: number[] = [];
      const next = port.runsOf(schedule);
      for (let at = schedule.nextAtMs; at !== null && at <= port.nowMs; at = next(at)) wanted.push(at);
      const late = wanted.filter((at) => at < port.nowMs - 60_000);
      const expected =
        schedule.catchUp === "all"
          ? wanted
          : schedule.catchUp === "last"
            ? wanted.slice(-1)
            : wanted.slice(late.length);
      if (late.length > 0) this.#hit(schedule.catchUp === "skip" ? "runs left out" : "runs made up");
      const before = new Set(this.state.jobs.keys());
      wakeSchedules(port, [schedule]);
      const made = [...this.state.jobs.keys()].filter((id) => !before.has(id)).length;
      if (made > 0) this.#hit("scheduled run");
      if (made !== expected.length)
        this.problems.push(`schedule ${schedule.id} made ${made} runs at ${port.nowMs}, due were ${expected}`);
      this.runs.set(schedule.id, [...(this.runs.get(schedule.id) ?? []), ...expected]);
    }
  }

  #port(nowMs: number, log: [JobRow | null, JobRow | null][]): JobsPort {
    const state = this.state;
    const inLine = () => [...state.jobs.values()].filter(({ place }) => place !== null && place >= 0);
    return {
      nowMs,
      pulseMs: 30_000,
      random: () => this.#random.next(),
      newId: () => `n${this.#ids++}`,
      find: (id) => state.jobs.get(id) ?? null,
      insert: (job) => {
        if (state.jobs.has(job.id)) this.problems.push(`${job.id} is there twice`);
        state.jobs.set(job.id, job);
        log.push([null, job]);
      },
      update: (before, after) => {
        state.jobs.set(after.id, after);
        log.push([before, after]);
      },
      remove: (job) => {
        state.jobs.delete(job.id);
        log.push([job, null]);
      },
      first: (name) =>
        inLine()
          .filter((job) => job.name === name)
          .sort((a, b) => (a.place ?? 0) - (b.place ?? 0) || (a.id < b.id ? -1 : 1))[0] ?? null,
      running: (name) => [...state.jobs.values()].filter((job) => job.name === name && job.place === -1).length,
      waiting: (limit) => Math.min(limit, inLine().length),
      policyOf: () => POLICY,
      isPaused: (name) => state.paused.has(name),
      pulseAtMs: () => state.pulseAtMs,
      setPulse: (atMs) => {
        state.pulseAtMs = atMs;
      },
      callHandlers: (count) => void state.effects.push({ kind: "call", count }),
      tellDead: (job) => void state.effects.push({ kind: "dead", id: job.id }),
      updateSchedule: (_, after) => void state.schedules.set(after.id, after),
      runsOf: ({ everyMs, startedAtMs }) => (everyMs === null ? cronLike : everyRun(startedAtMs, everyMs)),
    };
  }

  #check(was: JobRow | null, is: JobRow | null): void {
    if (is === null) {
      const state = was?.state;
      this.#hit("removed");
      if (state !== "completed" && state !== "dead" && state !== "cancelled")
        this.problems.push(`${was?.id} was removed while ${state}`);
      return;
    }
    this.everInserted.add(is.id);
    if (is.attempt > POLICY.maxAttempts) this.problems.push(`${is.id} is at attempt ${is.attempt}`);
    if (is.state === "running" && was?.state !== "running" && is.attempt <= (was?.attempt ?? 0))
      this.problems.push(`${is.id} begins attempt ${is.attempt} anew`);
    if (was?.cancelAtMs != null && was.state === "running" && is.state !== "running" && is.state !== "cancelled")
      this.problems.push(`${is.id} was to stop and is ${is.state}`);
    const known = this.ended.get(is.id);
    if (known !== undefined && known !== is.state) this.problems.push(`${is.id} was ${known} and is ${is.state}`);
    if (is.state === "completed" || is.state === "dead" || is.state === "cancelled") this.ended.set(is.id, is.state);
  }
}
