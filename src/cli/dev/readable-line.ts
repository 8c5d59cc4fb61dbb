/**
 * The Worker's structured log lines as a person reads them while developing: `12:04:31 POST /api/tasks 201 3 ms`. In
 * deployment they stay JSON. Pure.
 */

import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { withoutColours } from "./wrangler-chatter.ts";

/** What every request line carries and few people want to see of it. */
const LEFT_OUT = new Set([
  "level",
  "time",
  "message",
  "requestId",
  "traceId",
  "method",
  "path",
  "route",
  "status",
  "durationMs",
  "principal",
]);

/** Lines that are not Ledge's own are left as they are. Before warnings and errors wrangler puts a mark: `✘ [ERROR] {"level":…}`. */
export function readableLine(line: string): string {
  const entry = parseEntry(withoutMark(line));
  if (entry === null) return line;
  const clock = typeof entry.time === "string" ? entry.time.slice(11, 19) : "";
  const what =
    entry.message === "request"
      ? [entry.method, entry.path, entry.status, `${String(entry.durationMs)} ms`, entry.principal ?? ""]
      : [entry.level, entry.message];
  const rest = Object.entries(entry).filter(([name]) => !LEFT_OUT.has(name));
  const more = rest.map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [clock, ...what, ...more]
    .map(String)
    .filter((part) => part !== "")
    .join(" ");
}

function withoutMark(line: string): string {
  return withoutColours(line).replace(/^(?:✘ \[ERROR\]|▲ \[WARNING\]) /, "");
}

function parseEntry(line: string): JsonObject | null {
  if (!line.startsWith("{")) return null;
  try {
    const value = JSON.parse(line) as Json;
    return isJsonObject(value) && typeof value.level === "string" && typeof value.message === "string" ? value : null;
  } catch {
    return null;
  }
}
