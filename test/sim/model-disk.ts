/**
 * The storage of a simulated object: immutable maps, so that a state on disk is one reference and a crash is a return to an older one. Holds
 * two tables: `lists`, rows to append to, and `items`, rows with a range and maybe a unique slot. Runs operations as the write path of
 * an object does: validate what was seen, work on an overlay, tell the footprint.
 */

import { type Footprint, rowKey, uniqueKey } from "../../src/core/commit/footprint.ts";
import type { Decision, PreparedRow, Run } from "../../src/core/commit/object-port.ts";
import type { Txid } from "../../src/core/commit/transaction-message.ts";
import type { FaultData } from "../../src/core/fault.ts";
import type { Json } from "../../src/core/json.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";

/** A list is named `k…`, a range `g…`, a slot `s…`: to the checker of histories all three are lists. */
export type Operation =
  | { readonly op: "append"; readonly list: string; readonly value: number }
  | { readonly op: "read"; readonly list: string }
  | { readonly op: "insert"; readonly list: string; readonly value: number }
  | { readonly op: "claim"; readonly list: string; readonly value: number }
  /** Fails the transaction when the list has this many values or more. */
  | { readonly op: "require"; readonly list: string; readonly below: number };

export type Seen =
  | { readonly kind: "row"; readonly list: string; readonly version: number }
  /** Nothing in the range has changed since this seq. */
  | { readonly kind: "range"; readonly list: string; readonly seq: number };

export interface Work {
  readonly operations: readonly (Operation & { readonly index: number })[];
  readonly seen: readonly Seen[];
}

export interface LogEntry {
  readonly seq: number;
  readonly txid: Txid | null;
  readonly parts: readonly string[];
  readonly changes: readonly RowChange[];
}

interface StoredRow {
  readonly table: string;
  readonly row: Row;
  readonly version: number;
}

export interface Disk {
  readonly rows: ReadonlyMap<string, StoredRow>;
  readonly log: readonly LogEntry[];
  readonly prepared: ReadonlyMap<Txid, PreparedRow>;
  readonly decided: ReadonlyMap<Txid, Decision>;
  readonly replies: ReadonlyMap<string, { readonly fingerprint: string; readonly reply: Json }>;
}

export const EMPTY_DISK: Disk = {
  rows: new Map(),
  log: [],
  prepared: new Map(),
  decided: new Map(),
  replies: new Map(),
};

/** The values of a list, range or slot, oldest first. */
export function valuesOf(disk: Disk, list: string): number[] {
  return lookUp(disk, new Map(), list);
}

/** What reading a list touches and remembers. */
export function readFootprint(list: string): Footprint {
  const isRow = list.startsWith("k");
  return {
    reads: isRow ? [rowKey("lists", list)] : [],
    ranges: isRow ? [] : [{ table: "items", filter: list }],
    changes: [],
    uniques: [],
  };
}

export function seenOf(disk: Disk, list: string): Seen {
  if (!list.startsWith("k")) return { kind: "range", list, seq: disk.log.length };
  return { kind: "row", list, version: disk.rows.get(rowKey("lists", list))?.version ?? 0 };
}

export function isInRange(predicate: { readonly filter: string }, row: Row): boolean {
  return row.range === predicate.filter || row.slot === predicate.filter;
}

export function isCurrent(disk: Disk, seen: Seen): boolean {
  if (seen.kind === "row") return (disk.rows.get(rowKey("lists", seen.list))?.version ?? 0) === seen.version;
  return !disk.log
    .slice(seen.seq)
    .some((entry) => entry.changes.some(({ after }) => after !== null && isInRange({ filter: seen.list }, after)));
}

/** Carries the work out on an overlay. Nothing is written. */
export function runWork(disk: Disk, work: Work): Run {
  const reads: string[] = [];
  const ranges: { table: string; filter: string }[] = [];
  const uniques: string[] = [];
  const overlay = new Map<string, Row>();
  const touch = (list: string) => {
    if (list.startsWith("k")) reads.push(rowKey("lists", list));
    else ranges.push({ table: "items", filter: list });
  };
  const footprint = (): Footprint => ({ reads, ranges, changes: changesOf(disk, overlay), uniques });
  for (const seen of work.seen) touch(seen.list);
  if (!work.seen.every((seen) => isCurrent(disk, seen))) return { kind: "changed", footprint: footprint() };
  const results: Json[] = [];
  for (const operation of work.operations) {
    const { list, index } = operation;
    const fail = (fault: FaultData): Run => ({ kind: "fault", footprint: footprint(), fault: { ...fault, index } });
    switch (operation.op) {
      case "append": {
        const before = lookUp(disk, overlay, list);
        overlay.set(rowKey("lists", list), { id: list, values: [...before, operation.value] });
        results.push([index, operation.value]);
        break;
      }
      case "insert":
        overlay.set(rowKey("items", operation.value), { id: operation.value, range: list, slot: null });
        results.push([index, operation.value]);
        break;
      case "claim": {
        uniques.push(uniqueKey("items", ["slot"], [list]));
        if (lookUp(disk, overlay, list).length > 0) return fail({ slug: "conflict", reason: "unique" });
        overlay.set(rowKey("items", operation.value), { id: operation.value, range: null, slot: list });
        results.push([index, operation.value]);
        break;
      }
      case "read":
        touch(list);
        results.push([index, lookUp(disk, overlay, list)]);
        break;
      case "require": {
        touch(list);
        const values = lookUp(disk, overlay, list);
        if (values.length >= operation.below) return fail({ slug: "precondition-failed", reason: "require" });
        results.push([index, values]);
        break;
      }
    }
  }
  return { kind: "done", footprint: footprint(), result: results, extra: null, withdraws: false };
}

/** The disk with these changes under the next seq; the same one when there are none. */
export function withChanges(
  disk: Disk,
  changes: readonly RowChange[],
  tag: { readonly txid: Txid | null; readonly parts: readonly string[] },
): Disk {
  if (changes.length === 0) return disk;
  const seq = disk.log.length + 1;
  const rows = new Map(disk.rows);
  for (const { table, id, after } of changes) {
    if (after !== null) rows.set(rowKey(table, id), { table, row: after, version: seq });
  }
  return { ...disk, rows, log: [...disk.log, { seq, ...tag, changes }] };
}

function lookUp(disk: Disk, overlay: ReadonlyMap<string, Row>, list: string): number[] {
  if (list.startsWith("k")) {
    const key = rowKey("lists", list);
    return ((overlay.get(key) ?? disk.rows.get(key)?.row)?.values ?? []) as number[];
  }
  const found: number[] = [];
  // Maps keep the order of insertion, which is that of the commits.
  for (const { row, table } of disk.rows.values())
    if (table === "items" && isInRange({ filter: list }, row)) found.push(row.id as number);
  for (const row of overlay.values()) if (isInRange({ filter: list }, row)) found.push(row.id as number);
  return found;
}

function changesOf(disk: Disk, overlay: ReadonlyMap<string, Row>): RowChange[] {
  return [...overlay].map(([key, after]) => {
    const before = disk.rows.get(key)?.row ?? null;
    const table = key.startsWith("r:lists:") ? "lists" : "items";
    return { table, id: after.id as string | number, op: before === null ? "create" : "update", before, after };
  });
}
