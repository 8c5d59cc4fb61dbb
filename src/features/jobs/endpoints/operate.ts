/** What operators do with jobs and schedules: `POST /_/jobs/pause`, `/_/jobs/resume`, `/_/jobs/replay` and `/_/jobs/schedules/remove`. */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { RouteContext } from "../../../edge/app-options.ts";
import { mayInspect } from "../../../edge/may-inspect.ts";
import { readJsonObject } from "../../../edge/read-body.ts";
import { askJobs, type JobsPlace } from "../jobs-object.ts";
import { isRemoved } from "../schedules.ts";

const MAX_REPLAYED = 100;

/** `{ name }`: jobs of that name; `{ schedule }`: the runs of that one; without either all jobs. What runs is left to end; what waits stays. */
export function pauseJobs(isPaused: boolean) {
  return async (context: RouteContext): Promise<Response> => {
    const place = operator(context);
    const { name = null, schedule } = await readJsonObject(context.request);
    if (schedule !== undefined) {
      const id = scheduleId("schedule", schedule);
      const row = await askJobs(place, "jobs.pause-schedule", { id, isPaused });
      if (row === null) throw new Fault({ slug: "not-found", resource: "job_schedules", id });
      return Response.json({ schedule: id, isPaused: row.isPaused });
    }
    if (name !== null && (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,63}$/.test(name)))
      throw invalidField("name", "must be the name of a job", "type");
    await askJobs(place, "jobs.pause", { name, isPaused, by: userId(context) });
    return Response.json({ name, isPaused });
  };
}

/** `{ id }`: a schedule that was made while the application runs; one that stands in the code is removed there. */
export async function removeScheduleRow(context: RouteContext): Promise<Response> {
  const place = operator(context);
  const id = scheduleId("id", (await readJsonObject(context.request)).id);
  if (!isRemoved(id, await askJobs(place, "jobs.remove-schedule", { id })))
    throw new Fault({ slug: "not-found", resource: "job_schedules", id });
  return Response.json({ id });
}

function scheduleId(field: string, given: unknown): string {
  if (typeof given === "string" && given.length <= 64) return given;
  throw invalidField(field, "must be the id of a schedule", "type");
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
  if (!mayInspect({ env, principal: user }))
    throw new Fault(user.kind === "anonymous" ? { slug: "unauthorized" } : { slug: "forbidden" });
  return { env, app: app.name, principal: user };
}

function userId({ user }: RouteContext): string | null {
  return user.kind === "user" ? user.id : null;
}
