/** Changes of several entries at once that follow from what happened to one, or to the rights of the person. Pure; `outbox.ts` has them saved. */

import type { JsonObject } from "../json.ts";
import { changed, type EntryChange, isSameRow, type OutboxEntry, type RowOf, type RowWrite } from "./outbox-entry.ts";
import { OUTBOX_LIMITS } from "./outbox-port.ts";

export type IsRevoked = (row: RowOf) => boolean;

/** Of the finished, those that make room for one more. A plain loop, as below: each finished write comes by here, past all that wait. */
export function letGo(entries: readonly OutboxEntry[]): EntryChange[] {
  const done: OutboxEntry[] = [];
  for (const entry of entries) if (entry.state.kind === "done") done.push(entry);
  return done
    .slice(0, Math.max(0, done.length + 1 - OUTBOX_LIMITS.keptDone))
    .map((before) => ({ before, after: null }));
}

/** Later writes of its rows that were made on what this one has led to stand on that from now on. */
export function rebased(entries: readonly OutboxEntry[], { place, writes, state }: OutboxEntry): EntryChange[] {
  const changes: EntryChange[] = [];
  if (state.kind !== "done") return changes;
  // A plain loop here, too: of thousands that wait, each is asked about at each that is done.
  const tagOf = (write: RowWrite) => {
    let tag: string | null | undefined;
    for (const [at, each] of writes.entries())
      if (isSameRow(write, each) && write.op !== "create" && write.tag === each.tag) tag = state.tags?.[at];
    return tag;
  };
  for (const later of entries)
    if (later.place > place && later.state.kind === "queued" && later.writes.some(tagOf))
      changes.push(
        changed(later, { writes: later.writes.map((write) => ({ ...write, tag: tagOf(write) ?? write.tag })) }),
      );
  return changes;
}

/**
 * The same of one that is made while its rows are still shown as they were before what was done of late. What is sent without a condition stays so:
 * what was done last need not be what stands there.
 */
export function caughtUp(entries: readonly OutboxEntry[], made: OutboxEntry): EntryChange[] {
  const last = entries.reduce((now, entry) => rebased([now], entry)[0]?.after ?? now, made);
  const writes = made.writes.map((write, at) => (write.tag && last.writes[at]) || write);
  return writes.every((write, at) => write === made.writes[at]) ? [] : [changed(made, { writes })];
}

/** Nothing that was shown of these rows is kept; what the person wrote is. */
export function withoutRevoked(entries: readonly OutboxEntry[], isRevoked: IsRevoked): EntryChange[] {
  return entries.flatMap((entry) => {
    const { state, writes } = entry;
    const isBased = writes.some((write) => write.base !== null && isRevoked(write));
    const isPresent = state.kind === "refused" && state.present != null && writes.some(isRevoked);
    if (!isBased && !isPresent) return [];
    const change = changed(entry, {
      writes: writes.map((write) => (isRevoked(write) ? { ...write, base: null } : write)),
      ...(isPresent && { state: { ...state, present: null } }),
    });
    return [change];
  });
}

/** Whether each of its writes can take place once only, whatever the server remembers. A row that was created may be gone again. */
export function isSelfGuarding({ writes }: OutboxEntry): boolean {
  return writes.every(({ tag }) => tag !== null);
}

export interface Beneath {
  readonly row: JsonObject | null;
  readonly tag: string | null;
  /** Default: those that the write has. */
  readonly values?: JsonObject;
}

/** Its writes, one of them on top of another row than before. */
export function onTop({ writes }: Pick<OutboxEntry, "writes">, at: number, { row, tag, values }: Beneath): RowWrite[] {
  return writes.map((write, index) => {
    const sent = values ?? write.values;
    return index === at ? { ...write, values: sent, base: columnsOf(row, sent), tag } : write;
  });
}

export function columnsOf(row: JsonObject | null, values: JsonObject): JsonObject | null {
  if (row === null) return null;
  return Object.fromEntries(Object.keys(values).map((name) => [name, row[name] ?? null]));
}

export function newer(held: OutboxEntry | undefined, entry: OutboxEntry): OutboxEntry {
  return held !== undefined && held.rev > entry.rev ? held : entry;
}
