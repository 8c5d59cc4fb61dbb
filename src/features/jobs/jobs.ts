/**
 * The feature `jobs`, and the public entry `ledge/jobs`: work that is done later, again, on schedule, and recorded once. One line in src/app.ts,
 * `features: [jobs([exportTasks, …])]`; the queue is bound in wrangler.toml, and without one handlers run beside the request.
 */

import type { WantedSchedule } from "../../core/jobs/schedule-row.ts";
import type { ScopeRules } from "../../define/config.ts";
import { NOTIFY } from "../../define/hooks.ts";
import type { Feature, FeaturePlace } from "../../edge/app-options.ts";
import { rowIdOf } from "../../edge/endpoints/open-table.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import { callHandlers, isJobsMessage } from "./call-handlers.ts";
import type { AnyJob, Job } from "./define-job.ts";
import { cancelJobRow } from "./endpoints/cancel.ts";
import { pauseJobs, removeScheduleRow, replayJobs } from "./endpoints/operate.ts";
import { DETACHED, ENQUEUE, enqueueEffect, namedEffect } from "./enqueue.ts";
import { jobTables } from "./job-tables.ts";
import { askJobs } from "./jobs-object.ts";
import { type Notification, notified } from "./notify.ts";
import { CALL_HANDLERS, type DeadLetter, TELL_DEAD } from "./object-port.ts";
import { jobProcedures } from "./procedures.ts";
import { hostOf, type JobsRuntime, keepRuntime } from "./runtime.ts";
import { wantedSchedule } from "./schedules.ts";
import { work } from "./work.ts";

export type { JobRow, JobState } from "../../core/jobs/job-row.ts";
export type { NotifiedAction } from "../../define/hooks.ts";
export { type Job, type JobOptions, job, type RetryOptions, type ScheduleOptions } from "./define-job.ts";
export { enqueue, enqueueAll, enqueueWith } from "./enqueue.ts";
export { type JobContext, NoRetry, TryAgain } from "./job-context.ts";
export type { EnqueueOptions } from "./new-job.ts";
export { type Notification, notifyHooks } from "./notify.ts";
export type { DeadLetter } from "./object-port.ts";
export {
  pauseSchedule,
  type RecurringOptions,
  removeSchedule,
  resumeSchedule,
  scheduleRecurring,
} from "./schedules.ts";
export { type TaskTrigger, type TaskTriggers, taskTriggers } from "./task-triggers.ts";
export { type WebhookOptions, webhook } from "./webhook.ts";

export interface JobsOptions {
  /** Who sees and cancels which jobs. Default: whoever enqueued them, and administrators. */
  readonly scopes?: Pick<ScopeRules, "read" | "subscribe" | "update">;
  /** Told of every job that was given up, at least once. */
  readonly onDlqEnqueue?: (dead: DeadLetter, context: { readonly env: LedgeEnv }) => void | Promise<void>;
  /** Takes the messages of tables with `notify`. It is to be in the list, too. */
  readonly notify?: Job<Notification, unknown>;
  /** How long an attempt holds its job without a sign of life; signs are sent three times as often. Default: 30 s. */
  readonly leaseMs?: number;
  /** How soon handlers are called again while jobs are in line, for a message that was lost. Default: 30 s. */
  readonly pulseMs?: number;
}

const LEASE_MS = 30_000;
const PULSE_MS = 30_000;

export function jobs(list: readonly AnyJob[], options: JobsOptions = {}): Feature {
  const runtime: JobsRuntime = {
    jobs: byName(list),
    policies: new Map(list.map(({ name, policy }) => [name, policy])),
    leaseMs: options.leaseMs ?? LEASE_MS,
    pulseMs: options.pulseMs ?? PULSE_MS,
    host: null,
  };
  const schedules = list.flatMap(scheduleOf);
  const keepSchedules = async (place: FeaturePlace) => {
    const { edge } = hostOf(runtime).server(place, "jobs/schedules")[ORIGIN].exchange;
    await askJobs({ env: place.env, app: edge.definition.name }, "jobs.schedules", { declared: schedules });
  };
  return keepRuntime(
    {
      name: "jobs",
      tables: jobTables(runtime, options.scopes),
      tableEndpoints: [
        {
          method: "POST",
          path: "/:id/cancel",
          isOffered: ({ name }) => name === "jobs",
          run: (request, params) => cancelJobRow(request, () => rowIdOf(request, params)),
        },
      ],
      routes(route) {
        route("POST", "/_/jobs/pause", pauseJobs(true));
        route("POST", "/_/jobs/resume", pauseJobs(false));
        route("POST", "/_/jobs/replay", replayJobs);
        route("POST", "/_/jobs/remove", removeScheduleRow);
      },
      procedures: jobProcedures(runtime),
      effects: {
        ...Object.fromEntries(list.map((each) => [each.name, namedEffect(runtime, each)])),
        ...(options.notify && { [NOTIFY]: notified(options.notify) }),
        [ENQUEUE]: enqueueEffect(runtime),
        [CALL_HANDLERS]: (payload, { env }) =>
          callHandlers(
            runtime,
            { env: env as LedgeEnv, lifetime: DETACHED },
            (payload as { readonly count: number }).count,
          ),
        [TELL_DEAD]: (payload, { env }) => options.onDlqEnqueue?.(payload as DeadLetter, { env: env as LedgeEnv }),
      },
      attach(host) {
        runtime.host = host;
      },
      ...(schedules.length === 0 ? {} : { started: keepSchedules, scheduled: keepSchedules }),
      async queue(batch, place) {
        const own = batch.messages.filter(({ body }) => isJobsMessage(body));
        // A message that fails is sent again by the queue; that costs nothing, and nothing depends on it.
        await Promise.all(
          own.map((message) =>
            work(runtime, place).then(
              () => message.ack(),
              () => message.retry(),
            ),
          ),
        );
      },
    },
    runtime,
  );
}

/** For who knows these names from elsewhere: registering is listing the feature, and there are no workers to start. */
export function registerTasks(list: readonly AnyJob[], options?: JobsOptions): Feature {
  return jobs(list, options);
}
export function initializeTasks(): void {}
export function startTaskWorkers(): void {}

function byName(list: readonly AnyJob[]): ReadonlyMap<string, AnyJob> {
  const found = new Map<string, AnyJob>();
  for (const each of list) {
    if (found.has(each.name)) throw new TypeError(`Two jobs are called "${each.name}"`);
    found.set(each.name, each);
  }
  return found;
}

function scheduleOf(job: AnyJob): WantedSchedule[] {
  const { schedule } = job.options;
  return schedule === undefined ? [] : [wantedSchedule(job, schedule.input ?? null, { ...schedule, id: job.name })];
}
