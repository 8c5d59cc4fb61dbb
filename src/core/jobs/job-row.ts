/**
 * A job as its row tells it, and the rules it is run by. The row is the truth: whatever a queue, a handler or a clock does, what becomes
 * of a job is a step from one row to the next (`step-job.ts`). Times are ms since 1970.
 */

import type { Json } from "../json.ts";

/** `failed`: an attempt failed and another is due; `dead`: given up, kept for an operator. */
export const JOB_STATES = ["scheduled", "pending", "running", "completed", "failed", "dead", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobRow {
  readonly id: string;
  /** Of the definition that handles it: `export-tasks`. */
  readonly name: string;
  readonly state: JobState;
  /** 0–100; of two that may run the higher one does, then the one that was due first. */
  readonly priority: number;
  readonly input: Json;
  readonly result: Json;
  /** Why the last attempt failed, or how it ended. */
  readonly error: string | null;
  /** 0–100. */
  readonly progress: number;
  readonly note: string | null;
  /** Number of the attempt that runs or ran last; what an earlier one still says does not count. */
  readonly attempt: number;
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly createdBy: string | null;
  /** Somebody asked a running job to stop. */
  readonly cancelAtMs: number | null;
  /** The first of a line of replays, how many there were, who asked for this one; and what a dead job was replayed as. */
  readonly originalId: string | null;
  readonly replayCount: number;
  readonly replayedBy: string | null;
  readonly replayedAs: string | null;
  /** The schedule that made it. */
  readonly scheduleId: string | null;
  /** It may be asked for again until then, and is not to be forgotten before. */
  readonly keepUntilMs: number | null;
  /** Place in the line of its name: smaller runs first. -1 while it runs, null when it is not in line. */
  readonly place: number | null;
  /** When the row wants attention: due, its lease over, or to be removed. */
  readonly wakeAtMs: number | null;
}

/** What a definition says about every job of its name. */
export interface JobPolicy {
  readonly maxAttempts: number;
  readonly backoff: "exponential" | "linear" | "fixed";
  readonly initialMs: number;
  readonly capMs: number;
  /** 0–1: how much of a delay is drawn by lot. */
  readonly jitter: number;
  /** How long a job is kept once it has ended. */
  readonly resultTtlMs: number;
  readonly deadTtlMs: number;
}

/** A row without what follows from its state. */
export type JobFacts = Omit<JobRow, "place" | "wakeAtMs">;

export const ENDED: readonly JobState[] = ["completed", "dead", "cancelled"];

export function hasEnded({ state }: Pick<JobRow, "state">): boolean {
  return ENDED.includes(state);
}
