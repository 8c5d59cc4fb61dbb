/** What operators do with jobs and schedules: `POST /_/jobs/pause`, `/_/jobs/resume`, `/_/jobs/replay` and `/_/jobs/remove`. */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { RouteContext } from "../../../edge/app-options.ts";
import { requireOperator } from "../../../edge/may-inspect.ts";
import { readJsonObject } from "../../../edge/read-body.ts";
import { isJobName } from "../define-job.ts";
import { askJobs, type JobsPlace } from "../jobs-object.ts";
import { isRemoved } from "../schedules.ts";

const MAX_REPLAYED = 100;

/** `{ name }`: jobs of that name; `{ schedule }`: the runs of that one; without either all jobs. What runs is left to end; what waits stays. */
export function pauseJobs(isPaused: boolean) {
  return async (context: RouteContext): Promise<Response> => {
    const place = operator(context);
    const { name = null, schedule } = await readJsonObject(context.request);
    if (schedule !== undefined) {
      const id = scheduleId(schedule);
      await found(id, askJobs(place, "jobs.pause-schedule", { id, isPaused }));
      return Response.json({ schedule, isPaused });
    }
    if (name !== null && !isJobName(name)) throw invalidField("name", "must be the name of a job", "type");
    await askJobs(place, "jobs.pause", { name, isPaused, by: userId(context) });
    return Response.json({ name, isPaused });
  };
}

/** `{ schedule }`: one that was made while the application runs; one that stands in the code is removed there. */
export async function removeScheduleRow(context: RouteContext): Promise<Response> {
  const place = operator(context);
  const { schedule } = await readJsonObject(context.request);
  const id = scheduleId(schedule);
  await found(id, isRemoved(id, await askJobs(place, "jobs.remove-schedule", { id })) || null);
  return Response.json({ schedule });
}

function scheduleId(given: unknown): string {
  if (typeof given === "string") return given;
  throw invalidField("schedule", "must be the id of a schedule", "type");
}

async function found(id: string, schedule: unknown): Promise<void> {
  if ((await schedule) === null) throw new Fault({ slug: "not-found", resource: "job_schedules", id });
}

/** `{ ids }`: dead jobs, up to 100. Each becomes a new job that names the first of its line. */
export async function replayJobs(context: RouteContext): Promise<Response> {
  const place = operator(context);
  const { ids } = await readJsonObject(context.request);
  if (
    !Array.isArray(ids) ||
    ids.length === 0 ||
    ids.length > MAX_REPLAYED ||
    !ids.every((id) => typeof id === "string")
  )
    throw invalidField("ids", `must be a list of up to ${MAX_REPLAYED} ids`, "type");
  return Response.json({ replayed: await askJobs(place, "jobs.replay", { ids, by: userId(context) }) });
}

function operator({ env, user, app }: RouteContext): JobsPlace {
  requireOperator({ env, principal: user });
  return { env, app: app.name, principal: user };
}

function userId({ user }: RouteContext): string | null {
  return user.kind === "user" ? user.id : null;
}
