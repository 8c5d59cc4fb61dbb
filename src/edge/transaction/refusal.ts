/**
 * Before a failure is told that rests on reads of several objects ([TP3]): a callback's own check, a step that failed while it was tried.
 * What was read must still hold on all of them, or the transaction begins anew. Within one object every trial has checked that itself.
 */

import type { ObjectAnswer } from "../endpoints/answer.ts";
import type { RunFrame } from "./run.ts";
import type { Plan } from "./submit.ts";
import { refuseAcross } from "./submit-across.ts";

/** The run of each request that is under way, as it stands. */
const runs = new WeakMap<RunFrame, () => Plan>();

export function watchRun(frame: RunFrame, plan: () => Plan): void {
  runs.set(frame, plan);
}

/** Whether the run has asked for its commit: then whoever decides has looked for the key. */
export function wasSubmitted(frame: RunFrame): boolean {
  return runs.get(frame)?.().isSubmitted === true;
}

/** `stands`: the failure may be told. `again`: it rests on what has changed. An answer: the key was answered before. */
export async function settleRefusal(frame: RunFrame): Promise<"stands" | "again" | ObjectAnswer> {
  const plan = runs.get(frame)?.();
  runs.delete(frame);
  if (plan === undefined || plan.isSubmitted || plan.seen.size < 2 || frame.isolation === "committed") return "stands";
  return refuseAcross(plan);
}
