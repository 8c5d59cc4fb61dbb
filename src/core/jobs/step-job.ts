/**
 * The state machine of one job: every step takes the row as it is and gives the row as it becomes. What an attempt says counts only
 * while its number is the row's and its lease has not been given on. Pure: time and chance are told.
 */

import type { Json } from "../json.ts";
import { hasEnded, type JobFacts, type JobPolicy, type JobRow } from "./job-row.ts";
import { retryDelayMs } from "./retry-delay.ts";

/** Apart by more than any time in ms, so that a place sorts by priority, then by time. */
const PRIORITY_STEP = 1e13;
export const RUNNING_PLACE = -1;

export interface NewJob {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
  readonly priority: number;
  readonly dueAtMs: number;
  readonly createdBy: string | null;
  readonly scheduleId: string | null;
  readonly keepUntilMs: number | null;
}

export interface StepFacts {
  readonly nowMs: number;
  /** 0 ≤ r < 1. */
  readonly random: number;
}

export function newJob(given: NewJob, nowMs: number): JobRow {
  const isDue = given.dueAtMs <= nowMs;
  return inLine({
    ...given,
    state: isDue ? "pending" : "scheduled",
    // In line since now: a time long past takes no precedence.
    dueAtMs: Math.max(given.dueAtMs, nowMs),
    ...{ result: null, error: null, progress: 0, note: null, attempt: 0 },
    ...{ createdAtMs: nowMs, startedAtMs: null, endedAtMs: null, cancelAtMs: null },
    ...{ originalId: null, replayCount: 0, replayedBy: null, replayedAs: null },
  });
}

/** One of a line of replays: the same work, anew. */
export function replayedJob(dead: JobRow, id: string, by: string | null, nowMs: number): JobRow {
  const { name, input, priority, createdBy, scheduleId } = dead;
  return {
    ...newJob({ id, name, input, priority, dueAtMs: nowMs, createdBy, scheduleId, keepUntilMs: null }, nowMs),
    originalId: dead.originalId ?? dead.id,
    replayCount: dead.replayCount + 1,
    replayedBy: by,
  };
}

/** A job whose time has come waits for a handler. */
export function becomeDue(job: JobRow): JobRow {
  return inLine({ ...job, state: "pending" });
}

/** The next attempt begins, under a lease. */
export function startJob(
  job: JobRow,
  { nowMs, leaseMs }: { readonly nowMs: number; readonly leaseMs: number },
): JobRow {
  const attempt = job.attempt + 1;
  return {
    ...job,
    ...{ state: "running", attempt, startedAtMs: nowMs, progress: 0, note: null },
    place: RUNNING_PLACE,
    wakeAtMs: nowMs + leaseMs,
  };
}

/** Whether the attempt is the one that holds the job. */
export function isHeldBy(job: JobRow, attempt: number): boolean {
  return job.state === "running" && job.attempt === attempt;
}

export interface Beat {
  readonly leaseMs: number;
  readonly progress: number | null;
  readonly note: string | null;
}

/** A sign of life of the attempt that holds the job. */
export function renewJob(job: JobRow, { leaseMs, progress, note }: Beat, nowMs: number): JobRow {
  return {
    ...job,
    progress: progress ?? job.progress,
    note: note ?? job.note,
    wakeAtMs: nowMs + leaseMs,
  };
}

/** How an attempt ended. */
export type Outcome =
  | { readonly kind: "completed"; readonly result: Json }
  | { readonly kind: "failed"; readonly error: string; readonly mayRetry: boolean };

/** The attempt that holds the job has ended. A job that was asked to stop is cancelled, whatever its handler says. */
export function finishJob(job: JobRow, outcome: Outcome, policy: JobPolicy, { nowMs, random }: StepFacts): JobRow {
  const ended = { ...job, endedAtMs: nowMs };
  if (job.cancelAtMs !== null) return kept({ ...ended, state: "cancelled", error: null }, policy);
  if (outcome.kind === "completed")
    return kept({ ...ended, state: "completed", result: outcome.result, error: null, progress: 100 }, policy);
  const { error } = outcome;
  if (!outcome.mayRetry || job.attempt >= policy.maxAttempts) return kept({ ...ended, state: "dead", error }, policy);
  return inLine({ ...job, state: "failed", error, dueAtMs: nowMs + retryDelayMs(policy, job.attempt, random) });
}

/** The same together with writes of the handler, which may stay only with it; null: they may not, the attempt has lost the job, or it is to stop. */
export function completeJob(
  job: JobRow,
  { attempt, result }: { readonly attempt: number; readonly result: Json },
  policy: JobPolicy,
  facts: StepFacts,
): JobRow | null {
  if (!isHeldBy(job, attempt) || job.cancelAtMs !== null) return null;
  return finishJob(job, { kind: "completed", result }, policy, facts);
}

/** The lease is over, and nobody has said how the attempt ended: it counts as failed. */
export function lapseJob(job: JobRow, policy: JobPolicy, facts: StepFacts): JobRow {
  return finishJob(job, { kind: "failed", error: "The handler stopped answering", mayRetry: true }, policy, facts);
}

/** Nobody takes it up. */
export function giveUpJob(job: JobRow, error: string, policy: JobPolicy, nowMs: number): JobRow {
  return kept({ ...job, state: "dead", error, endedAtMs: nowMs }, policy);
}

/** A running job is asked to stop, any other that has not ended does; one that has ended stays as it is. */
export function cancelJob(job: JobRow, policy: JobPolicy, nowMs: number): JobRow {
  if (hasEnded(job)) return job;
  if (job.state === "running") return { ...job, cancelAtMs: job.cancelAtMs ?? nowMs };
  return kept({ ...job, state: "cancelled", cancelAtMs: nowMs, endedAtMs: nowMs }, policy);
}

/** Ended, and kept for a while. */
function kept(job: JobFacts, { resultTtlMs, deadTtlMs }: JobPolicy): JobRow {
  const ttlMs = job.state === "dead" ? deadTtlMs : resultTtlMs;
  return { ...job, place: null, wakeAtMs: Math.max((job.endedAtMs ?? 0) + ttlMs, job.keepUntilMs ?? 0) };
}

/** Waiting: for its time, or in line. */
function inLine(job: JobFacts): JobRow {
  if (job.state !== "pending") return { ...job, place: null, wakeAtMs: job.dueAtMs };
  return { ...job, place: (100 - job.priority) * PRIORITY_STEP + job.dueAtMs, wakeAtMs: null };
}
