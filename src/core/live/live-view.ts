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

export function applyNews(view: LiveView, news: WatchNews, idOf: (row: JsonObject) => RowId): void {
  for (const { op, row, v = "", rowId } of news.changes) {
    if (op === "removed" || row === undefined) {
      if (rowId !== undefined) view.rows.delete(rowId);
    } else view.rows.set(idOf(row), { row, v });
  }
  if (news.aggregate !== undefined) view.aggregate = news.aggregate;
  if (news.hasMore !== undefined) view.hasMore = news.hasMore;
}
