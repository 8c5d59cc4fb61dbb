/**
 * The reads of an object: get, list, count. Each happens in one instant: rows, total and seq belong together ([HT15]). Conditions
 * on tags are answered here, so that a 304 carries no row.
 */

import { isSoftDeleted } from "../../src/core/change/plan-write.ts";
import { Fault } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import { shortHash } from "../../src/core/json.ts";
import { collectionTag, matchesRow, matchesStrongly, matchesWeakly, rowTag } from "../../src/core/protocol/etag.ts";
import type { CountCall, GetCall, ListCall, Preconditions, ScopeText } from "../../src/core/protocol/object-call.ts";
import { sortKey } from "../../src/core/query/compare-values.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import { canonicalOrderBy } from "../../src/core/query/order.ts";
import { conjoin, disjoin, type Filter } from "../../src/core/query/tree.ts";
import type { Answer } from "./replies.ts";
import { textsThatFit } from "./reply-size.ts";
import { rowJson } from "./row-json.ts";
import { filterOf, scopeTest } from "./scope-test.ts";
import { countMatching, explainPage, selectPage } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export function getRow(store: Store, table: TableStore, call: GetCall): Answer {
  const stored = table.find(call.id);
  const position = positionToken(store.epoch, store.head.seq);
  const isVisible =
    stored !== null &&
    scopeTest(table, call.scope)(stored.row) &&
    (!isSoftDeleted(table.spec, stored.row) ||
      (call.withDeleted !== null && scopeTest(table, call.withDeleted.scope)(stored.row)));
  if (!isVisible) throw new Fault({ slug: "not-found", resource: table.spec.name, id: String(call.id) });
  const tag = rowTag(store.epoch, stored.version, table.spec.shape);
  const { ifMatch, ifNoneMatch } = call.conditions;
  if (ifMatch !== undefined && !matchesRow(ifMatch, store.epoch, stored.version)) {
    throw new Fault({ slug: "precondition-failed", currentETag: `"${tag}"` });
  }
  const headers = { etag: `"${tag}"` };
  if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, tag))
    return { kind: "answer", status: 304, headers, body: null, position };
  const shown = rowJson(store, table, stored.row, call.select);
  if (call.select?.includes("_etag") === true) shown._etag = tag;
  return { kind: "answer", status: 200, headers, body: JSON.stringify(shown), position };
}

export function listRows(store: Store, table: TableStore, call: ListCall): Answer {
  const query = [
    "list",
    call.filter,
    canonicalOrderBy(call.orderBy, table.spec),
    call.limit,
    call.offset,
    call.after,
    call.totalCount,
    call.select,
    call.etags,
  ];
  const unchanged = unchangedCollection(store, table, call, query);
  if (unchanged.answer !== null) return unchanged.answer;

  const where = visibleRows(table, call);
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  const page = selectPage(store, table, {
    where,
    orderBy: call.orderBy,
    after: call.after,
    limit: call.limit,
    offset: call.offset,
    isInSight: () => compileMatcher(sightOf(table, call), table.spec, table.resource.operators),
  });
  const withTags = call.etags || call.select?.includes("_etag") === true;
  const items = textsThatFit(page.rows, (stored) => {
    const shown = rowJson(store, table, stored.row, call.select);
    if (withTags) shown._etag = rowTag(store.epoch, stored.version, table.spec.shape);
    return shown;
  });
  const lastShown = page.rows[items.length - 1];
  const isCut = items.length < page.rows.length && lastShown !== undefined;
  const next = isCut ? sortKey(lastShown.row, call.orderBy) : page.next;
  const headers: Record<string, string> = { etag: unchanged.etag };
  if (call.isExplained)
    headers["ledge-plan"] = explainPage(store, table, {
      where,
      orderBy: call.orderBy,
      after: call.after,
      limit: call.limit,
      offset: call.offset,
    });
  let total = "";
  if (call.totalCount) {
    const count = countMatching(store, table, where, null);
    headers["x-total-count"] = String(count);
    total = `,"totalCount":${count}`;
  }
  const { seq } = store.head;
  return {
    kind: "answer",
    status: 200,
    headers,
    body: `{"items":[${items.join(",")}],"hasMore":${page.hasMore || isCut}${total},"seq":${seq},"nextCursor":null}`,
    position: positionToken(store.epoch, seq),
    ...(next === null ? {} : { next }),
  };
}

export function countRows(store: Store, table: TableStore, call: CountCall): Answer {
  const unchanged = unchangedCollection(store, table, call, ["count", call.filter, call.limit]);
  if (unchanged.answer !== null) return unchanged.answer;
  const where = visibleRows(table, call);
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  const count = countMatching(store, table, where, call.limit);
  return {
    kind: "answer",
    status: 200,
    headers: { etag: unchanged.etag },
    body: JSON.stringify({ count, seq: store.head.seq }),
    position: positionToken(store.epoch, store.head.seq),
  };
}

interface CollectionRead {
  readonly scope: ScopeText;
  readonly filter: string;
  readonly withDeleted: { readonly scope: ScopeText } | null;
  readonly conditions: Preconditions;
}

/** The filters that a read stands under: what the caller may see, and the caller's own. Null: nothing may be seen. */
export function visibleRows(table: TableStore, call: CollectionRead): Filter | null {
  if (call.scope === "") return null;
  const sight = sightOf(table, call);
  return call.filter === "" ? sight : conjoin([sight, filterOf(table, call.filter)]);
}

/** Scope, and not deleted, or visible although deleted. */
function sightOf(table: TableStore, call: CollectionRead): Filter {
  const terms: Filter[] = [];
  if (call.scope !== "*") terms.push(filterOf(table, call.scope));
  const soft = table.spec.softDelete;
  if (soft !== null && call.withDeleted?.scope !== "*") {
    const present: Filter = { kind: "compare", field: soft.field, operator: "=isnull=", operand: true };
    const deletedScope = call.withDeleted?.scope ?? "";
    terms.push(deletedScope === "" ? present : disjoin([present, filterOf(table, deletedScope)]));
  }
  return conjoin(terms);
}

/** The collection's tag, and the 304 or 412 that it settles without reading a row ([HT34] [HT35]). */
export function unchangedCollection(
  store: Store,
  table: TableStore,
  call: CollectionRead,
  query: readonly unknown[],
): { etag: string; answer: Answer | null } {
  const hash = shortHash(
    JSON.stringify([...query, call.scope, call.withDeleted?.scope ?? null, table.spec.name, table.spec.shape]),
  );
  const tag = collectionTag(store.epoch, store.head.seq, hash);
  const etag = `"${tag}"`;
  const { ifMatch, ifNoneMatch } = call.conditions;
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, tag))
    throw new Fault({ slug: "precondition-failed", currentETag: etag });
  const isSame = ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, tag);
  const position = positionToken(store.epoch, store.head.seq);
  return { etag, answer: isSame ? { kind: "answer", status: 304, headers: { etag }, body: null, position } : null };
}
