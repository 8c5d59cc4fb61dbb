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

const runsOf = ({ everyMs, startedAtMs }: ScheduleRow): NextRun =>
  everyMs === null ? cronLike : everyRun(startedAtMs, everyMs);

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
    const inserted = log.flatMap(([was, is]) => (was === null && is !== null ? [is] : []));
    this.#checkSchedules(before, nowMs, inserted);
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
      if (runs.length > 0) this.turn(nowMs, (port) => wakeSchedules(port, runs));
      if (isPulse) this.turn(nowMs, pulse);
      if (isPulse && this.state.pulseAtMs !== null) this.#hit("pulse called");
    }
    this.problems.push("the alarm comes to no end");
  }

  /** What a turn did to schedules, beside what it should have done: their runs that were due, each once, and nothing else. */
  #checkSchedules(before: State, nowMs: number, inserted: readonly JobRow[]): void {
    for (const id of new Set([...before.schedules.keys(), ...this.state.schedules.keys()])) {
      const [was, is] = [before.schedules.get(id) ?? null, this.state.schedules.get(id) ?? null];
      const made = inserted.filter(({ scheduleId, originalId }) => scheduleId === id && originalId === null).length;
      const others = inserted.filter(({ scheduleId }) => scheduleId !== id);
      // What another schedule of the turn made for nobody holds this one back, if it came first.
      const rows = made === 0 ? [...before.jobs.values(), ...others] : [...before.jobs.values()];
      const expected = was === is || was === null ? [] : this.#dueRuns(was, nowMs, rows);
      if (made > 0) this.#hit("scheduled run");
      if (made !== expected.length)
        this.problems.push(`schedule ${id} made ${made} runs at ${nowMs}, due were ${expected}`);
      if (is !== null) this.runs.set(id, [...(this.runs.get(id) ?? []), ...expected]);
      // One that is made anew under the id of one that was removed is another.
      else this.runs.delete(id);
      if (was === is || is === null) continue;
      const next = is.isPaused ? null : runsOf(is)(Math.max(nowMs, is.lastAtMs ?? 0));
      if (is.nextAtMs !== next) this.problems.push(`schedule ${id} is to run at ${is.nextAtMs}, not at ${next}`);
      if (was !== null && was.everyMs === is.everyMs && was.name === is.name && was.startedAtMs !== is.startedAtMs) {
        if (was.catchUp === is.catchUp) this.problems.push(`schedule ${id} is the same and counts anew`);
      }
      if (expected.length > 0 && (is.everyMs !== was?.everyMs || is.isPaused)) this.#hit("schedule changed while due");
    }
  }

  #dueRuns(schedule: ScheduleRow, nowMs: number, rows: readonly JobRow[]): readonly number[] {
    const { catchUp, name } = schedule;
    const wanted: number[] = [];
    const next = runsOf(schedule);
    for (let at = schedule.nextAtMs; at !== null && at <= nowMs; at = next(at)) wanted.push(at);
    const late = wanted.filter((at) => at < nowMs - 60_000);
    if (late.length > 0) this.#hit(catchUp === "skip" ? "runs left out" : "runs made up");
    if (!(name in MAX_AT_ONCE) && rows.some((job) => job.name === name && job.place !== null)) {
      this.#hit("run for nobody");
      return [];
    }
    return catchUp === "all" ? wanted : catchUp === "last" ? wanted.slice(-1) : wanted.slice(late.length);
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
      waiting: (limit) => Math.min(limit, inLine().filter(({ name }) => !state.paused.has(name)).length),
      waitingKnown: (limit) =>
        Math.min(limit, inLine().filter(({ name }) => name in MAX_AT_ONCE && !state.paused.has(name)).length),
      strays: (limit) =>
        inLine()
          .filter(({ name }) => !(name in MAX_AT_ONCE))
          .slice(0, limit),
      policyOf: () => POLICY,
      isKnown: (name) => name in MAX_AT_ONCE,
      isPaused: (name) => state.paused.has(name),
      pulseAtMs: () => state.pulseAtMs,
      setPulse: (atMs) => {
        state.pulseAtMs = atMs;
      },
      callHandlers: (count) => void state.effects.push({ kind: "call", count }),
      tellDead: (job) => void state.effects.push({ kind: "dead", id: job.id }),
      findSchedule: (id) => state.schedules.get(id) ?? null,
      declaredSchedules: () => [...state.schedules.values()].filter(({ isDeclared }) => isDeclared),
      insertSchedule: (schedule) => {
        if (state.schedules.has(schedule.id)) this.problems.push(`schedule ${schedule.id} is there twice`);
        state.schedules.set(schedule.id, schedule);
      },
      removeSchedule: ({ id }) => void state.schedules.delete(id),
      updateSchedule: (_, after) => void state.schedules.set(after.id, after),
      runsOf,
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
    if (is.state === "dead" && was?.state === "pending") {
      this.#hit("nobody took it up");
      if (is.name in MAX_AT_ONCE) this.problems.push(`${is.id} was given up, although "${is.name}" is known`);
    }
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
