/**
 * The intervals between named steps in which something may be lost. A campaign counts how often each was hit by a crash and fails when
 * one never was: a simulation in which nothing is interrupted proves nothing.
 */

import type { SimObject } from "./sim-object.ts";

export const CRASH_INTERVALS = [
  "participant: prepared, not durable",
  "participant: promised, not told the outcome",
  "participant: applied, not durable",
  "participant: let go, not durable",
  "participant: fenced, not durable",
  "participant: a prepare waits for keys",
  "decider: decided, not durable",
  "decider: decided, not confirmed",
  "decider: settled, not durable",
  "object: a reader waits for keys",
  "object: a reader has asked",
  "object: a single write waits for keys",
  "object: a single write, not durable",
  "object: an instance was replaced and runs on",
  "driver: evaluating",
  "driver: queueing",
  "driver: preparing",
  "driver: deciding",
  "driver: resolving",
  "driver: checking",
  "driver: pausing",
] as const;

export type CrashInterval = (typeof CRASH_INTERVALS)[number];

const OF_STEP: Readonly<Record<string, CrashInterval>> = {
  prepared: "participant: prepared, not durable",
  applied: "participant: applied, not durable",
  "let go": "participant: let go, not durable",
  fenced: "participant: fenced, not durable",
  decided: "decider: decided, not durable",
  settled: "decider: settled, not durable",
  "single write": "object: a single write, not durable",
};

/** The intervals in which an object stands that is about to crash. */
export function intervalsOf(object: SimObject): CrashInterval[] {
  const { state, durable } = object;
  const found: CrashInterval[] = object.unflushedSteps().flatMap((step) => OF_STEP[step] ?? []);
  if (durable.prepared.size > 0) found.push("participant: promised, not told the outcome");
  if (state.prepares.length > 0) found.push("participant: a prepare waits for keys");
  if (state.readers.some((reader) => reader.asks === null)) found.push("object: a reader waits for keys");
  if (state.readers.some((reader) => reader.asks !== null)) found.push("object: a reader has asked");
  if (state.writes.length > 0) found.push("object: a single write waits for keys");
  for (const decision of durable.decided.values())
    if (decision.kind === "committed" && decision.pending.length > 0) found.push("decider: decided, not confirmed");
  return found;
}
