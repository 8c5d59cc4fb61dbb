/** Between a row as tables hold it, times as texts, and the job or schedule that the core knows, times in ms. */

import type { JobRow, JobState } from "../../core/jobs/job-row.ts";
import type { CatchUp, ScheduleRow } from "../../core/jobs/schedule-row.ts";
import type { Json } from "../../core/json.ts";

type Columns = Readonly<Record<string, unknown>>;

export function readJob(row: Columns): JobRow {
  return {
    id: String(row.id),
    name: String(row.name),
    state: row.state as JobState,
    priority: Number(row.priority),
    input: (row.input ?? null) as Json,
    result: (row.result ?? null) as Json,
    error: text(row.error),
    progress: Number(row.progress),
    note: text(row.note),
    attempt: Number(row.attempt),
    dueAtMs: ms(row.dueAt) ?? 0,
    createdAtMs: ms(row.createdAt) ?? 0,
    startedAtMs: ms(row.startedAt),
    endedAtMs: ms(row.endedAt),
    createdBy: text(row.createdBy),
    cancelAtMs: ms(row.cancelAt),
    originalId: text(row.originalId),
    replayCount: Number(row.replayCount),
    replayedBy: text(row.replayedBy),
    replayedAs: text(row.replayedAs),
    scheduleId: text(row.scheduleId),
    keepUntilMs: ms(row.keepUntil),
    place: number(row.place),
    wakeAtMs: number(row.wakeAt),
  };
}

export function jobColumns(job: JobRow): Record<string, Json> {
  const { dueAtMs, createdAtMs, startedAtMs, endedAtMs, cancelAtMs, keepUntilMs, wakeAtMs, ...same } = job;
  return {
    ...same,
    dueAt: iso(dueAtMs),
    createdAt: iso(createdAtMs),
    startedAt: iso(startedAtMs),
    endedAt: iso(endedAtMs),
    cancelAt: iso(cancelAtMs),
    keepUntil: iso(keepUntilMs),
    wakeAt: wakeAtMs,
  };
}

/** Those columns of a job that a step has changed. */
export function changedColumns(before: JobRow, after: JobRow): Record<string, Json> {
  const [old, now] = [jobColumns(before), jobColumns(after)];
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== old[name]));
}

export function readSchedule(row: Columns): ScheduleRow {
  return {
    id: String(row.id),
    name: String(row.name),
    input: (row.input ?? null) as Json,
    priority: Number(row.priority),
    cron: text(row.cron),
    everyMs: number(row.everyMs),
    timeZone: text(row.timeZone),
    catchUp: row.catchUp as CatchUp,
    isPaused: row.isPaused === true,
    isDeclared: row.isDeclared === true,
    startedAtMs: ms(row.startedAt) ?? 0,
    lastAtMs: ms(row.lastAt),
    nextAtMs: number(row.wakeAt),
  };
}

export function scheduleColumns(schedule: ScheduleRow): Record<string, Json> {
  const { startedAtMs, lastAtMs, nextAtMs, ...same } = schedule;
  return { ...same, startedAt: iso(startedAtMs), lastAt: iso(lastAtMs), wakeAt: nextAtMs };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function ms(value: unknown): number | null {
  return typeof value === "string" ? Date.parse(value) : null;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
