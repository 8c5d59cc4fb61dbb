/**
 * The machine of a handler that was called: it asks the object for a job, runs it, says how it ended and asks for the next, until nothing is in
 * line or its stretch is over. Told what happened it says what is to be done; `src/features/jobs/work.ts` carries that out, and the simulator does.
 */

import type { Json } from "../json.ts";
import type { JobRow } from "./job-row.ts";
import type { Finish } from "./job-turns.ts";

/** After so long a turn ends, and a message calls the next one: a queue's consumer may take 15 minutes, and an attempt most of it. */
const STRETCH_MS = 30_000;
const FINISH_TRIES = 3;
/** Handlers that one commit calls; each goes on to the next job when it is done. */
export const MAX_CALLED = 10;
/** The row of a job holds 512 KB: with its input (128 KB at most) and all the rest. */
const MAX_RESULT_BYTES = 368 * 1024;

/** How many handlers are called when so many jobs have come into line. */
export function handlersFor(count: number): number {
  return Math.min(count, MAX_CALLED);
}

export interface HandlerTurn {
  readonly endsAtMs: number;
  /** The end that is still to be told. */
  readonly finish: Finish | null;
  readonly tries: number;
}

export type HandlerEvent =
  | { readonly kind: "answered"; readonly job: JobRow | null; readonly isMore: boolean }
  /** A question got no answer: what it asked for may have been done, or not. */
  | { readonly kind: "unanswered" }
  /** An attempt is over; null: its end is recorded, or does not count. */
  | { readonly kind: "ended"; readonly finish: Finish | null };

export type HandlerAction =
  | { readonly kind: "ask"; readonly finish: Finish | null; readonly isClaiming: boolean }
  | { readonly kind: "run"; readonly job: JobRow }
  /** Another handler is called in its place. */
  | { readonly kind: "call" }
  | { readonly kind: "rest" }
  /** It could not be told; the lease ends, and the alarm takes the job up. */
  | { readonly kind: "fail" };

export interface HandlerStep {
  readonly turn: HandlerTurn;
  readonly action: HandlerAction;
}

export function beginTurn(nowMs: number): HandlerStep {
  return asking({ endsAtMs: nowMs + STRETCH_MS, finish: null, tries: 0 }, true);
}

export function stepTurn(turn: HandlerTurn, event: HandlerEvent, nowMs: number): HandlerStep {
  switch (event.kind) {
    case "answered":
      if (event.job !== null) return { turn, action: { kind: "run", job: event.job } };
      return { turn, action: { kind: event.isMore ? "call" : "rest" } };
    case "unanswered": {
      const tries = turn.tries + 1;
      if (turn.finish === null || tries > FINISH_TRIES) return { turn, action: { kind: "fail" } };
      // Asked again without a claim: that could give a lease to nobody.
      return asking({ ...turn, tries }, false);
    }
    case "ended":
      return asking({ ...turn, finish: event.finish, tries: 0 }, nowMs < turn.endsAtMs);
  }
}

function asking(turn: HandlerTurn, isClaiming: boolean): HandlerStep {
  return { turn, action: { kind: "ask", finish: turn.finish, isClaiming } };
}

/** How a handler's function ended. */
export type HandlerEnd =
  | { readonly kind: "returned"; readonly result: Json; readonly bytes: number }
  | { readonly kind: "threw"; readonly error: string; readonly isFinal: boolean };

/** What its job is told; null: nothing. `isRecorded`: it was completed with its writes already; `isStale`: another attempt has it. */
export function finishOf(
  { id, attempt }: Pick<JobRow, "id" | "attempt">,
  end: HandlerEnd,
  { isRecorded, isStale }: { readonly isRecorded: boolean; readonly isStale: boolean },
): Finish | null {
  if (isRecorded || isStale) return null;
  if (end.kind === "threw")
    return { id, attempt, outcome: { kind: "failed", error: end.error, mayRetry: !end.isFinal } };
  const problem = resultProblem(end.bytes);
  // The next attempt would come to the same.
  if (problem !== null) return { id, attempt, outcome: { kind: "failed", error: problem, mayRetry: false } };
  return { id, attempt, outcome: { kind: "completed", result: end.result } };
}

/** Why a result of this size cannot be kept, or null. */
export function resultProblem(bytes: number): string | null {
  return bytes <= MAX_RESULT_BYTES
    ? null
    : `The result has ${bytes} bytes, limit is ${MAX_RESULT_BYTES}: store it, and return its id`;
}
