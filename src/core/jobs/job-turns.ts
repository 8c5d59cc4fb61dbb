/**
 * What is done with jobs, one turn of their object each: enqueue, claim and finish, a sign of life, cancel, replay, pause. Who runs next,
 * and whether anybody may, is decided here, in the turn that gives the lease: so priority and concurrency are exact.
 */

import { handlersFor, MAX_CALLED } from "./handler-turn.ts";
import { hasEnded, type JobRow } from "./job-row.ts";
import type { JobsPort } from "./jobs-port.ts";
import {
  type Beat,
  cancelJob,
  finishJob,
  giveUpJob,
  isHeldBy,
  type NewJob,
  newJob,
  type Outcome,
  renewJob,
  replayedJob,
  startJob,
} from "./step-job.ts";

const DAY_MS = 86_400_000;
/** A version that has the definition may come back so late. */
const STRAY_TTL_MS = 7 * DAY_MS;
/** Strays are looked for no less often. */
const STRAY_PULSE_MS = 3_600_000;
const STRAYS_A_PULSE = 100;

/** Adds jobs; one whose id is there already stays what it is. Gives the rows in the order asked. */
export function enqueue(
  port: JobsPort,
  jobs: readonly NewJob[],
): { readonly jobs: readonly JobRow[]; readonly due: number } {
  let due = 0;
  const rows = jobs.map((given) => {
    const known = port.find(given.id);
    if (known !== null) return known;
    const job = newJob(given, port.nowMs);
    port.insert(job);
    if (job.state === "pending") due++;
    return job;
  });
  if (due > 0) keepPulse(port);
  return { jobs: rows, due };
}

export interface Claim {
  /** Names that the caller has handlers for; `max`: how many of them may run at once, everywhere. */
  readonly names: readonly { readonly name: string; readonly max: number | null; readonly leaseMs: number }[];
  readonly limit: number;
}

/** Gives leases to those that are first in line. */
export function claim(port: JobsPort, { names, limit }: Claim): JobRow[] {
  const claimed: JobRow[] = [];
  // Asked once a turn; what the turn itself starts is counted along.
  const free = new Map(
    names.map(({ name, max }) => [name, port.isPaused(name) ? 0 : max === null ? limit : max - port.running(name)]),
  );
  while (claimed.length < limit) {
    let best: { readonly job: JobRow; readonly leaseMs: number } | null = null;
    for (const { name, leaseMs } of names) {
      if ((free.get(name) ?? 0) <= 0) continue;
      const job = port.first(name);
      if (job !== null && (best === null || isBefore(job, best.job))) best = { job, leaseMs };
    }
    if (best === null) break;
    const { job, leaseMs } = best;
    const started = startJob(job, { nowMs: port.nowMs, leaseMs });
    port.update(job, started);
    free.set(job.name, (free.get(job.name) ?? 0) - 1);
    claimed.push(started);
  }
  return claimed;
}

function isBefore(a: JobRow, b: JobRow): boolean {
  return (a.place ?? 0) < (b.place ?? 0) || (a.place === b.place && a.id < b.id);
}

export interface Finish {
  readonly id: string;
  readonly attempt: number;
  readonly outcome: Outcome;
}

/** `stale`: the attempt no longer holds the job, and nothing of it counts. The same attempt may say so twice. */
export function finish(port: JobsPort, { id, attempt, outcome }: Finish): "done" | "stale" | "cancelled" {
  const job = port.find(id);
  if (job === null || !isHeldBy(job, attempt)) return "stale";
  const after = finishJob(job, outcome, port.policyOf(job.name), { nowMs: port.nowMs, random: port.random() });
  end(port, job, after);
  return after.state === "cancelled" ? "cancelled" : "done";
}

export interface Worked {
  readonly finished: ReturnType<typeof finish> | null;
  readonly claimed: readonly JobRow[];
  /** Of one that claims nothing: whether somebody else should. */
  readonly isMore: boolean;
}

