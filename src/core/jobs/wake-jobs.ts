/**
 * The turns of the alarm: jobs whose time has come, whose lease is over or whose time of keeping is; schedules whose run is due. What it
 * finds does not depend on a message having arrived, so none that was lost loses a job.
 */

import { hasEnded, type JobRow } from "./job-row.ts";
import { callFor, end, enqueue } from "./job-turns.ts";
import type { JobsPort } from "./jobs-port.ts";
import { planRuns } from "./plan-runs.ts";
import type { ScheduleRow } from "./schedule-row.ts";
import { becomeDue, lapseJob } from "./step-job.ts";

/** Rows whose `wakeAtMs` has passed. */
export function wakeJobs(port: JobsPort, jobs: readonly JobRow[]): void {
  let due = 0;
  let freed = 0;
  for (const job of jobs) {
    if (hasEnded(job)) port.remove(job);
    else if (job.state === "running") {
      end(port, job, lapseJob(job, port.policyOf(job.name), { nowMs: port.nowMs, random: port.random() }));
      freed++;
    } else {
      port.update(job, becomeDue(job));
      due++;
    }
  }
  // A handler that died has left its turn to nobody.
  const called = due + (freed > 0 ? Math.min(freed, port.waiting(freed)) : 0);
  if (called > 0) callFor(port, called);
}

/** Schedules whose `nextAtMs` has passed. Run and next time are one commit: none is missed, none made twice. */
export function wakeSchedules(port: JobsPort, schedules: readonly ScheduleRow[]): void {
  const { nowMs } = port;
  let due = 0;
  for (const schedule of schedules) {
    const { id, name, input, priority, nextAtMs, catchUp } = schedule;
    if (nextAtMs === null) continue;
    const planned = planRuns({ nextAtMs, catchUp, nowMs }, port.runsOf(schedule));
    // Of a name that no version takes up any more one job waits, not one for each run.
    const isHeld = !port.isKnown(name) && port.first(name) !== null;
    const jobs = (isHeld ? [] : planned.runs).map(() => ({
      ...{ id: port.newId(), name, input, priority, createdBy: null, scheduleId: id, keepUntilMs: null },
      dueAtMs: nowMs,
    }));
    due += enqueue(port, jobs).due;
    const lastAtMs = planned.runs.at(-1) ?? schedule.lastAtMs;
    port.updateSchedule(schedule, { ...schedule, lastAtMs, nextAtMs: planned.nextAtMs });
  }
  if (due > 0) callFor(port, due);
}
