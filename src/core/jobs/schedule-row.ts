/** A schedule as its row tells it: what runs when, and what becomes of runs that were missed. Times are ms since 1970. */

import type { Json } from "../json.ts";

/** What becomes of runs whose time passed while nothing could run. */
export const CATCH_UP = ["skip", "last", "all"] as const;
export type CatchUp = (typeof CATCH_UP)[number];

export interface ScheduleRow {
  readonly id: string;
  /** Of the job. */
  readonly name: string;
  readonly input: Json;
  readonly priority: number;
  /** Exactly one of both. */
  readonly cron: string | null;
  readonly everyMs: number | null;
  /** IANA name; null: UTC. */
  readonly timeZone: string | null;
  readonly catchUp: CatchUp;
  readonly isPaused: boolean;
  /** It stands in the code, which says what it is. */
  readonly isDeclared: boolean;
  /** Where intervals are counted from. */
  readonly startedAtMs: number;
  readonly lastAtMs: number | null;
  /** Null: never again, or paused. */
  readonly nextAtMs: number | null;
}

/** What somebody wants of a schedule. */
export type WantedSchedule = Omit<ScheduleRow, "isPaused" | "isDeclared" | "startedAtMs" | "lastAtMs" | "nextAtMs">;
