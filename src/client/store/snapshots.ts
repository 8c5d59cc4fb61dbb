/** What a handle shows of its watch, in the form of its snapshot. Pure but for the reading. */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LiveStatus } from "../live/live-types.ts";
import { sameOr } from "./shared-handle.ts";
import type { AggregateSnapshot, ListSnapshot, RowSnapshot } from "./store-types.ts";
import type { WatchSource } from "./watch-source.ts";

const NOTHING: readonly never[] = [];
const LOADING = { status: "loading" as LiveStatus, error: null, isReady: false, lastSeq: 0 };

export const NO_LIST: ListSnapshot<JsonObject> = { ...LOADING, rows: NOTHING, hasMore: false, pendingCount: 0 };
export const NO_ROW: RowSnapshot<JsonObject> = { ...LOADING, row: null, isPending: false };
export const NO_GROUPS: AggregateSnapshot<unknown> = { ...LOADING, groups: NOTHING };

function shownOf(source: WatchSource) {
  return { status: source.standing, error: source.error, isReady: source.isReady, lastSeq: source.seq };
}

export function listOf(source: WatchSource, before: ListSnapshot<JsonObject>): ListSnapshot<JsonObject> {
  return sameOr(before, {
    ...shownOf(source),
    rows: source.rows() ?? NOTHING,
    hasMore: source.view?.hasMore === true,
    pendingCount: source.pending,
  });
}

/** Until its own watch has answered, a row is shown as a list shows it. */
export function rowOf(source: WatchSource, before: RowSnapshot<JsonObject>, id: RowId): RowSnapshot<JsonObject> {
  const glimpse = source.isReady || source.error !== null ? null : source.glimpse(id);
  if (glimpse !== null) return sameOr(before, { ...shownOf(source), ...glimpse, isReady: true });
  const row = source.rows()?.[0] ?? null;
  const isPending = row !== null && source.view?.rows.get(row[source.rowKey] as string)?.row !== row;
  return sameOr(before, { ...shownOf(source), row, isPending });
}

export function groupsOf(source: WatchSource, before: AggregateSnapshot<unknown>): AggregateSnapshot<unknown> {
  const groups = (source.view?.aggregate?.groups ?? NOTHING) as readonly unknown[];
  return sameOr(before, { ...shownOf(source), groups });
}
