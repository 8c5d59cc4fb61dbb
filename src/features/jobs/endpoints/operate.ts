/** What operators do with jobs: `POST /_/jobs/pause`, `/_/jobs/resume` and `/_/jobs/replay`. */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { RouteContext } from "../../../edge/app-options.ts";
import { mayInspect } from "../../../edge/may-inspect.ts";
import { readJsonObject } from "../../../edge/read-body.ts";
import { askJobs, type JobsPlace } from "../jobs-object.ts";

const MAX_REPLAYED = 100;

/** `{ name }`: jobs of that name; without one all. What runs is left to end; what waits stays. */
export function pauseJobs(isPaused: boolean) {
  return async (context: RouteContext): Promise<Response> => {
    const place = operator(context);
    const { name = null } = await readJsonObject(context.request);
    if (name !== null && (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,63}$/.test(name)))
      throw invalidField("name", "must be the name of a job", "type");
    await askJobs(place, "jobs.pause", { name, isPaused, by: userId(context) });
    return Response.json({ name, isPaused });
  };
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
