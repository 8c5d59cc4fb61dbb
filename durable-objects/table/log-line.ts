/**
 * One structured log line from an object: JSON on the console, as the Worker's are. No row data, no credentials.
 * The objects of an isolate share one environment, so the level (`LEDGE_LOG_LEVEL`) is one for all of them.
 */

import { LOG_LEVELS, type LogLevel, type LogThreshold } from "../../src/core/log.ts";

let threshold: LogThreshold = "info";

/** Lines below this level are not written; the object class sets it from its environment. */
export function setLogThreshold(level: LogThreshold): void {
  threshold = level;
}

export function logLine(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
  if (threshold === "silent" || LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(threshold)) return;
  const line = JSON.stringify({ level, time: new Date().toISOString(), message, ...fields });
  if (level === "error") console.error(line);
  else console.log(line);
}

/** An error as a field of a line: its stack, where it has one. */
export function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
