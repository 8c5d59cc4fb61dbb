/**
 * The tables of jobs, all in one object: jobs, schedules, and what is paused. Ordinary tables to everybody who reads them; what the scheduler
 * keeps for itself is in columns that leave no object. Two partial indexes carry the work: who is first in line, and what wakes next.
 */

import { isNotNull } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { JOB_STATES } from "../../core/jobs/job-row.ts";
import { CATCH_UP } from "../../core/jobs/schedule-row.ts";

export const JOBS_GROUP = "jobs";

const time = (name: string) => integer(name, { mode: "timestamp_ms" });
/** JSON of any form. */
const json = (name: string) => text(name, { mode: "json" });

export const jobsTable = sqliteTable(
  "jobs",
  {
    id: text("id").primaryKey(),
    name: text("name", { length: 64 }).notNull(),
    state: text("state", { enum: JOB_STATES }).notNull(),
    priority: integer("priority").notNull(),
    input: json("input"),
    result: json("result"),
    error: text("error"),
    progress: integer("progress").notNull(),
    note: text("note"),
    attempt: integer("attempt").notNull(),
    dueAt: time("due_at").notNull(),
    createdAt: time("created_at").notNull(),
    startedAt: time("started_at"),
    endedAt: time("ended_at"),
    createdBy: text("created_by"),
    cancelAt: time("cancel_at"),
    originalId: text("original_id"),
    replayCount: integer("replay_count").notNull(),
    replayedBy: text("replayed_by"),
    replayedAs: text("replayed_as"),
    scheduleId: text("schedule_id"),
    keepUntil: time("keep_until"),
    place: integer("place"),
    wakeAt: integer("wake_at"),
  },
  (table) => [
    index("jobs_in_line").on(table.name, table.place).where(isNotNull(table.place)),
    index("jobs_waking").on(table.wakeAt).where(isNotNull(table.wakeAt)),
    // For the scope of those who enqueue; what server code enqueues is in no such index.
    index("jobs_by_creator").on(table.createdBy).where(isNotNull(table.createdBy)),
  ],
);

export const schedulesTable = sqliteTable("job_schedules", {
  id: text("id").primaryKey(),
  name: text("name", { length: 64 }).notNull(),
  input: json("input"),
  priority: integer("priority").notNull(),
  cron: text("cron"),
  everyMs: integer("every_ms"),
  timeZone: text("time_zone"),
  catchUp: text("catch_up", { enum: CATCH_UP }).notNull(),
  isPaused: integer("is_paused", { mode: "boolean" }).notNull(),
  /** Stands in the code, which says what it is. */
  isDeclared: integer("is_declared", { mode: "boolean" }).notNull(),
  startedAt: time("started_at").notNull(),
  lastAt: time("last_at"),
  wakeAt: integer("wake_at"),
});

/** What an operator has paused, by name of the job; and the pulse (`src/core/jobs/job-turns.ts`). */
export const controlsTable = sqliteTable("job_controls", {
  id: text("id").primaryKey(),
  isPaused: integer("is_paused", { mode: "boolean" }).notNull(),
  changedAt: time("changed_at"),
  changedBy: text("changed_by"),
  wakeAt: integer("wake_at"),
});
