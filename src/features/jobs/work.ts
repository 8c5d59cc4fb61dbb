/**
 * One handler's turn at the jobs in line: claim, run, finish, and the next one in the same call, until nothing is in line or its stretch is over.
 * Called for each message of the queue, or directly where there is no queue.
 */

import type { Claim, Finish } from "../../core/jobs/job-turns.ts";
import type { FeaturePlace } from "../../edge/app-options.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import { callHandlers } from "./call-handlers.ts";
import { askJobs, type JobsPlace } from "./jobs-object.ts";
import { runAttempt } from "./run-attempt.ts";
import { hostOf, type JobsRuntime } from "./runtime.ts";

/** After so long a turn ends, and a message calls the next one: a queue's consumer may take 15 minutes, and an attempt most of it. */
const STRETCH_MS = 30_000;
const FINISH_TRIES = 3;

export async function work(runtime: JobsRuntime, place: FeaturePlace): Promise<void> {
  const server = hostOf(runtime).server(place, "jobs");
  const { edge } = server[ORIGIN].exchange;
  const object: JobsPlace = { env: place.env, app: edge.definition.name };
  const names = [...runtime.jobs.values()].map(({ name, options }) => ({
    ...{ name, max: options.concurrency ?? null, leaseMs: runtime.leaseMs },
  }));
  const endsAtMs = Date.now() + STRETCH_MS;
  let finish: Finish | null = null;
  for (;;) {
    const isOver = Date.now() >= endsAtMs;
    const { claimed, isMore } = await turn(object, finish, isOver ? null : { names, limit: 1 });
    const [row] = claimed;
    if (row === undefined) {
      if (isMore) await callHandlers(runtime, place, 1);
      return;
    }
    finish = await runAttempt(runtime, place, object, row);
  }
}

/** Ends one job and claims the next in one commit. What was not answered is asked again without a claim: that could give a lease to nobody. */
async function turn(object: JobsPlace, finish: Finish | null, claim: Claim | null) {
  try {
    return await askJobs(object, "jobs.work", { finish, claim });
  } catch (error) {
    if (finish === null) throw error;
  }
  for (let tries = 1; ; tries++) {
    try {
      return await askJobs(object, "jobs.work", { finish, claim: null });
    } catch (error) {
      // The lease ends, and the alarm takes the job up.
      if (tries === FINISH_TRIES) throw error;
    }
  }
}
