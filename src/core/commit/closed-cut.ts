/**
 * The smallest set of buffered commits that may be shown together ([TP18]): with one part of a transaction come all its parts on
 * watched objects, and with a commit everything before it in its object. Two objects that applied two transactions in opposite
 * orders are released together. Pure; kept by clients that watch several objects.
 */

import type { ObjectName } from "../ids.ts";
import type { Txid } from "./transaction-message.ts";

export interface BufferedCommit {
  readonly seq: number;
  readonly txid?: Txid;
  /** Objects that the transaction changed. */
  readonly parts?: readonly ObjectName[];
  /** How far other objects must have come, where it shows rows of earlier commits ([RV3]); a text: they were asked, and have not answered. */
  readonly needs?: ReadonlyMap<ObjectName, number | string>;
}

/** One watched object: how far it is shown, and what has come after that, in order of seq. */
export interface WatchedObject<C extends BufferedCommit = BufferedCommit> {
  readonly shownSeq: number;
  readonly buffered: readonly C[];
}

export type Watched<C extends BufferedCommit = BufferedCommit> = ReadonlyMap<ObjectName, WatchedObject<C>>;

/** Where an object applied a transaction, as it told when it was asked; null: it took no part. */
export type SettledAt = (object: ObjectName, txid: Txid) => number | null | undefined;

/** How many buffered commits of each object to show next, all at once; null when nothing is complete. */
export function closedCut(watched: Watched, settledAt: SettledAt): ReadonlyMap<ObjectName, number> | null {
  for (const [object, { buffered }] of watched) {
    if (buffered.length === 0) continue;
    const cut = closure(watched, settledAt, object);
    if (cut !== null) return cut;
  }
  return null;
}

/** The cut that the first commit of one object needs; null when a part of it has not come. */
function closure(watched: Watched, settledAt: SettledAt, start: ObjectName): ReadonlyMap<ObjectName, number> | null {
  const taken = new Map<ObjectName, number>();
  const wanted: [ObjectName, number][] = [[start, 1]];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const [object, count] = next;
    const from = taken.get(object) ?? 0;
    if (count <= from) continue;
    taken.set(object, count);
    for (const commit of watched.get(object)?.buffered.slice(from, count) ?? []) {
      for (const [other, need] of commit.needs ?? []) {
        const at = placeAt(watched.get(other), need);
        if (at === "missing") return null;
        if (at > 0) wanted.push([other, at]);
      }
      for (const part of otherParts(commit, object)) {
        const at = placeOf(watched, settledAt, part, commit.txid ?? "");
        if (at === "missing") return null;
        if (at > 0) wanted.push([part, at]);
      }
    }
  }
  return taken;
}

/** How many buffered commits of `part` it takes to have this transaction there; 0 when it is shown, absent, or not watched. */
function placeOf(watched: Watched, settledAt: SettledAt, part: ObjectName, txid: Txid): number | "missing" {
  const object = watched.get(part);
  if (object === undefined) return 0;
  const index = object.buffered.findIndex((commit) => commit.txid === txid);
  if (index >= 0) return index + 1;
  const settled = settledAt(part, txid);
  if (settled === undefined) return "missing";
  return settled === null ? 0 : placeAt(object, settled);
}

/** How many buffered commits it takes to have come to a position; 0 when it is shown, or the object is not watched. */
function placeAt(object: WatchedObject | undefined, seq: number | string): number | "missing" {
  if (object === undefined) return 0;
  if (typeof seq === "string") return "missing";
  if (seq <= object.shownSeq) return 0;
  const reached = object.buffered.findIndex((commit) => commit.seq >= seq);
  return reached >= 0 ? reached + 1 : "missing";
}

function otherParts(commit: BufferedCommit, object: ObjectName): readonly ObjectName[] {
  if (commit.txid === undefined) return [];
  return (commit.parts ?? []).filter((part) => part !== object);
}

/** Parts on watched objects that have not come: each is to be asked for with `sync`. */
export function missingParts(
  watched: Watched,
  settledAt: SettledAt,
): readonly { readonly object: ObjectName; readonly txid: Txid }[] {
  const missing: { object: ObjectName; txid: Txid }[] = [];
  for (const [object, { buffered }] of watched) {
    for (const commit of buffered) {
      for (const part of otherParts(commit, object)) {
        const txid = commit.txid ?? "";
        if (placeOf(watched, settledAt, part, txid) === "missing") missing.push({ object: part, txid });
      }
    }
  }
  return missing;
}
