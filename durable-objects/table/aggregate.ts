/** The read `aggregate`: groups of the rows that the caller may list, of one instant with the position ([AG7] [HT15]). */

import { Fault } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { AggregateCall } from "../../src/core/protocol/aggregate-call.ts";
import { showGroup } from "../../src/core/query/show-group.ts";
import { aggregateGroups } from "../sql/aggregate-groups.ts";
import { unchangedCollection, visibleRows } from "./read.ts";
import type { Answer } from "./replies.ts";
import { textsThatFit } from "./reply-size.ts";
import { selection } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export function aggregateRows(store: Store, table: TableStore, call: AggregateCall): Answer {
  const { query } = call;
  const unchanged = unchangedCollection(store, table, call, ["aggregate", call.filter, query]);
  if (unchanged.answer !== null) return unchanged.answer;
  const where = visibleRows(table, call);
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  const { groups, isTruncated } = aggregateGroups(store.sql, selection(store, table, where), query);
  const shown = textsThatFit(groups, (group) => showGroup(group, query));
  const truncated = isTruncated || shown.length < groups.length ? ',"truncated":true' : "";
  return {
    kind: "answer",
    status: 200,
    headers: { etag: unchanged.etag },
    body: `{"groups":[${shown.join(",")}]${truncated},"seq":${store.head.seq}}`,
    position: positionToken(store.epoch, store.head.seq),
  };
}
