/**
 * One handler's turn at the jobs in line, for each message of the queue, or directly where there is no queue. What comes next is decided by
 * `src/core/jobs/handler-turn.ts`; here it is done.
 */

import { unreachable } from "../../core/fault.ts";
import { beginTurn, type HandlerAction, type HandlerEvent, stepTurn } from "../../core/jobs/handler-turn.ts";
import type { FeaturePlace } from "../../edge/app-options.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import { callHandlers } from "./call-handlers.ts";
import { askJobs, type JobsPlace } from "./jobs-object.ts";
import { runAttempt } from "./run-attempt.ts";
import { hostOf, type JobsRuntime } from "./runtime.ts";

export async function work(runtime: JobsRuntime, place: FeaturePlace): Promise<void> {
  const server = hostOf(runtime).server(place, "jobs");
  const { edge } = server[ORIGIN].exchange;
  const object: JobsPlace = { env: place.env, app: edge.definition.name };
  let lost: unknown;
  const ask = async ({ finish, isClaiming }: HandlerAction & { kind: "ask" }): Promise<HandlerEvent> => {
    const claim = isClaiming ? { names: handledBy(runtime), limit: 1 } : null;
    try {
      const { claimed, isMore } = await askJobs(object, "jobs.work", { finish, claim });
      return { kind: "answered", job: claimed[0] ?? null, isMore };
    } catch (error) {
      lost = error;
      return { kind: "unanswered" };
    }
  };
  let { turn, action } = beginTurn(Date.now());
  for (;;) {
    let event: HandlerEvent;
    switch (action.kind) {
      case "ask":
        event = await ask(action);
        break;
      case "run":
        event = { kind: "ended", finish: await runAttempt(runtime, place, object, action.job) };
        break;
      case "call":
        return callHandlers(runtime, place, 1);
      case "rest":
        return;
      case "fail":
        throw lost;
      default:
        return unreachable(action);
    }
    ({ turn, action } = stepTurn(turn, event, Date.now()));
  }
}

function handledBy({ jobs, leaseMs }: JobsRuntime) {
  return [...jobs.values()].map(({ name, options }) => ({ name, max: options.concurrency ?? null, leaseMs }));
}