/** A handler's turn at the object: one job ends and the next is claimed, in one commit. */
export function work(port: JobsPort, asked: { readonly finish: Finish | null; readonly claim: Claim | null }): Worked {
  const finished = asked.finish === null ? null : finish(port, asked.finish);
  const claimed = asked.claim === null ? [] : claim(port, asked.claim);
  return { finished, claimed, isMore: asked.claim === null && port.waiting(1) > 0 };
}

/** Writes how an attempt ended; what is kept for no time goes at once. */
export function end(port: JobsPort, before: JobRow, after: JobRow): void {
  if (hasEnded(after) && after.state !== "dead" && after.wakeAtMs === after.endedAtMs) port.remove(before);
  else port.update(before, after);
  if (after.state === "dead") port.tellDead(after);
}

export interface Heard {
  /** The attempt no longer holds the job: its handler is to stop. */
  readonly isStale: boolean;
  readonly isCancelled: boolean;
}

export function beat(
  port: JobsPort,
  { id, attempt, ...sign }: { readonly id: string; readonly attempt: number } & Beat,
): Heard {
  const job = port.find(id);
  if (job === null || !isHeldBy(job, attempt)) return { isStale: true, isCancelled: false };
  port.update(job, renewJob(job, sign, port.nowMs));
  return { isStale: false, isCancelled: job.cancelAtMs !== null };
}

/** The job as it then is; null: there is none. */
export function cancel(port: JobsPort, id: string): JobRow | null {
  const job = port.find(id);
  if (job === null) return null;
  const after = cancelJob(job, port.policyOf(job.name), port.nowMs);
  if (after !== job) port.update(job, after);
  return after;
}

/** Puts dead jobs in line again, each as a job of its own. One that was replayed already is not replayed twice. */
export function replay(port: JobsPort, ids: readonly string[], by: string | null): readonly string[] {
  const replayed = ids.flatMap((id) => {
    const dead = port.find(id);
    if (dead === null || dead.state !== "dead" || dead.replayedAs !== null) return [];
    const job = replayedJob(dead, port.newId(), by, port.nowMs);
    port.insert(job);
    port.update(dead, { ...dead, replayedAs: job.id });
    return [job.id];
  });
  if (replayed.length > 0) callFor(port, replayed.length);
  return replayed;
}

/** Rows have come into line in a turn that no handler has asked for: call some, and again as long as rows are there. */
export function callFor(port: JobsPort, count: number): void {
  port.callHandlers(handlersFor(count));
  keepPulse(port);
}

/**
 * The pulse: messages that were sent may have been lost. For strays, whose definition is gone, one handler is called, since its version may be
 * newer than the object's, after waits that grow with their age; at last they are given up.
 */
export function pulse(port: JobsPort): void {
  const { nowMs, pulseMs } = port;
  let waitMs = STRAY_PULSE_MS;
  for (const job of port.strays(STRAYS_A_PULSE)) {
    if (port.isPaused(job.name)) continue;
    const ageMs = nowMs - job.dueAtMs;
    if (ageMs >= STRAY_TTL_MS) end(port, job, giveUpJob(job, strayText(job), port.policyOf(job.name), nowMs));
    else waitMs = Math.min(waitMs, Math.max(ageMs, pulseMs));
  }
  const known = port.waitingKnown(MAX_CALLED);
  const called = known || port.waiting(1);
  if (called > 0) port.callHandlers(called);
  port.setPulse(called === 0 ? null : nowMs + (known > 0 ? pulseMs : waitMs));
}

function strayText({ name }: JobRow): string {
  return `No version of the application has taken up "${name}" for ${STRAY_TTL_MS / DAY_MS} days`;
}

/** Whoever puts a job in line makes sure, in the same turn, that it will be looked for soon. */
export function keepPulse(port: JobsPort): void {
  const at = port.nowMs + port.pulseMs;
  if ((port.pulseAtMs() ?? Number.POSITIVE_INFINITY) > at) port.setPulse(at);
}
