/**
 * Calls handlers for jobs that are in line: a message each on the queue, which says no more than that; where no queue is bound, the work itself.
 * Nothing depends on a message: the pulse calls again.
 */

import { handlersFor } from "../../core/jobs/handler-turn.ts";
import { errorFields } from "../../core/log.ts";
import type { FeaturePlace } from "../../edge/app-options.ts";
import type { JobsRuntime } from "./runtime.ts";
import { hostOf } from "./runtime.ts";
import { work } from "./work.ts";

interface QueueEnv {
  readonly LEDGE_QUEUE?: Queue<JobsMessage>;
}

/** That there are jobs in line; which ones, their object says. */
export interface JobsMessage {
  readonly kind: "ledge.jobs";
  readonly v: 1;
}

const MESSAGE: JobsMessage = { kind: "ledge.jobs", v: 1 };

export function isJobsMessage(body: unknown): boolean {
  return (body as Partial<JobsMessage> | null)?.kind === "ledge.jobs";
}

export async function callHandlers(runtime: JobsRuntime, place: FeaturePlace, count: number): Promise<void> {
  const queue = (place.env as QueueEnv).LEDGE_QUEUE;
  const wanted = handlersFor(count);
  if (queue !== undefined) {
    await queue.sendBatch(Array.from({ length: wanted }, () => ({ body: MESSAGE })));
    return;
  }
  for (let called = 0; called < wanted; called++)
    place.lifetime.waitUntil(
      work(runtime, place).catch((error: unknown) => {
        hostOf(runtime).server(place, "jobs").log.error("jobs could not be worked on", errorFields(error));
      }),
    );
}
