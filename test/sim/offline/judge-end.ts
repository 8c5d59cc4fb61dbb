/**
 * Judges a browser once all has come to rest: every write that was stored took place once, or is refused and to be seen, or was given up by
 * its owner; writes of one row took place in the order in which they were made.
 */

import { type OutboxEntry, rowKey } from "../../../src/core/offline/outbox-entry.ts";
import { countHeldUp } from "../../../src/core/offline/sendable.ts";
import type { Applied } from "./model-server.ts";
import type { SimBrowser } from "./sim-browser.ts";

export interface EndOfBrowser {
  readonly browser: SimBrowser;
  /** Every entry that was stored, as it was last seen; null: its owner gave it up. */
  readonly written: ReadonlyMap<string, OutboxEntry | null>;
  readonly applied: readonly Applied[];
  /** Of which the person was told once that nobody can tell what became of them. */
  readonly uncertain: ReadonlySet<string>;
  /** Whose rows a backup does not have: they were there, and nothing more can be said of them. */
  readonly lost: ReadonlySet<string>;
}

export function judgeEnd({ browser, written, applied, uncertain, lost }: EndOfBrowser): string[] {
  const problems: string[] = [];
  const times = new Map<string, number>();
  for (const { key } of applied) times.set(key, (times.get(key) ?? 0) + 1);
  const entries = browser.all();
  const open = entries.filter(({ state }) => state.kind === "queued" || state.kind === "sent");
  if (open.length !== countHeldUp(entries.sort((a, b) => a.place - b.place)))
    problems.push(`${browser.user} has unsent writes: ${open.map(({ key }) => key)}`);
  for (const [key, entry] of written) {
    const done = times.get(key) ?? 0;
    const what = entry === null ? "given up" : entry.state.kind;
    const whole = entry?.writes.length ?? done;
    const isUncertain = uncertain.has(key) || lost.has(key);
    if (done > 1 && done !== whole && !isUncertain) problems.push(`${key} (${what}) took place ${done} times`);
    const isAbsent = entry?.writes.every(({ op }) => op === "delete");
    if (what === "done" && done === 0 && isAbsent !== true && !lost.has(key))
      problems.push(`${key} is done, and did not take place`);
    if (what === "refused" && done > 0 && !isUncertain) problems.push(`${key} is refused, and took place`);
    if (what !== "done" && what !== "given up" && !browser.entries.has(key)) problems.push(`${key} is lost (${what})`);
  }
  const last = new Map<string, number>();
  for (const { key, write } of applied) {
    const place = written.get(key)?.place;
    if (place === undefined) continue;
    if (place < (last.get(rowKey(write)) ?? 0)) problems.push(`${key} took place after a later write of ${write.id}`);
    last.set(rowKey(write), place);
  }
  return problems;
}
