/**
 * One seeded run of jobs: people who enqueue, cancel, pause and replay; handlers that succeed, fail, die, hang or come back late; a queue that
 * loses, doubles, delays and reorders; calls whose request or reply is lost; an object that crashes around its commits; clocks that jump; deploys.
 * The turns are the core's own. Once all has come to rest every job must have ended, and what it recorded stands once.
 */

import {
  beginTurn,
  finishOf,
  type HandlerAction,
  type HandlerEnd,
  type HandlerEvent,
  type HandlerStep,
  handlersFor,
  stepTurn,
} from "../../../src/core/jobs/handler-turn.ts";
import type { JobRow } from "../../../src/core/jobs/job-row.ts";
import {
  beat,
  type Claim,
  callFor,
  cancel,
  enqueue,
  type Finish,
  type Heard,
  replay,
  work,
} from "../../../src/core/jobs/job-turns.ts";
import type { JobsPort } from "../../../src/core/jobs/jobs-port.ts";
import type { WantedSchedule } from "../../../src/core/jobs/schedule-row.ts";
import { pauseSchedule, putSchedule, removeSchedule, syncSchedules } from "../../../src/core/jobs/schedule-turns.ts";
import {
  beginLife,
  type Life,
  nextSignMs,
  progressTold,
  signHeard,
  signSent,
} from "../../../src/core/jobs/signs-of-life.ts";
import { completeJob } from "../../../src/core/jobs/step-job.ts";
import { seeded } from "../../crash/random.ts";
import { EventQueue } from "../event-queue.ts";
import type { JobsInterval } from "./jobs-intervals.ts";
import { MAX_AT_ONCE, POLICY, SimJobsObject } from "./sim-jobs-object.ts";

export interface JobsReport {
  readonly problems: readonly string[];
  readonly hits: ReadonlyMap<JobsInterval, number>;
  readonly count: number;
  readonly trace: readonly string[];
}

const SPAN_MS = 240_000;
/** So long that what nobody takes up is given up, and forgotten. */
const CALM_MS = 8 * 86_400_000;
const LEASE_MS = 30_000;
/** The clock of the object, when a run begins. */
const BASE_MS = 1_700_000_010_000;

export function simulateJobs(seed: number, { isTraced = false }: { readonly isTraced?: boolean } = {}): JobsReport {
  const run = new Run(seed, isTraced);
  run.go();
  return { problems: run.problems.slice(0, 5), hits: run.hits, count: run.object.everInserted.size, trace: run.trace };
}

/** Of a definition that no version has any more. */
const GONE = "gone";

interface Attempted {
  readonly life: () => Life;
  readonly live: (now: Life) => void;
  readonly stop: (why: string) => void;
}

/** How a handler's attempt goes. */
type Course = "complete" | "record" | "fail" | "final" | "die" | "stuck";

class Run {
  readonly hits = new Map<JobsInterval, number>();
  readonly trace: string[] = [];
  readonly object: SimJobsObject;
  /** How often the writes of a job that records with its end have stayed. */
  readonly recorded = new Map<string, number>();
  readonly #recording = new Set<string>();
  readonly #told = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #random;
  readonly #events = new EventQueue<() => void>();
  readonly #isTraced: boolean;
  /** Attempts under way, as `id#attempt`. */
  readonly #underWay = new Set<string>();
  #nowMs = 0;
  #skewMs = BASE_MS;
  #isCalm = false;
  #epochOfWorkers = 0;
  #alarmAt: number | null = null;
  #oldVersion = true;

