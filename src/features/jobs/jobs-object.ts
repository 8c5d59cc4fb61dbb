/** Calls to the object of the jobs, by the names and types of its procedures. */

import type { Json } from "../../core/json.ts";
import type { Principal } from "../../core/scope/principal.ts";
import { callProcedure } from "../../edge/call-procedure.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import type { JobsCalls } from "./procedures.ts";
import { JOBS_GROUP } from "./tables.ts";

export interface JobsPlace {
  readonly env: LedgeEnv;
  /** Name of the application. */
  readonly app: string;
  readonly principal?: Principal;
}

export function askJobs<N extends keyof JobsCalls>(
  place: JobsPlace,
  name: N,
  input: JobsCalls[N][0],
): Promise<JobsCalls[N][1]> {
  const where = { ...place, group: JOBS_GROUP, table: "jobs" };
  return callProcedure(where, name, input as unknown as Json) as unknown as Promise<JobsCalls[N][1]>;
}
