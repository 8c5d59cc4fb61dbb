/** One call to its verb. Refuses what the object cannot serve: a table it does not hold, a write while it is read-only. */

import type { Footprint } from "../../src/core/commit/footprint.ts";
import { Fault } from "../../src/core/fault.ts";
import type { ObjectCall, ObjectReply } from "../../src/core/protocol/object-call.ts";
import { aggregateRows } from "./aggregate.ts";
import { batch } from "./batch.ts";
import { loadBatch, previewBatch } from "./batch-load.ts";
import { readFootprint } from "./commit-footprint.ts";
import { load } from "./load.ts";
import { countRows, getRow, listRows } from "./read.ts";
import { runProcedure } from "./run-procedure.ts";
import { searchTable } from "./search.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { runTransaction, tryTransaction } from "./transaction.ts";
import { write } from "./write.ts";

/** `note` is told what a trial touched; what other reads touch is known before they run (`commit-footprint.ts`). */
export function handleCall(store: Store, call: ObjectCall, note?: (footprint: Footprint) => void): ObjectReply {
  const table = tableOf(store, call.table);
  try {
    return serve(store, table, call, note);
  } catch (error) {
    // On the old schema of a failed migration a read may name what is not there yet.
    if (!(error instanceof Fault) && store.health.kind !== "ready") throw notMigrated();
    throw error;
  }
}

/** What a read touches; null where running it tells. */
export function touchedBy(store: Store, call: ObjectCall): Footprint | null {
  return readFootprint(store, tableOf(store, call.table), call);
}

function serve(store: Store, table: TableStore, call: ObjectCall, note?: (footprint: Footprint) => void): ObjectReply {
  switch (call.op) {
    case "get":
      return getRow(store, table, call);
    case "list":
      return listRows(store, table, call);
    case "count":
      return countRows(store, table, call);
    case "search":
      return searchTable(store, table, call);
    case "aggregate":
      return aggregateRows(store, table, call);
    case "load":
      refuseWhenReadOnly(store);
      return load(store, table, call);
    case "write":
      refuseWhenReadOnly(store);
      return write(store, table, call);
    case "preview-batch":
      return previewBatch(store, table, call);
    case "load-batch":
      refuseWhenReadOnly(store);
      return loadBatch(store, table, call);
    case "batch":
      refuseWhenReadOnly(store);
      return batch(store, table, call);
    case "trial":
      refuseWhenReadOnly(store);
      return tryTransaction(store, call, note);
    case "transaction":
      refuseWhenReadOnly(store);
      return runTransaction(store, call);
    case "procedure":
      refuseWhenReadOnly(store);
      return runProcedure(store, call);
  }
}

function tableOf(store: Store, name: string): TableStore {
  const table = store.tables.get(name);
  if (table !== undefined) return table;
  throw notMigrated();
}

function notMigrated(): Fault {
  return new Fault({ slug: "unavailable", retryAfter: 5, detail: "The table has not been migrated yet." });
}

function refuseWhenReadOnly(store: Store): void {
  if (store.health.kind === "ready") return;
  if (store.health.kind === "waiting") throw notMigrated();
  throw new Fault({
    slug: "unavailable",
    retryAfter: 30,
    detail: "A migration of this table failed: it can be read, not written.",
  });
}
