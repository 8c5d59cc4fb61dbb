/**
 * Many timers over the object's single alarm: rows in `_timers`, and an alarm that only ever moves earlier. Scheduling what is
 * already due sooner writes nothing, so that a wake costs no row. The alarm is set in the transaction of the row.
 */

import type { Sql } from "../sql/port.ts";

/** The part of Durable Object storage that timers use. */
export interface AlarmPort {
  setAlarm(atMs: number): void;
}

export type TimerName = "outbox" | "replies" | "search-feed" | "news" | "decisions" | "wake" | "dependents" | "access";

/** Makes sure that the timer fires at `atMs` or sooner. */
export function schedule(sql: Sql, alarm: AlarmPort, name: TimerName, atMs: number): void {
  const rows = sql.all("SELECT name, at FROM _timers", []);
  const current = rows.find((row) => row.name === name);
  if (current !== undefined && Number(current.at) <= atMs) return;
  sql.run("INSERT INTO _timers (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at", [
    name,
    atMs,
  ]);
  const earliest = Math.min(...rows.map((row) => Number(row.at)), Number.POSITIVE_INFINITY);
  if (atMs < earliest) alarm.setAlarm(atMs);
}

/** How long after its time a timer may be before the alarm counts as lost: the platform retries an alarm six times, then drops it. */
const LOST_AFTER_MS = 60_000;

/** Whether a timer is so late that the alarm behind it must have been dropped. One small read, when an object wakes. */
export function hasLostAlarm(sql: Sql, now: number): boolean {
  return sql.all("SELECT 1 AS found FROM _timers WHERE at < ? LIMIT 1", [now - LOST_AFTER_MS]).length > 0;
}

/** Names of the timers that are due, earliest first. */
export function dueTimers(sql: Sql, now: number): TimerName[] {
  return sql.all("SELECT name FROM _timers WHERE at <= ? ORDER BY at", [now]).map((row) => row.name as TimerName);
}

/** Ends a timer's turn: strikes it, or moves it to its next time. */
export function settle(sql: Sql, name: TimerName, nextAtMs: number | null): void {
  if (nextAtMs === null) sql.run("DELETE FROM _timers WHERE name = ?", [name]);
  else sql.run("UPDATE _timers SET at = ? WHERE name = ?", [nextAtMs, name]);
}

/** Sets the alarm for what remains; called at the end of an alarm, which the platform has then cleared. */
export function rearm(sql: Sql, alarm: AlarmPort): void {
  const next = sql.all("SELECT min(at) AS at FROM _timers", [])[0]?.at;
  if (typeof next === "number") alarm.setAlarm(next);
}
