/**
 * A batch: many rows in one transaction, one seq, one ledger row ([HT45]). Both forms, a list of items and rows under a filter, go
 * through the frame of every write (`transact.ts`) and, row by row, through the step of the single write (`applyWrite`).
 */

import { positionToken, type RowId, type Seq } from "../../src/core/ids.ts";
import type { BatchCall } from "../../src/core/protocol/batch-call.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { rebuildFilterBatch, runFilterBatch } from "./batch-filter.ts";
import { rebuildItems, runItems } from "./batch-items.ts";
import { nameOperation } from "./name-operation.ts";
import type { Answer } from "./replies.ts";
import { checkRowsFit, textsThatFit } from "./reply-size.ts";
import { rowJson } from "./row-json.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { type Committed, transact } from "./transact.ts";

/** What a batch did. A deletion and a filter batch tell a number, the others the rows. */
export type BatchOutcome =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "rows"; readonly rows: readonly Row[]; readonly created: readonly RowId[] };

export function batch(store: Store, table: TableStore, call: BatchCall): Answer {
  const { work } = call;
  return nameOperation(call.operation, () =>
    transact(store, call, {
      run(commit) {
        const outcome =
          work.kind === "items" ? runItems(commit, table, call, work) : runFilterBatch(commit, table, call, work);
        return (committed) => {
          const present =
            outcome.kind === "count" ? outcome : { ...outcome, rows: latest(outcome.rows, table, committed.changes) };
          // Refused in time: what does not fit into a reply is not committed.
          if (present.kind === "rows" && !call.isMinimal) checkRowsFit(present.rows);
          return { answer: answerBatch(store, table, call, present, committed.seq), ids: idsOf(present, table) };
        };
      },
      rebuild(found: Committed) {
        const outcome =
          work.kind === "items" ? rebuildItems(table, call, work, found) : rebuildFilterBatch(table, call, work, found);
        return answerBatch(store, table, call, outcome, found.seq);
      },
    }),
  );
}

function answerBatch(
  store: Store,
  table: TableStore,
  { operation, isMinimal }: BatchCall,
  outcome: BatchOutcome,
  seq: Seq,
): Answer {
  const isCreated = operation === "create" && outcome.kind === "rows" && outcome.rows.length > 0;
  const answer = { kind: "answer" as const, headers: {}, position: positionToken(store.epoch, seq) };
  if (isMinimal) return { ...answer, status: isCreated ? 201 : 204, body: null };
  return { ...answer, status: isCreated ? 201 : 200, body: bodyOf(store, table, operation, outcome, seq) };
}

/** Rows that have grown since an earlier attempt, or are large by their computed fields, are told by their ids alone, as in [HT44]. */
function bodyOf(
  store: Store,
  table: TableStore,
  operation: BatchCall["operation"],
  outcome: BatchOutcome,
  seq: Seq,
): string {
  if (outcome.kind === "count") return JSON.stringify({ count: outcome.count, seq });
  const items = textsThatFit(outcome.rows, (row) => rowJson(store, table, row, null));
  if (items.length < outcome.rows.length) return JSON.stringify({ ids: idsOf(outcome, table), seq });
  const created =
    operation === "replace" || operation === "upsert" ? `,"created":${JSON.stringify(outcome.created)}` : "";
  return `{"items":[${items.join(",")}]${created},"seq":${seq}}`;
}

/** A hook on a later row may have changed an earlier one: the reply tells how the commit left them. */
function latest(rows: readonly Row[], table: TableStore, changes: readonly RowChange[]): readonly Row[] {
  const key = table.spec.primaryKey;
  const after = new Map(
    changes.filter((change) => change.table === table.spec.name).map((change) => [change.id, change.after]),
  );
  return rows.map((row) => after.get(row[key] as RowId) ?? row);
}

function idsOf(outcome: BatchOutcome, table: TableStore): readonly RowId[] {
  return outcome.kind === "count" ? [] : outcome.rows.map((row) => row[table.spec.primaryKey] as RowId);
}
