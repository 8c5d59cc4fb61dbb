/**
 * Schedules that stand in the code become rows: new ones are added, changed ones count anew from now, those that are gone are removed. What an
 * operator paused stays paused. Writes nothing when nothing has changed.
 */

import type { JobsPort } from "../../core/jobs/jobs-port.ts";
import type { ScheduleRow } from "../../core/jobs/schedule-row.ts";
import type { ObjectTransaction } from "../../define/hooks.ts";
import { readSchedule, scheduleColumns } from "./job-columns.ts";

/** `name` is also the id of its row. */
export type DeclaredSchedule = Pick<
  ScheduleRow,
  "name" | "input" | "priority" | "cron" | "everyMs" | "timeZone" | "catchUp"
>;

export function syncSchedules(
  port: JobsPort,
  tx: ObjectTransaction,
  declared: readonly DeclaredSchedule[],
): { readonly changed: number } {
  const rows = tx.find("job_schedules", "isDeclared==true");
  let changed = 0;
  for (const row of rows) {
    if (declared.some(({ name }) => name === row.id)) continue;
    tx.delete("job_schedules", String(row.id));
    changed++;
  }
  for (const wanted of declared) {
    const row = rows.find(({ id }) => id === wanted.name);
    const present = row === undefined ? null : readSchedule(row);
    if (present !== null && isSame(present, wanted)) continue;
    const schedule = planned(port, wanted, present);
    const columns = { ...scheduleColumns(schedule), isDeclared: true };
    if (present === null) tx.create("job_schedules", columns);
    else tx.update("job_schedules", schedule.id, columns);
    changed++;
  }
  return { changed };
}

/** A run that took place is not made again by a new time that lies before it. */
export function planned(port: JobsPort, wanted: DeclaredSchedule, present: ScheduleRow | null): ScheduleRow {
  const schedule: ScheduleRow = {
    ...wanted,
    id: wanted.name,
    isPaused: present?.isPaused ?? false,
    startedAtMs: port.nowMs,
    lastAtMs: present?.lastAtMs ?? null,
    nextAtMs: null,
  };
  const after = Math.max(port.nowMs, schedule.lastAtMs ?? 0);
  return { ...schedule, nextAtMs: schedule.isPaused ? null : port.runsOf(schedule)(after) };
}

function isSame(present: ScheduleRow, wanted: DeclaredSchedule): boolean {
  const facts = ({ name, input, priority, cron, everyMs, timeZone, catchUp }: DeclaredSchedule) =>
    JSON.stringify([name, input, priority, cron, everyMs, timeZone, catchUp]);
  return facts(present) === facts(wanted);
}
