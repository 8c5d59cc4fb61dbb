/** What a handle shows of its watch, in the form of its snapshot. Pure but for the reading. */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import { parseSince } from "../../core/live/position.ts";
import type { LiveStatus } from "../live/live-types.ts";
import { tagRow } from "../live/tag-rows.ts";
import type { KeptWatch } from "./row-storage.ts";
import { sameOr } from "./shared-handle.ts";
import type { AggregateSnapshot, InfiniteSnapshot, ListSnapshot, RowSnapshot } from "./store-types.ts";
import type { WatchSource } from "./watch-source.ts";

const NOTHING: readonly never[] = [];
const LOADING = { status: "loading" as LiveStatus, error: null, isReady: false, lastSeq: 0 };

export const NO_LIST: ListSnapshot<JsonObject> = { ...LOADING, rows: NOTHING, hasMore: false, pendingCount: 0 };
export const NO_PAGES: InfiniteSnapshot<JsonObject> = {
  ...NO_LIST,
  isLoadingMore: false,
  cursor: null,
  totalCount: null,
};
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

/** What any of them shows of rows that a server has read for this page: `nothing`, with what is known. */
export function handedOver<S extends object>(nothing: S, { rows, aggregate, hasMore, position, rowKey }: KeptWatch): S {
  rows.forEach(tagRow);
  const list = rows.map(({ row }) => row);
  const known = {
    status: "live",
    isReady: true,
    lastSeq: parseSince(position)?.seq ?? 0,
    rows: list,
    row: list[0] ?? null,
    hasMore: hasMore === true,
    cursor: (hasMore === true && list.at(-1)?.[rowKey]) || null,
    groups: aggregate?.groups ?? NOTHING,
  };
  const members = Object.entries(known).filter(([name]) => Object.hasOwn(nothing, name));
  return { ...nothing, ...Object.fromEntries(members) };
}
