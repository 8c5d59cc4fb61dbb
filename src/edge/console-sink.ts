/** Log entries as JSON lines on the console, where the platform's logs pick them up. */

import type { LogEntry } from "../core/log.ts";

export function consoleSink(entry: LogEntry): void {
  console[entry.level](JSON.stringify(entry));
}