  constructor(seed: number, isTraced: boolean) {
    this.#random = seeded(seed);
    this.#isTraced = isTraced;
    this.object = new SimJobsObject(this.#random, (interval) => this.#hit(interval));
  }

  get problems(): string[] {
    return this.object.problems;
  }

  go(): void {
    const random = this.#random;
    // Without schedules there are times at which nothing else calls a handler.
    if (random.chance(0.6)) this.#declare();
    for (let count = random.chance(0.2) ? random.between(1, 4) : random.between(10, 50); count > 0; count--)
      this.#at(random.between(0, SPAN_MS), () => this.#happen());
    this.#runUntil(SPAN_MS);
    if (this.problems.length > 0) return;
    this.#isCalm = true;
    this.#oldVersion = false;
    // No run of a schedule calls handlers from then on: what lies in line has to be found.
    this.#at(SPAN_MS + 10_000, () =>
      this.#turn((port) => {
        for (const id of this.object.state.schedules.keys()) pauseSchedule(port, { id, isPaused: true });
      }),
    );
    this.#runUntil(SPAN_MS + CALM_MS);
    if (this.problems.length === 0) this.#judge();
  }

  #judge(): void {
    const { object, problems } = this;
    for (const id of this.#asked)
      if (!object.everInserted.has(id)) problems.push(`${id} was acknowledged and is nowhere`);
    for (const id of object.everInserted) if (!object.ended.has(id)) problems.push(`${id} never ended`);
    for (const [id, state] of object.ended) {
      const times = this.recorded.get(id) ?? 0;
      if (times > 1) problems.push(`${id} has recorded ${times} times`);
      if (state === "completed" && this.#recording.has(id) && times !== 1)
        problems.push(`${id} is completed and has recorded ${times} times`);
      if (state !== "completed" && times > 0) problems.push(`${id} is ${state} and has recorded`);
      if (state === "dead" && !this.#told.has(id)) problems.push(`nobody was told that ${id} is dead`);
    }
    for (const [id, runs] of object.runs)
      if (new Set(runs).size !== runs.length) problems.push(`schedule ${id} made a run twice: ${runs}`);
    const { jobs, effects } = object.state;
    if (jobs.size > 0) problems.push(`${jobs.size} rows are left: ${JSON.stringify([...jobs.values()][0])}`);
    if (effects.length > 0) problems.push("effects are left");
    if (object.nextWakeMs() !== null) problems.push("the alarm is set with nothing to do");
  }

  /** As the code of a version has them. */
  #declare(): void {
    const random = this.#random;
    const base = { name: "free", input: null, priority: 50, timeZone: null };
    const wanted = (["skip", "last", "all"] as const)
      .filter(() => random.chance(0.85))
      .map((catchUp) => ({ ...base, id: catchUp, catchUp, ...this.#when() }));
    const tell = () =>
      this.#call(
        (port) => {
          syncSchedules(port, wanted);
          const stand = port.declaredSchedules().map(({ id }) => id);
          if (stand.length !== wanted.length || !wanted.every(({ id }) => stand.includes(id)))
            this.problems.push(`schedules of the code are ${stand}`);
        },
        () => {},
        () => this.#at(this.#nowMs + 1000, tell),
      );
    tell();
  }

  #when(): Pick<WantedSchedule, "cron" | "everyMs"> {
    return this.#random.chance(0.5) ? { cron: "* * * * *", everyMs: null } : { cron: null, everyMs: 25_000 };
  }

  /** Schedules that are made, changed and removed while all runs. A call without an answer is made again. */
  #reschedule(): void {
    const random = this.#random;
    const id = random.pick(["r1", "r2"]);
    const roll = this.object.state.schedules.has(id) ? random.next() : 0;
    const catchUp = random.pick(["skip", "last", "all"] as const);
    const name = random.chance(0.2) ? GONE : "free";
    const wanted = { id, name, input: null, priority: 50, timeZone: null, catchUp, ...this.#when() };
    const act = (port: JobsPort): boolean => {
      if (roll < 0.4) return putSchedule(port, wanted) !== null;
      if (roll < 0.85) return pauseSchedule(port, { id, isPaused: roll < 0.65 }) !== null;
      return removeSchedule(port, id) === "removed";
    };
    const kind =
      roll < 0.4
        ? "schedule made"
        : roll < 0.65
          ? "schedule paused"
          : roll < 0.85
            ? "schedule resumed"
            : "schedule removed";
    // Often in the moment in which a run is due, before the alarm rings.
    const nextAtMs = this.object.state.schedules.get(id)?.nextAtMs ?? null;
    const tell = () =>
      this.#call(
        act,
        (isThere) => isThere && this.#hit(kind),
        () => {
          this.#hit("schedule said twice");
          this.#at(this.#nowMs + 500, tell);
        },
      );
    if (nextAtMs !== null && random.chance(0.7)) this.#at(nextAtMs - this.#skewMs - 20, () => !this.#isCalm && tell());
    else tell();
  }

  #happen(): void {
    const random = this.#random;
    const roll = random.next();
    const ids = [...this.object.state.jobs.keys()];
    if (roll < 0.58 || ids.length === 0) this.#enqueue();
    else if (roll < 0.65) this.#cancel(random.pick(ids));
    else if (roll < 0.7) this.#pause(random.pick(["free", "one", "two"]));
    else if (roll < 0.75) this.#replay();
    else if (roll < 0.82) this.#jump();
    else if (roll < 0.88) this.#deploy();
    else if (roll < 0.96) this.#reschedule();
    // The queue loses all that it holds, as a local one does at a restart.
    else this.#epochOfQueue++;
  }
  #epochOfQueue = 0;

  #enqueue(): void {
    const random = this.#random;
    const asked = Array.from(
      { length: random.chance(0.2) ? random.between(2, 6) : 1 },
      () => `j${this.#asked.size}-${random.between(0, 1e9)}`,
    );
    // What may be asked for again is kept for longer than anybody asks, as effects and keys are.
    const isRepeatable = random.chance(0.5);
    const jobs = asked.map((id) => ({
      id,
      name: random.pick(["free", "one", "one", "two", "fresh"]),
      input: null,
      priority: random.pick([0, 50, 50, 50, 100]),
      dueAtMs: this.#objectMs() + (random.chance(0.25) ? random.between(1, 90_000) : 0),
      createdBy: null,
      scheduleId: null,
      keepUntilMs: isRepeatable ? this.#objectMs() + 800_000 : null,
    }));
    const send = () =>
      this.#call(
        (port) => enqueue(port, jobs),
        ({ due }) => {
          for (const id of asked) this.#asked.add(id);
          this.#hit("enqueued");
          this.#send(due);
        },
        // An effect, or a client with a key, asks again until it is answered.
        () => {
          if (!isRepeatable) return;
          this.#hit("enqueued twice under one id");
          this.#at(this.#nowMs + 1000, send);
        },
      );
    send();
  }

  #cancel(id: string): void {
    const state = this.object.state.jobs.get(id)?.state;
    if (state === "running") this.#hit("cancelled while running");
    else if (state !== undefined && !this.object.ended.has(id)) this.#hit("cancelled in line");
    this.#turn((port) => cancel(port, id));
  }

  #pause(name: string): void {
    this.#hit("paused");
    this.#turn(() => void this.object.state.paused.add(name));
    this.#at(this.#nowMs + this.#random.between(1000, 60_000), () =>
      this.#turn((port) => {
        this.object.state.paused.delete(name);
        if (port.waiting(1) > 0) callFor(port, port.waiting(10));
      }),
    );
  }

  #replay(): void {
    const dead = [...this.object.state.jobs.values()].filter(({ state }) => state === "dead").map(({ id }) => id);
    if (dead.length === 0) return;
    this.#hit("replayed");
    const again = this.#turn((port) => replay(port, [...dead, ...dead], "op"));
    if (again.length > dead.length) this.problems.push(`${dead.length} dead jobs were replayed as ${again.length}`);
  }

  #jump(): void {
    const byMs = this.#random.pick([-40_000, -5000, 5000, 70_000, 100_000]);
    this.#hit(byMs > 0 ? "clock jumped ahead" : "clock jumped back");
    this.#skewMs += byMs;
    this.#setAlarm();
  }

  #deploy(): void {
    if (this.#underWay.size > 0) this.#hit("deployed in the midst");
    this.#epochOfWorkers++;
    this.#oldVersion = this.#random.chance(0.5);
    if (this.#random.chance(0.4)) this.#declare();
  }

  // The queue.

  #send(count: number): void {
    for (let index = 0; index < handlersFor(count); index++) {
      if (!this.#isCalm && this.#random.chance(0.15)) {
        this.#hit("message lost");
        continue;
      }
      const copies = !this.#isCalm && this.#random.chance(0.15) ? 2 : 1;
      if (copies === 2) this.#hit("message doubled");
      const epoch = this.#epochOfQueue;
      for (let copy = 0; copy < copies; copy++) {
        const isLate = !this.#isCalm && this.#random.chance(0.1);
        if (isLate) this.#hit("message late");
        const delayMs = isLate ? this.#random.between(5000, 60_000) : this.#random.between(1, 300);
        this.#at(this.#nowMs + delayMs, () => {
          if (epoch === this.#epochOfQueue) this.#work(this.#epochOfWorkers);
          else this.#hit("message lost");
        });
      }
    }
  }

  // A handler's turn: the machine of `work.ts`, with everything that can go wrong in between.

  #work(worker: number): void {
    this.#carryOut(worker, beginTurn(this.#nowMs));
  }

  #carryOut(worker: number, { turn, action }: HandlerStep): void {
    const step = (event: HandlerEvent) => this.#carryOut(worker, stepTurn(turn, event, this.#nowMs));
    switch (action.kind) {
      case "ask":
        this.#ask(worker, action, step);
        break;
      case "run":
        this.#attempt(worker, action.job, (finish) => step({ kind: "ended", finish }));
        break;
      case "call":
        this.#hit("turn given on");
        this.#send(1);
        break;
      case "rest":
        this.#hit("nothing to claim");
        break;
      case "fail":
        // The queue sends the message again.
        this.#send(1);
    }
  }

  #ask(
    worker: number,
    { finish, isClaiming }: HandlerAction & { readonly kind: "ask" },
    step: (event: HandlerEvent) => void,
  ): void {
    const isOld = this.#oldVersion;
    const names = Object.entries(MAX_AT_ONCE)
      .filter(([name]) => !(isOld && name === "fresh"))
      .map(([name, max]) => ({ name, max, leaseMs: LEASE_MS }));
    if (isOld && [...this.object.state.jobs.values()].some(({ name, place }) => name === "fresh" && (place ?? -1) >= 0))
      this.#hit("unknown to a version");
    this.#call(
      (port) => {
        const held = finish === null ? null : port.find(finish.id);
        const isHeld = held?.state === "running" && held.attempt === finish?.attempt;
        const worked = work(port, { finish, claim: isClaiming ? { names, limit: 1 } : null });
        if (isClaiming) this.#checkClaim(port, names, worked.claimed[0] ?? null);
        if (finish === null) return worked;
        if ((worked.finished === "stale") === isHeld)
          this.problems.push(`the end of ${finish.id}#${finish.attempt} was taken wrongly`);
        if (!isHeld) this.#hit("stale end ignored");
        return worked;
      },
      ({ claimed: [job = null], isMore }) => {
        if (worker !== this.#epochOfWorkers) return this.#hit("handler died before it began");
        step({ kind: "answered", job, isMore });
      },
      () => worker === this.#epochOfWorkers && step({ kind: "unanswered" }),
    );
  }

  /** The core's choice, beside the one that looking at every row would make. Looks back: the job that was claimed waited before. */
  #checkClaim(port: JobsPort, names: Claim["names"], claimed: JobRow | null): void {
    const rows = [...this.object.state.jobs.values()];
    const isWaiting = ({ id, state }: JobRow) => state === "pending" || id === claimed?.id;
    const running = (name: string) =>
      rows.filter((job) => job.name === name && job.state === "running" && !isWaiting(job)).length;
    const known = names.filter(({ name }) => !port.isPaused(name));
    const waiting = rows.filter((job) => isWaiting(job) && known.some(({ name }) => job.name === name));
    const open = known.filter(({ name, max }) => max === null || running(name) < max);
    const line = waiting
      .filter(({ name }) => open.some((each) => each.name === name))
      .sort((a, b) => b.priority - a.priority || a.dueAtMs - b.dueAtMs || (a.id < b.id ? -1 : 1));
    if (waiting.length > line.length) this.#hit("held back by concurrency");
    if (line.length > 1 && line[0]?.priority !== line.at(-1)?.priority) this.#hit("priority decided");
    if (claimed?.id !== line[0]?.id) this.problems.push(`${claimed?.id} was claimed, ${line[0]?.id} was first in line`);
  }

  #attempt(worker: number, { id, attempt }: JobRow, onEnd: (finish: Finish | null) => void): void {
    const random = this.#random;
    const key = `${id}#${attempt}`;
    if ([...this.#underWay].some((other) => other.startsWith(`${id}#`))) this.#hit("two attempts at once");
    this.#underWay.add(key);
    // What a job does is its own: one that records always does.
    const isRecording = hash(id) % 3 === 0;
    if (isRecording) this.#recording.add(id);
    const roll = this.#isCalm ? 0 : random.next();
    const course: Course =
      roll < 0.5
        ? isRecording
          ? "record"
          : "complete"
        : roll < 0.7
          ? "fail"
          : roll < 0.74
            ? "final"
            : roll < 0.88
              ? "die"
              : "stuck";
    const takesMs = random.chance(0.2) ? random.between(10_000, 50_000) : random.between(10, 3000);
    const endsAt = this.#nowMs + (course === "stuck" ? random.between(40_000, 90_000) : takesMs);
    const isSilent = course === "stuck" || (!this.#isCalm && random.chance(0.05));
    let life = beginLife(this.#nowMs, LEASE_MS);
    const stop = (end: HandlerEnd, how: { readonly isRecorded: boolean } = { isRecorded: false }) => {
      if (this.#underWay.delete(key)) onEnd(finishOf({ id, attempt }, end, { ...how, isStale: life.isStale }));
    };
    if (!isSilent) {
      this.#keepAlive({ id, attempt }, worker, {
        life: () => life,
        live: (now) => {
          life = now;
        },
        stop: (why) => stop({ kind: "threw", error: why, isFinal: false }),
      });
    }
    this.#at(endsAt, () => {
      if (!this.#underWay.has(key)) return;
      if (worker !== this.#epochOfWorkers) {
        this.#underWay.delete(key);
        return this.#hit("handler died in the midst");
      }
      switch (course) {
        case "complete":
          this.#hit("completed");
          return stop({ kind: "returned", result: attempt, bytes: 1 });
        case "record":
          return this.#record(id, attempt, stop);
        case "fail":
          this.#hit(attempt >= POLICY.maxAttempts ? "given up" : "failed and tried again");
          return stop({ kind: "threw", error: "no", isFinal: false });
        case "final":
          this.#hit("final error");
          return stop({ kind: "threw", error: "never", isFinal: true });
        case "die":
          this.#underWay.delete(key);
          return this.#hit("handler died before it said so");
        case "stuck":
          this.#hit("handler stuck");
          // It comes to, long after its lease, and says that all went well.
          return isRecording ? this.#record(id, attempt, stop) : stop({ kind: "returned", result: attempt, bytes: 1 });
      }
    });
  }

  /** Signs of life, with what the handler says of its progress now and then: what it said last has to be in the row after the next sign. */
  #keepAlive({ id, attempt }: Pick<JobRow, "id" | "attempt">, worker: number, attempted: Attempted): void {
    const { life, live, stop } = attempted;
    const random = this.#random;
    const isUnderWay = () => worker === this.#epochOfWorkers && this.#underWay.has(`${id}#${attempt}`);
    let told: number | null = null;
    let timer = 0;
    const plan = () => {
      const own = ++timer;
      const at = nextSignMs(life());
      if (at !== null) this.#at(at, () => own === timer && isUnderWay() && send());
    };
    const send = () => {
      live(signSent(life(), this.#nowMs));
      const said = told;
      const { progress = null, note = null } = life().sent ?? {};
      this.#call(
        (port) => {
          const heard = beat(port, { id, attempt, leaseMs: LEASE_MS, progress, note });
          const shown = port.find(id)?.progress;
          if (!heard.isStale && said !== null && shown !== said)
            this.problems.push(`${id}#${attempt} said ${said} % and shows ${shown}`);
          return heard;
        },
        (heard) => answered(heard),
        () => answered(null),
      );
    };
    const answered = (heard: Heard | null) => {
      if (!isUnderWay()) return;
      if (heard === null && life().sent !== null && life().told === null) this.#hit("progress said again");
      const heardNow = signHeard(life(), heard);
      live(heardNow.life);
      if (heardNow.stop !== null) stop(heardNow.stop);
      else plan();
    };
    const tell = () => {
      if (!isUnderWay()) return;
      told = random.between(0, 100);
      live(progressTold(life(), told, null));
      plan();
      this.#at(this.#nowMs + random.between(500, 15_000), tell);
    };
    plan();
    if (random.chance(0.4)) this.#at(this.#nowMs + random.between(1, 5000), tell);
  }

  /** The end of the job and its writes, in one commit. Lost on the way, its handler does not know. */
  #record(id: string, attempt: number, stop: (end: HandlerEnd, how?: { readonly isRecorded: boolean }) => void): void {
    this.#call(
      (port) => {
        const job = port.find(id);
        const after =
          job === null
            ? null
            : completeJob(job, { attempt, result: attempt }, POLICY, { nowMs: port.nowMs, random: 0 });
        if (job === null || after === null) return false;
        port.update(job, after);
        return true;
      },
      (stays) => {
        this.#hit(stays ? "completed with its writes" : "writes refused");
        if (stays) stop({ kind: "returned", result: attempt, bytes: 1 }, { isRecorded: true });
        else stop({ kind: "threw", error: "lost", isFinal: false });
      },
      () => stop({ kind: "threw", error: "outcome unknown", isFinal: false }),
      () => this.recorded.set(id, (this.recorded.get(id) ?? 0) + 1),
    );
  }

  // Calls to the object.

  /** `onCommit` is told of a value that is true, when its turn stays, whether or not the reply arrives. */
  #call<T>(work: (port: JobsPort) => T, onReply: (value: T) => void, onLost: () => void, onCommit?: () => void): void {
    const random = this.#random;
    const isShaky = !this.#isCalm;
    if (isShaky && random.chance(0.05)) {
      this.#hit("request lost");
      this.#at(this.#nowMs + 2000, onLost);
      return;
    }
    this.#at(this.#nowMs + random.between(1, 50), () => {
      const isLost = isShaky && random.chance(0.04);
      const value = this.#turn(work, isLost ? "lost" : "stays");
      if (isLost) {
        this.#hit("object crashed before its commit");
        return onLost();
      }
      if (value === true) onCommit?.();
      if (isShaky && random.chance(0.08)) {
        this.#hit(random.chance(0.5) ? "reply lost" : "object crashed after its commit");
        return onLost();
      }
      this.#at(this.#nowMs + random.between(1, 50), () => onReply(value));
    });
  }

  #turn<T>(work: (port: JobsPort) => T, fate: "stays" | "lost" = "stays"): T {
    const value = this.object.turn(this.#objectMs(), work, fate);
    this.#deliver();
    this.#setAlarm();
    return value;
  }

  /** The outbox: each effect at least once. */
  #deliver(): void {
    const effects = this.object.state.effects.splice(0);
    for (const effect of effects) {
      const times = !this.#isCalm && this.#random.chance(0.1) ? 2 : 1;
      if (times === 2) this.#hit("effect delivered twice");
      for (let time = 0; time < times; time++)
        this.#at(this.#nowMs + this.#random.between(1, 100), () => {
          if (effect.kind === "call") this.#send(effect.count);
          else this.#told.add(effect.id);
        });
    }
  }

  #setAlarm(): void {
    const next = this.object.nextWakeMs();
    if (next === null) {
      this.#alarmAt = null;
      return;
    }
    const random = this.#random;
    const isLate = !this.#isCalm && random.chance(0.01);
    if (isLate) this.#hit("alarm late");
    const at =
      Math.max(this.#nowMs, next - this.#skewMs) + (isLate ? random.between(5000, 150_000) : random.between(0, 200));
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    this.#at(at, () => this.#ring(at));
  }

  #ring(at: number): void {
    // An earlier one has taken its place.
    if (this.#alarmAt !== at) return;
    this.#alarmAt = null;
    const times = !this.#isCalm && this.#random.chance(0.1) ? 2 : 1;
    if (times === 2) this.#hit("alarm rang twice");
    for (let time = 0; time < times; time++) this.object.alarm(this.#objectMs(), this.#random.between(1, 4));
    this.#deliver();
    this.#setAlarm();
  }

  // Time.

  #objectMs(): number {
    return this.#nowMs + this.#skewMs;
  }

  #at(atMs: number, what: () => void): void {
    this.#events.add(Math.max(atMs, this.#nowMs), what);
  }

  #runUntil(endMs: number): void {
    this.#at(endMs, () => {});
    for (let event = this.#events.take(); event !== undefined; event = this.#events.take()) {
      this.#nowMs = event.at;
      event.what();
      if (this.problems.length > 0 || (event.at >= endMs && this.#nowMs >= endMs)) return;
    }
  }

  #hit(interval: JobsInterval): void {
    this.hits.set(interval, (this.hits.get(interval) ?? 0) + 1);
    if (this.#isTraced) this.trace.push(`${this.#nowMs} ${interval}`);
  }
}

function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return value;
}
