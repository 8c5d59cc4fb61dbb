/**
 * Between a row as tables hold it, times as texts, and the job or schedule that the core knows, times in ms: `dueAt` and `dueAtMs`. What wakes
 * a row is in ms in both: `wakeAt` is the `wakeAtMs` of a job and the `nextAtMs` of a schedule.
 */

import type { JobRow } from "../../core/jobs/job-row.ts";
import type { ScheduleRow } from "../../core/jobs/schedule-row.ts";
import type { Json } from "../../core/json.ts";

type Columns = Readonly<Record<string, unknown>>;

const TIMES = ["dueAt", "createdAt", "startedAt", "endedAt", "cancelAt", "keepUntil", "lastAt"];

export function readJob(row: Columns): JobRow {
  // A reader outside the object does not see these two.
  const { wakeAt: wakeAtMs = null, place = null, ...same } = row;
  return { ...withMs(same), wakeAtMs, place } as unknown as JobRow;
}

export function jobColumns({ wakeAtMs, ...same }: JobRow): Record<string, Json> {
  return { ...withTexts(same), wakeAt: wakeAtMs };
}

/** Those columns of a job that a step has changed. */
export function changedColumns(before: JobRow, after: JobRow): Record<string, Json> {
  const [old, now] = [jobColumns(before), jobColumns(after)];
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== old[name]));
}

export function readSchedule({ wakeAt, ...same }: Columns): ScheduleRow {
  return { ...withMs(same), nextAtMs: wakeAt } as unknown as ScheduleRow;
}

export function scheduleColumns({ nextAtMs, ...same }: ScheduleRow): Record<string, Json> {
  return { ...withTexts(same), wakeAt: nextAtMs };
}

function withMs(row: Columns): Columns {
  return mapped(row, (name, value) =>
    TIMES.includes(name) ? [`${name}Ms`, typeof value === "string" ? Date.parse(value) : null] : [name, value],
  );
}

function withTexts(facts: object): Record<string, Json> {
  return mapped(facts as Columns, (name, value) => {
    const column = name.slice(0, -2);
    return TIMES.includes(column)
      ? [column, value === null ? null : new Date(Number(value)).toISOString()]
      : [name, value];
  }) as Record<string, Json>;
}

function mapped(row: Columns, each: (name: string, value: unknown) => readonly [string, unknown]): Columns {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => each(name, value)));
}
