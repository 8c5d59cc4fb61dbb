/**
 * What a client holds of one watch: rows by id with their tags, or an aggregate. A commit is applied to a copy-free map in one step; an
 * `added` row that is there already, or a `changed` one that is not, is a phantom, and told as such to whoever checks. Pure.
 */

import type { RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ShownRow, WatchNews } from "./server-frames.ts";

export interface LiveView {
  readonly rows: Map<RowId, ShownRow>;
  aggregate: JsonObject | null;
  hasMore: boolean | null;
}

export interface ViewSnapshot {
  readonly rows: readonly ShownRow[];
  readonly aggregate?: JsonObject;
  readonly hasMore?: boolean;
}

/** `idOf` names the row's key; rows travel with it always. */
export function openView(snapshot: ViewSnapshot, idOf: (row: JsonObject) => RowId): LiveView {
  return {
    rows: new Map(snapshot.rows.map((shown) => [idOf(shown.row), shown])),
    aggregate: snapshot.aggregate ?? null,
    hasMore: snapshot.hasMore ?? null,
  };
}

/** What a commit did to a view. `previous`: what was held. */
export interface ViewChange {
  readonly op: "added" | "changed" | "removed";
  readonly id: RowId;
  readonly row?: JsonObject;
  readonly previous?: JsonObject;
  readonly why?: string;
  readonly optimisticId?: string;
}

/** One thing that happened to what is shown of a watch. */
export type ViewStep =
  | {
      readonly kind: "commit";
      readonly seq: number;
      readonly at: number;
      readonly txid?: string;
      readonly changes: readonly ViewChange[];
    }
  /** Another snapshot stands in its place; `after` null: what was held is to be deleted ([RV3]). */
  | { readonly kind: "replaced"; readonly seq: number; readonly after: LiveView | null };

export function applyNews(view: LiveView, news: WatchNews, idOf: (row: JsonObject) => RowId): ViewChange[] {
  const changes: ViewChange[] = [];
  for (const { op, row, v = "", rowId, why, optimisticId } of news.changes) {
    const isGone = op === "removed" || row === undefined;
    const id = isGone ? rowId : idOf(row);
    if (id === undefined) continue;
    const previous = view.rows.get(id)?.row;
    if (isGone) view.rows.delete(id);
    else view.rows.set(id, { row, v });
    changes.push({
      op: isGone ? "removed" : op,
      id,
      ...(!isGone && { row }),
      ...(previous !== undefined && { previous }),
      ...(why !== undefined && { why }),
      ...(optimisticId !== undefined && { optimisticId }),
    });
  }
  if (news.aggregate !== undefined) view.aggregate = news.aggregate;
  if (news.hasMore !== undefined) view.hasMore = news.hasMore;
  return changes;
}

/** What happened to what is shown of several watches, all at once; of each in order. */
export type Shown = ReadonlyMap<string, readonly ViewStep[]>;

/** One step more of a watch; null: nothing happened to it. */
export function noteStep(shown: Map<string, ViewStep[]>, watch: string, step: ViewStep | null): void {
  if (step === null) return;
  const steps = shown.get(watch) ?? [];
  steps.push(step);
  shown.set(watch, steps);
}
