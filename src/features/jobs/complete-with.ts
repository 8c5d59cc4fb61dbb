/**
 * Completes a job together with writes of its handler: one transaction over the objects of both, and fenced by the number of the attempt, so that
 * of all attempts of a job the writes of one stay at most.
 */

import { Fault } from "../../core/fault.ts";
import { resultProblem } from "../../core/jobs/handler-turn.ts";
import { completeJob } from "../../core/jobs/step-job.ts";
import type { ServerContext } from "../../edge/transaction/server-context.ts";
import type { Tx } from "../../edge/transaction/tx.ts";
import { asResult } from "./as-result.ts";
import type { AnyJob } from "./define-job.ts";
import { changedColumns, readJob } from "./job-columns.ts";
import { NoRetry } from "./job-context.ts";

export async function completeWith<T>(
  server: ServerContext,
  job: AnyJob,
  { id, attempt }: { readonly id: string; readonly attempt: number },
  callback: (tx: Tx) => Promise<T>,
): Promise<T> {
  return server.transaction(async (tx) => {
    const value = await callback(tx);
    const row = readJob(await tx.table("jobs").get(id));
    const { result, bytes } = asResult(value);
    const problem = resultProblem(bytes);
    if (problem !== null) throw new NoRetry(problem);
    // What is kept for no time goes by the alarm.
    const after = completeJob(row, { attempt, result }, job.policy, { nowMs: tx.now, random: 0 });
    if (after === null)
      throw new Fault({ slug: "conflict", reason: "contended", detail: `Attempt ${attempt} no longer holds the job` });
    // What no reader sees was not read either, and is written whatever it was.
    const unseen = { place: after.place, wakeAt: after.wakeAtMs };
    tx.table("jobs").update(id, { ...changedColumns(row, after), ...unseen }, { writes: "all" });
    return value;
  });
}
