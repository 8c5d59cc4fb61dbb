/**
 * A watcher of several objects, fed their ledgers in some order of arrival, who shows the smallest cut closed under transactions. It must never
 * show a half, never wait for what cannot come, and in the end show everything. The ledgers are those of a run.
 */

import { type BufferedCommit, closedCut, missingParts, type WatchedObject } from "../../src/core/commit/closed-cut.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { Random } from "../crash/random.ts";
import type { SimObject } from "./sim-object.ts";

export function watchLedgers(objects: readonly SimObject[], random: Random): string[] {
  const watched = objects.filter(({ disk }) => disk.log.length > 0 && random.chance(0.85));
  const state = new Map<ObjectName, WatchedObject>();
  const arriving = new Map<ObjectName, BufferedCommit[]>();
  for (const { name, disk } of watched) {
    // The snapshot with which the watch was opened.
    const shownSeq = random.between(0, random.chance(0.5) ? 0 : disk.log.length);
    state.set(name, { shownSeq, buffered: [] });
    arriving.set(
      name,
      disk.log.slice(shownSeq).map(({ seq, txid, parts }) => ({
        seq,
        ...(txid === null ? {} : { txid, parts: parts as readonly ObjectName[] }),
      })),
    );
  }
  // Snapshots are of different moments: what lies between them is a half that no cut can undo, until the other part arrives.
  const tornAtFirst = new Set(halves(watched, state));
  const told = new Map<string, number | null>();
  const settledAt = (object: ObjectName, txid: string) => told.get(`${object} ${txid}`);
  const problems: string[] = [];
  for (;;) {
    const ready = [...arriving.entries()].filter(([, commits]) => commits.length > 0);
    if (ready.length > 0) {
      const [name, commits] = random.pick(ready);
      const object = state.get(name);
      const commit = commits.shift();
      if (object === undefined || commit === undefined) break;
      state.set(name, { ...object, buffered: [...object.buffered, commit] });
    }
    for (const { object, txid } of missingParts(state, settledAt)) {
      const at = watched.find((each) => each.name === object)?.disk.log.find((entry) => entry.txid === txid);
      told.set(`${object} ${txid}`, at?.seq ?? null);
    }
    for (let cut = closedCut(state, settledAt); cut !== null; cut = closedCut(state, settledAt)) {
      for (const [name, count] of cut) {
        const object = state.get(name);
        if (object === undefined) continue;
        const shownSeq = object.buffered[count - 1]?.seq ?? object.shownSeq;
        state.set(name, { shownSeq, buffered: object.buffered.slice(count) });
      }
      problems.push(...halves(watched, state).filter((half) => !tornAtFirst.has(half)));
    }
    if (ready.length === 0) break;
  }
  for (const [name, { buffered }] of state)
    if (buffered.length > 0) problems.push(`a watcher never shows ${name} from seq ${buffered[0]?.seq}`);
  return problems;
}

/** What is shown of each object is a prefix of its ledger; no transaction may be in one prefix and beyond another. */
function halves(watched: readonly SimObject[], state: ReadonlyMap<ObjectName, WatchedObject>): string[] {
  const problems: string[] = [];
  const shown = new Map<string, boolean>();
  for (const { name, disk } of watched) {
    for (const { seq, txid } of disk.log) {
      if (txid === null) continue;
      const isShown = seq <= (state.get(name)?.shownSeq ?? 0);
      if ((shown.get(txid) ?? isShown) !== isShown) problems.push(`a watcher sees a half of ${txid}`);
      shown.set(txid, isShown);
    }
  }
  return problems;
}
