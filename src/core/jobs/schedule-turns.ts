/**
 * What is done with schedules, in turns of the jobs' object: made, changed, paused, removed, brought to what the code declares. Whatever
 * changes one makes its runs that are due first: an alarm that is late loses none, and a new time makes none again that took place.
 */

import type { JobsPort } from "./jobs-port.ts";
import type { ScheduleRow, WantedSchedule } from "./schedule-row.ts";
import { wakeSchedules } from "./wake-jobs.ts";

/** Makes it, or changes the one of this id; one that is the same stays as it is. Null: the id is that of one that stands in the code. */
export function putSchedule(port: JobsPort, wanted: WantedSchedule): ScheduleRow | null {
  const present = settled(port, wanted.id);
  if (present?.isDeclared) return null;
  return isSame(present, wanted) ? present : put(port, present, { ...wanted, isDeclared: false });
}

/** What was missed while it was paused is not made up for. Null: there is none. */
export function pauseSchedule(
  port: JobsPort,
  { id, isPaused }: Pick<ScheduleRow, "id" | "isPaused">,
): ScheduleRow | null {
  const present = settled(port, id);
  if (present === null || present.isPaused === isPaused) return present;
  const after = planned(port, { ...present, isPaused });
  port.updateSchedule(present, after);
  return after;
}

/** Jobs that it made already stay. */
export function removeSchedule(port: JobsPort, id: string): "removed" | "absent" | "declared" {
  const present = settled(port, id);
  if (present === null) return "absent";
  if (present.isDeclared) return "declared";
  port.removeSchedule(present);
  return "removed";
}

/** Those of the code: new ones are made, changed ones count anew, those that are gone are removed. What an operator paused stays paused. */
export function syncSchedules(port: JobsPort, declared: readonly WantedSchedule[]): { readonly changed: number } {
  let changed = 0;
  for (const { id } of port.declaredSchedules()) {
    if (declared.some((wanted) => wanted.id === id)) continue;
    const present = settled(port, id);
    if (present !== null) port.removeSchedule(present);
    changed++;
  }
  for (const wanted of declared) {
    const known = port.findSchedule(wanted.id);
    if (known?.isDeclared && isSame(known, wanted)) continue;
    put(port, settled(port, wanted.id), { ...wanted, isDeclared: true });
    changed++;
  }
  return { changed };
}

/** The schedule once its runs that are due have been made. */
function settled(port: JobsPort, id: string): ScheduleRow | null {
  const present = port.findSchedule(id);
  if (present === null || present.nextAtMs === null || present.nextAtMs > port.nowMs) return present;
  wakeSchedules(port, [present]);
  return port.findSchedule(id);
}

function put(
  port: JobsPort,
  present: ScheduleRow | null,
  wanted: WantedSchedule & Pick<ScheduleRow, "isDeclared">,
): ScheduleRow {
  const { isPaused = false, lastAtMs = null } = present ?? {};
  const schedule = planned(port, { ...wanted, isPaused, lastAtMs, startedAtMs: port.nowMs, nextAtMs: null });
  if (present === null) port.insertSchedule(schedule);
  else port.updateSchedule(present, schedule);
  return schedule;
}

/** A run that took place is not made again by a new time that lies before it. */
function planned(port: JobsPort, schedule: ScheduleRow): ScheduleRow {
  if (schedule.isPaused) return { ...schedule, nextAtMs: null };
  return { ...schedule, nextAtMs: port.runsOf(schedule)(Math.max(port.nowMs, schedule.lastAtMs ?? 0)) };
}

function isSame(present: ScheduleRow | null, wanted: WantedSchedule): present is ScheduleRow {
  if (present === null) return false;
  const told = Object.keys(wanted) as (keyof WantedSchedule)[];
  return told.every((name) => JSON.stringify(present[name]) === JSON.stringify(wanted[name]));
}
