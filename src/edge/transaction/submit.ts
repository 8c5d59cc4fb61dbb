/**
 * A transaction that is ready goes to where it commits: to its one object in one call ([TP1]), or to the protocol over several. Which
 * it is follows from the list alone.
 */

import type { ObjectName } from "../../core/ids.ts";
import type { Seen } from "../../core/protocol/transaction-call.ts";
import { writeObject } from "../call-object.ts";
import { expectAnswer, type ObjectAnswer } from "../endpoints/answer.ts";
import { callHeader } from "../exchange.ts";
import { startAfterHooks } from "../run-hooks.ts";
import type { RunFrame, Step, Submission } from "./run.ts";
import { submitAcross } from "./submit-across.ts";

/** A transaction as it is submitted. Everything in it is plain data but the requests of its targets. */
export interface Plan {
  readonly frame: RunFrame;
  /** In order; each is for the object of its target. */
  readonly steps: readonly Step[];
  /** What was looked at, by object: to be validated under the locks ([TP3]). */
  readonly seen: ReadonlyMap<ObjectName, Seen>;
  readonly submission: Submission;
  /** All that the list declares, skipped steps included; null where they are not known before running. */
  readonly objects: ReadonlySet<ObjectName> | null;
  /** What its objects answered is final, and needs no second look. */
  readonly isSubmitted: boolean;
}

export async function submit(plan: Plan): Promise<ObjectAnswer> {
  const { frame, steps, seen, submission } = plan;
  const [first] = steps;
  if (first === undefined) throw new Error("a transaction has a step");
  const { request } = first.target;
  const objects = plan.objects ?? new Set(steps.map((step) => step.target.request.object));
  if (objects.size > 1) return submitAcross(plan);
  const reply = await writeObject(
    { ...request, nowMs: frame.facts.nowMs },
    {
      ...callHeader(request),
      op: "transaction",
      facts: frame.facts,
      steps: steps.map(({ wire }) => wire),
      seen: frame.isolation === "committed" ? null : (seen.get(request.object) ?? null),
      ...submission,
      idempotency: frame.key.idempotency,
      attempt: frame.key.attempt,
      wantsChange: request.entry.wantsChanges,
    },
    frame.key.text,
  );
  const answer = expectAnswer(reply);
  if (answer.changes !== undefined && answer.isReplay !== true)
    startAfterHooks(request, answer.changes, answer.position);
  return answer;
}
