/**
 * What the Worker asks of the jobs object, each in one transaction of it. The decisions are the core's (`src/core/jobs`); here its turns are
 * given rows. Every one may be called twice: jobs are known by id, attempts by number.
 */

import type { JobRow } from "../../core/jobs/job-row.ts";
import {
  beat,
  type Claim,
  callFor,
  cancel,
  enqueue,
  type Finish,
  pulse,
  replay,
  type Worked,
  work,
} from "../../core/jobs/job-turns.ts";
import type { JobsPort } from "../../core/jobs/jobs-port.ts";
import type { ScheduleRow, WantedSchedule } from "../../core/jobs/schedule-row.ts";
import { pauseSchedule, putSchedule, removeSchedule, syncSchedules } from "../../core/jobs/schedule-turns.ts";
import type { Beat, NewJob } from "../../core/jobs/step-job.ts";
import type { Json } from "../../core/json.ts";
import type { ObjectProcedure } from "../../define/hooks.ts";
import { ALL, objectPort, PULSE } from "./object-port.ts";
import type { JobsRuntime } from "./runtime.ts";

/** By the name of a procedure: what goes in, what comes out. */
export interface JobsCalls {
  readonly "jobs.enqueue": [
    { readonly jobs: readonly NewJob[] },
    { readonly jobs: readonly JobRow[]; readonly due: number },
  ];
  readonly "jobs.work": [{ readonly finish: Finish | null; readonly claim: Claim | null }, Worked];
  readonly "jobs.beat": [{ readonly id: string; readonly attempt: number } & Beat, ReturnType<typeof beat>];
  readonly "jobs.cancel": [{ readonly id: string }, JobRow | null];
  readonly "jobs.replay": [{ readonly ids: readonly string[]; readonly by: string | null }, readonly string[]];
  readonly "jobs.pause": [
    { readonly name: string | null; readonly isPaused: boolean; readonly by: string | null },
    null,
  ];
  readonly "jobs.schedules": [{ readonly declared: readonly WantedSchedule[] }, { readonly changed: number }];
  readonly "jobs.schedule": [WantedSchedule, ScheduleRow | null];
  readonly "jobs.pause-schedule": [Pick<ScheduleRow, "id" | "isPaused">, ScheduleRow | null];
  readonly "jobs.remove-schedule": [{ readonly id: string }, ReturnType<typeof removeSchedule>];
}

type Name = keyof JobsCalls;

export function jobProcedures(
  runtime: Pick<JobsRuntime, "policies" | "pulseMs">,
): Readonly<Record<Name, ObjectProcedure>> {
  const turn =
    <N extends Name>(
      work: (port: JobsPort, input: JobsCalls[N][0], tx: Parameters<ObjectProcedure>[0]) => JobsCalls[N][1],
    ) =>
    (...[tx, input]: Parameters<ObjectProcedure>): Json =>
      work(objectPort(tx, runtime), input as unknown as JobsCalls[N][0], tx) as unknown as Json;
  return {
    "jobs.enqueue": turn<"jobs.enqueue">((port, { jobs }) => enqueue(port, jobs)),
    "jobs.work": turn<"jobs.work">(work),
    "jobs.beat": turn<"jobs.beat">(beat),
    "jobs.cancel": turn<"jobs.cancel">((port, { id }) => cancel(port, id)),
    "jobs.replay": turn<"jobs.replay">((port, { ids, by }) => replay(port, ids, by)),
    "jobs.pause": turn<"jobs.pause">((port, { name, isPaused, by }, tx) => {
      const id = name ?? ALL;
      const columns = { isPaused, changedAt: new Date(tx.now).toISOString(), changedBy: by };
      if (tx.get("job_controls", id) === null) tx.create("job_controls", { id, wakeAt: null, ...columns });
      else tx.update("job_controls", id, columns);
      const waiting = isPaused ? 0 : port.waiting(10);
      if (waiting > 0) callFor(port, waiting);
      return null;
    }),
    "jobs.schedules": turn<"jobs.schedules">((port, { declared }) => syncSchedules(port, declared)),
    "jobs.schedule": turn<"jobs.schedule">(putSchedule),
    "jobs.pause-schedule": turn<"jobs.pause-schedule">(pauseSchedule),
    "jobs.remove-schedule": turn<"jobs.remove-schedule">((port, { id }) => removeSchedule(port, id)),
  };
}

/** The pulse is a row of the controls that wakes. */
export function wakeControls(port: JobsPort, rows: readonly { readonly id?: unknown }[]): void {
  if (rows.some(({ id }) => id === PULSE)) pulse(port);
}
