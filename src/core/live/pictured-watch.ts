/**
 * What a client shows of one watch, and the snapshot that is to take its place: how commits, resets and changes of scope bear on the two.
 * Plain state and what is done to it; `ClientPicture`, which knows how far the objects are shown, decides when.
 */

import type { ObjectName, RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ClientCommit } from "./client-event.ts";
import type { Needs } from "./commit-buffer.ts";
import { applyNews, type LiveView, type ViewChange, type ViewStep } from "./live-view.ts";
import type { WatchNews } from "./server-frames.ts";

export interface PicturedWatch {
  readonly key: string;
  readonly idOf: (row: JsonObject) => RowId;
  /** From where it begins, given by whoever holds the rows up to there; null once something is shown. */
  start: string | null;
  object: ObjectName | null;
  tag: string;
  view: LiveView | null;
  /** A snapshot that is not shown yet. */
  next: { readonly view: LiveView; readonly seq: number; readonly needs: Needs } | null;
  /** What is shown has been reset, and stays until `next` can take its place. */
  isReplacing: boolean;
}

/** Of what lacks rows that were withdrawn before the frame that says so could be shown: no scope has it, so nobody resumes from there. */
const NO_SCOPE = "00000000";

/** A commit, for both views; null: what is shown stays as it is. */
export function applyCommit(watch: PicturedWatch, { seq, at, txid }: ClientCommit, news: WatchNews): ViewStep | null {
  if (news.tag !== undefined) watch.tag = news.tag;
  if (watch.next !== null && seq >= watch.next.seq) applyNews(watch.next.view, news, watch.idOf);
  if (watch.view === null || watch.isReplacing) return null;
  const changes = applyNews(watch.view, news, watch.idOf);
  return { kind: "commit", seq, at, ...(txid !== undefined && { txid }), changes };
}

/** Rows that a change of scope took away, as its frame tells. */
export function goneWithScope({ changes }: WatchNews): ReadonlySet<RowId> {
  return new Set(changes.flatMap(({ why, rowId }) => (why === "scope" && rowId !== undefined ? [rowId] : [])));
}

/** Such rows go from both views ([RV3]); what that changes of what is shown. */
export function withdrawRows(watch: PicturedWatch, gone: ReadonlySet<RowId>): ViewChange[] {
  watch.tag = NO_SCOPE;
  const removed: ViewChange[] = [];
  for (const id of gone) {
    const previous = watch.view?.rows.get(id)?.row;
    for (const view of [watch.view, watch.next?.view]) view?.rows.delete(id);
    if (previous !== undefined) removed.push({ op: "removed", id, previous, why: "scope" });
  }
  return removed;
}

/** It begins anew: what is shown stays until another snapshot can take its place. */
export function awaitSnapshot(watch: PicturedWatch): void {
  watch.next = null;
  watch.isReplacing = watch.view !== null;
}

/** Whether its snapshot may be shown where the objects are shown up to these positions: its own has come to it, and the rest has caught up. */
export function canJoin({ object, next }: PicturedWatch, shownSeq: (name: ObjectName) => number | undefined): boolean {
  if (next === null || object === null || (shownSeq(object) ?? -1) < next.seq) return false;
  return [...next.needs].every(([name, need]) => {
    const shown = shownSeq(name);
    return shown === undefined || (typeof need === "number" && shown >= need);
  });
}

/** Its snapshot, or nothing, takes the place of what is shown, at `seq` of its object. */
export function replaceView(watch: PicturedWatch, seq: number): ViewStep {
  watch.view = watch.next?.view ?? null;
  watch.next = null;
  watch.isReplacing = false;
  return { kind: "replaced", seq, after: watch.view };
}
