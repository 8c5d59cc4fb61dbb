/**
 * Schedules that are made while the application runs: a row each, which outlives every process, changed and removed by its id. How they run is
 * the core's (`src/core/jobs/schedule-turns.ts`).
 */

import { type Fault, invalidField } from "../../core/fault.ts";
import type { ScheduleRow, WantedSchedule } from "../../core/jobs/schedule-row.ts";
import type { Json } from "../../core/json.ts";
import { ORIGIN, type ServerContext } from "../../edge/transaction/server-context.ts";
import { type AnyJob, DEFAULT_PRIORITY, type Job, type ScheduleOptions, scheduleProblem } from "./define-job.ts";
import { jobIdOf } from "./job-id.ts";
import { askJobs, type JobsPlace } from "./jobs-object.ts";
import { checkedInput, newJobOf } from "./new-job.ts";
import { requireJob, runtimeOf } from "./runtime.ts";

type Context = Pick<ServerContext, typeof ORIGIN>;

export interface RecurringOptions extends ScheduleOptions {
  /** Names it: the same id again changes it. Default: one that follows from job, input and time, so that saying the same twice is one. */
  readonly id?: string;
  /** 0–100, of its jobs. Default: the definition's. */
  readonly priority?: number;
}

/** Runs a job again and again, until `removeSchedule`. Gives its id. */
export async function scheduleRecurring<In>(
  context: Context,
  job: Job<In, unknown>,
  input: NoInfer<In>,
  options: RecurringOptions,
): Promise<string> {
  requireJob(runtimeOf(context), job as AnyJob);
  const problem = scheduleProblem(options);
  if (problem !== null) throw invalidField("schedule", problem, "schedule");
  const checked = await checkedInput(job as AnyJob, input);
  const when = JSON.stringify([checked, options.cron, options.everyMs, options.timeZone]);
  const { id = await jobIdOf("schedule", job.name, when) } = options;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw invalidField("id", "must be 1 to 64 of A-Z a-z 0-9 _ -", "id");
  const wanted = wantedSchedule(job as AnyJob, checked, { ...options, id });
  // For the ranges of what each run is enqueued with.
  newJobOf(job as AnyJob, checked, wanted, { id, nowMs: 0, createdBy: null, isRepeatable: false });
  const made = await askJobs(placeOf(context), "jobs.schedule", wanted);
  if (made === null) throw declared(id);
  return id;
}

/** Makes no runs until `resumeSchedule`; those that fall into the pause are left out. False: there is no such schedule. */
export async function pauseSchedule(context: Context, id: string): Promise<boolean> {
  return (await askJobs(placeOf(context), "jobs.pause-schedule", { id, isPaused: true })) !== null;
}

export async function resumeSchedule(context: Context, id: string): Promise<boolean> {
  return (await askJobs(placeOf(context), "jobs.pause-schedule", { id, isPaused: false })) !== null;
}

/** Jobs that it made stay. False: there was no such schedule. One that stands in the code is removed there. */
export async function removeSchedule(context: Context, id: string): Promise<boolean> {
  return isRemoved(id, await askJobs(placeOf(context), "jobs.remove-schedule", { id }));
}

export function isRemoved(id: string, how: "removed" | "absent" | "declared"): boolean {
  if (how === "declared") throw declared(id);
  return how === "removed";
}

/** `schedule` in the definition, or told while the application runs: as its row holds it. */
export function wantedSchedule(
  { name, options }: AnyJob,
  input: Json,
  given: RecurringOptions & { readonly id: ScheduleRow["id"] },
): WantedSchedule {
  const { id, cron = null, everyMs = null, timeZone = null, catchUp = "skip" } = given;
  const priority = given.priority ?? options.priority ?? DEFAULT_PRIORITY;
  return { id, name, input, priority, cron, everyMs, timeZone, catchUp };
}

function declared(id: string): Fault {
  return invalidField("id", `"${id}" is the schedule of a definition: change it in the code`, "declared");
}

function placeOf(context: Context): JobsPlace {
  const { env, principal, edge } = context[ORIGIN].exchange;
  return { env, app: edge.definition.name, principal };
}
