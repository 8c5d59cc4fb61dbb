/**
 * What the turns of the jobs object need of it: rows by key and in line, and what a turn leaves for after its commit. One turn is one
 * transaction: all of what it did through the port stays, or nothing. The object's is `src/features/jobs/object-port.ts`, the simulator has its own.
 */

import type { JobPolicy, JobRow } from "./job-row.ts";
import type { NextRun } from "./plan-runs.ts";
import type { ScheduleRow } from "./schedule-row.ts";

export interface JobsPort {
  readonly nowMs: number;
  /** While jobs are in line, handlers are called again after so long. */
  readonly pulseMs: number;
  /** 0 ≤ r < 1. */
  random(): number;
  newId(): string;
  find(id: string): JobRow | null;
  insert(job: JobRow): void;
  update(before: JobRow, after: JobRow): void;
  remove(job: JobRow): void;
  /** The job of a name that is first in line. */
  first(name: string): JobRow | null;
  /** Jobs of a name that run. */
  running(name: string): number;
  /** Jobs in line that may begin, none of them paused; counted up to the limit. */
  waiting(limit: number): number;
  /** Those of them that this version has definitions of. */
  waitingKnown(limit: number): number;
  /** Some of the jobs in line that it has none of. */
  strays(limit: number): readonly JobRow[];
  policyOf(name: string): JobPolicy;
  /** Whether this version has a definition of the name. */
  isKnown(name: string): boolean;
  isPaused(name: string): boolean;
  /** When the pulse is to come (ms), or null: while jobs are in line it makes up for messages that were lost. */
  pulseAtMs(): number | null;
  setPulse(atMs: number | null): void;
  /** After the commit: so many handlers are called, at least once. */
  callHandlers(count: number): void;
  /** After the commit: the job is on the dead list. */
  tellDead(job: JobRow): void;
  findSchedule(id: string): ScheduleRow | null;
  /** Those that stand in the code. */
  declaredSchedules(): readonly ScheduleRow[];
  insertSchedule(schedule: ScheduleRow): void;
  removeSchedule(schedule: ScheduleRow): void;
  updateSchedule(before: ScheduleRow, after: ScheduleRow): void;
  /** When a schedule runs. */
  runsOf(schedule: ScheduleRow): NextRun;
}
