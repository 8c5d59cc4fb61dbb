/**
 * What must be true when a run has come to rest: nothing held, nothing unsettled; each transaction on all its objects or on none; ledgers
 * gapless; refusals that were true; a history without anomalies; and no watcher that ever saw a half.
 */

import type { Random } from "../crash/random.ts";
import { checkHistory } from "./check-history.ts";
import type { HistoryEntry } from "./history.ts";
import { valuesOf } from "./model-disk.ts";
import type { Refused } from "./sim-client.ts";
import type { SimObject } from "./sim-object.ts";
import { watchLedgers } from "./watch-ledgers.ts";
import { objectOf } from "./workload.ts";

export interface Evidence {
  readonly objects: readonly SimObject[];
  readonly entries: readonly HistoryEntry[];
  readonly refused: readonly Refused[];
  readonly random: Random;
}

export function judge({ objects, entries, refused, random }: Evidence): string[] {
  const problems: string[] = [];
  for (const object of objects) {
    const { name, state, disk } = object;
    if (object.tail.length > 0) problems.push(`${name} has turns that never became durable`);
    if (state.held.size > 0 || disk.prepared.size > 0)
      problems.push(`${name} still holds ${[...disk.prepared.keys()]}`);
    if (state.unsettled.size > 0) problems.push(`${name} has unsettled ${[...state.unsettled.keys()]}`);
    const waiting = state.prepares.length + state.writes.length + state.readers.length;
    if (waiting > 0) problems.push(`${name} keeps ${waiting} waiting`);
    disk.log.forEach((entry, index) => {
      if (entry.seq !== index + 1) problems.push(`${name} has seq ${entry.seq} after ${index}`);
    });
  }
  problems.push(...tornTransactions(objects));
  const lists = new Set<string>();
  for (const entry of entries) for (const op of entry.ops) lists.add(op.list);
  for (const { operation } of refused) lists.add(operation.list);
  const final = new Map(
    [...lists].map((list) => {
      const object = objects.find((each) => each.name === objectOf(list));
      return [list, object === undefined ? [] : valuesOf(object.disk, list)] as const;
    }),
  );
  const unordered = new Set([...lists].filter((list) => list.startsWith("g")));
  problems.push(...checkHistory({ entries, final, unordered }).map((anomaly) => anomaly.text));
  problems.push(...untrueRefusals(refused, entries, final));
  problems.push(...watchLedgers(objects, random));
  return problems;
}

/** Each transaction was applied once, by all the objects that its parts name, exactly if it was decided so. */
function tornTransactions(objects: readonly SimObject[]): string[] {
  const problems: string[] = [];
  const appliedBy = new Map<string, string[]>();
  for (const { name, disk } of objects)
    for (const { txid } of disk.log) if (txid !== null) appliedBy.set(txid, [...(appliedBy.get(txid) ?? []), name]);
  const committed = new Map<string, readonly string[]>();
  for (const { name, disk } of objects) {
    for (const decision of disk.decided.values()) {
      if (decision.kind === "committed") committed.set(decision.txid, decision.parts);
      else if (appliedBy.get(decision.txid)?.includes(name))
        problems.push(`${name} fenced and applied ${decision.txid}`);
    }
  }
  for (const [txid, names] of appliedBy) {
    const parts = committed.get(txid);
    if (parts === undefined) problems.push(`${txid} was applied by ${names} without a decision`);
    else if ([...names].sort().join() !== [...parts].sort().join())
      problems.push(`${txid} has parts ${parts} and was applied by ${names}`);
  }
  for (const [txid, parts] of committed)
    if (parts.length > 0 && !appliedBy.has(txid)) problems.push(`${txid} was decided and never applied`);
  return problems;
}

/** Lists only grow: a refusal because a list was too long, or a slot taken, must still be true at the end. */
function untrueRefusals(
  refused: readonly Refused[],
  entries: readonly HistoryEntry[],
  final: ReadonlyMap<string, readonly number[]>,
): string[] {
  return refused.flatMap(({ name, completedAt, operation, own }) => {
    const begun = (final.get(operation.list) ?? []).filter((value) => {
      const writer = entries.find((entry) => entry.ops.some((op) => op.kind === "append" && op.value === value));
      return writer !== undefined && writer.invokedAt <= completedAt;
    });
    const needed = operation.op === "require" ? operation.below : operation.op === "claim" ? 1 : 0;
    return begun.length + own >= needed ? [] : [`${name} was refused for ${operation.list}, which had [${begun}]`];
  });
}
