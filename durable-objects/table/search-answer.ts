/**
 * The reply of a search ([SR5]), whether the table's own index found the rows or an engine outside: the rows that fit, whether there
 * are more, the total and the highlights, each where it was asked for. What was found, and under which tag it is answered, is the caller's.
 */

import type { Seq } from "../../src/core/ids.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { SearchCall } from "../../src/core/protocol/search-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import type { Answer } from "./replies.ts";
import { textsThatFit } from "./reply-size.ts";
import { rowJson } from "./row-json.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

interface Found {
  readonly row: Row;
  readonly version: Seq;
}

/** A page of rows, best first. */
export interface FoundRows<Each extends Found> {
  readonly rows: readonly Each[];
  readonly hasMore: boolean;
  /** Null when it was not asked for. */
  readonly totalCount: number | null;
}

/** What a reply holds but for its position. */
export interface ShownRows {
  /** Serialized. */
  readonly items: readonly string[];
  readonly more: { readonly [member: string]: Json };
}

/** `highlightsOf` is asked for the rows that fit only, and only where highlights are wanted. */
export function showFound<Each extends Found>(
  store: Store,
  table: TableStore,
  { query, select }: SearchCall,
  { rows, hasMore, totalCount }: FoundRows<Each>,
  highlightsOf: (shown: readonly Each[]) => Json,
): ShownRows {
  const withTags = select?.includes("_etag") === true;
  const items = textsThatFit(rows, ({ row, version }) => {
    const shown = rowJson(store, table, row, select);
    if (withTags) shown._etag = rowTag(store.epoch, version, table.spec.shape);
    return shown;
  });
  return {
    items,
    more: {
      hasMore: hasMore || items.length < rows.length,
      ...(query.totalCount && totalCount !== null ? { totalCount } : {}),
      ...(query.highlight ? { highlights: highlightsOf(rows.slice(0, items.length)) } : {}),
    },
  };
}

export function answerFound({ epoch, head }: Store, { items, more }: ShownRows, etag: string): Answer {
  const total = more.totalCount;
  return {
    kind: "answer",
    status: 200,
    headers: { etag, ...(total === undefined ? {} : { "x-total-count": String(total) }) },
    body: `{"items":[${items.join(",")}],${JSON.stringify({ ...more, seq: head.seq }).slice(1)}`,
    position: positionToken(epoch, head.seq),
  };
}
