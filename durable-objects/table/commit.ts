/**
 * One commit in the making: the changes and effects that a transaction has gathered so far, and the step that carries out
 * a plan (`apply`): hook, scope on the row after, SQL, what follows for related rows. Lives inside one synchronous
 * transaction and is thrown away with it.
 */

import { checkAfter, type Plan, type WriteFacts } from "../../src/core/change/plan-write.ts";
import { Fault } from "../../src/core/fault.ts";
import { type RowId, type Seq, seqOf } from "../../src/core/ids.ts";
import { type Json, jsonEquals } from "../../src/core/json.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { NamedEffect } from "../../src/core/protocol/transaction-call.ts";
import { printFilter } from "../../src/core/query/print.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import type { Principal } from "../../src/core/scope/principal.ts";
import type { Isolation } from "../../src/core/transaction/operation.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { constraintFault } from "./constraint-fault.ts";
import { runOnRemove, runOnWrite } from "./inner-hooks.ts";
import type { Effect } from "./ledger.ts";
import { type Reads, recordReads } from "./reads.ts";
import { approximateSize } from "./reply-size.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export interface Commit {
  readonly store: Store;
  readonly principal: Principal;
  /** The seq that the commit takes if anything changes; already the `_version` of the rows it writes. */
  readonly seq: Seq;
  readonly nowMs: number;
  readonly changes: RowChange[];
  readonly effects: Effect[];
  /** Rows whose removal is under way, as `table id`: a cycle of rows that point to each other ends here. */
  readonly removing: Set<string>;
  /** Present where what is looked at counts: in a trial, in a part of a transaction, and while a transaction holds something here. */
  readonly reads: Reads | null;
  /** Random bytes for what hooks mint. */
  readonly random: (bytes: number) => Uint8Array;
  /** The transaction that the commit is, or a part of; null for a write of its own. */
  readonly transaction: CommitTransaction | null;
}

/** What a transaction fixes for all its runs ([TX3]), and the effects that it leaves itself ([TX40]). */
export interface CommitTransaction {
  readonly txid: string;
  /** Objects that it changes, where there are several. */
  readonly parts: readonly string[] | null;
  readonly nowMs: number;
  readonly random: (bytes: number) => Uint8Array;
  readonly effects: readonly NamedEffect[];
  readonly isolation: Isolation;
}

/** A row may not grow beyond this, encoded ([HT4]). */
const MAX_ROW_BYTES = 512 * 1024;
const MAX_CASCADE_ROWS = 10_000;

export function beginCommit(store: Store, principal: Principal, transaction: CommitTransaction | null = null): Commit {
  return {
    store,
    principal,
    seq: seqOf(store.head.seq + 1),
    nowMs: transaction?.nowMs ?? store.clock(),
    changes: [],
    effects: [],
    removing: new Set(),
    reads: store.keys.isFree() ? null : recordReads(seqOf(store.head.seq + 1)),
    random: transaction?.random ?? store.random,
    transaction,
  };
}

/** Carries out a plan and returns the row as it now stands (for a removal: as it was). */
export function applyPlan(
  commit: Commit,
  table: TableStore,
  plan: Plan,
  facts: WriteFacts,
  optimisticId?: string,
): Row {
  switch (plan.kind) {
    case "nothing":
      return plan.stored.row;
    case "insert":
      return writeHooked(
        commit,
        table,
        plan,
        facts,
        () => insertRow(commit, table, plan.after, optimisticId),
        (row) => insertRow(commit, table, row, optimisticId),
      );
    case "update":
      return writeHooked(
        commit,
        table,
        plan,
        facts,
        () => updateRow(commit, table, plan.before, plan.after),
        (row) => updateRow(commit, table, plan.before, row),
      );
    case "remove":
      runOnWrite(commit, table, plan.before, null, () => {});
      removeRow(commit, table, plan.before);
      return plan.before;
  }
}

/**
 * The hook, the scope on the row as the hook left it, and one SQL write. A hook that only fills columns costs nothing more; one
 * that reads or writes tables must find the row there, so its first such call writes the row (`early`), and columns it changes
 * afterwards are a second write.
 */
function writeHooked(
  commit: Commit,
  table: TableStore,
  plan: Extract<Plan, { kind: "insert" | "update" }>,
  facts: WriteFacts,
  early: () => void,
  write: (row: Row) => void,
): Row {
  let isWritten = false;
  const patch = runOnWrite(commit, table, plan.kind === "insert" ? null : plan.before, plan.after, () => {
    if (!isWritten) early();
    isWritten = true;
  });
  commit.store.failPoint?.("row.hooked");
  const after = patch === null ? plan.after : { ...plan.after, ...patch };
  checkAfter({ ...plan, after }, facts);
  // The hook took the change back: no commit, and the tag stays ([HT24]).
  if (plan.kind === "update" && !isWritten && patch !== null && jsonEquals(after as Json, plan.before as Json))
    return plan.before;
  if (!isWritten) write(after);
  else if (patch !== null) updateRow(commit, table, plan.after, after);
  return after;
}

export function insertRow(commit: Commit, table: TableStore, row: Row, optimisticId?: string): void {
  checkPartition(commit, table, row);
  checkRowSize(table, row);
  guarded(commit, table, "write", row, () => table.insert(row, commit.seq));
  commit.store.failPoint?.("row.written");
  record(commit, table, "create", null, row, optimisticId);
}

export function updateRow(commit: Commit, table: TableStore, before: Row, after: Row): void {
  const { name, primaryKey } = table.spec;
  if (before[primaryKey] !== after[primaryKey])
    throw new TypeError(
      `a hook may not change the key "${primaryKey}" of table "${name}": the ledger knows the row by it`,
    );
  checkPartition(commit, table, after);
  checkRowSize(table, after);
  guarded(commit, table, "write", after, () => table.update(before, after, commit.seq));
  commit.store.failPoint?.("row.written");
  record(commit, table, "update", before, after);
}

/** Removes a row, after what its relations say of the rows that point to it ([HT23]). */
export function removeRow(commit: Commit, table: TableStore, row: Row): void {
  const id = row[table.spec.primaryKey] as RowId;
  commit.removing.add(`${table.spec.name} ${id}`);
  releaseChildren(commit, table, id);
  commit.store.failPoint?.("row.children-released");
  guarded(commit, table, "remove", row, () => table.remove(id));
  commit.store.failPoint?.("row.removed");
  record(commit, table, "delete", row, null);
  runOnRemove(commit, table, row);
}

function releaseChildren(commit: Commit, parent: TableStore, id: RowId): void {
  for (const relation of Object.values(parent.resource.config.relations ?? {})) {
    if (relation.type === "manyToMany" || relation.onDelete === undefined) continue;
    const child = commit.store.tables.get(relation.resource);
    const column = child?.spec.columns.find((candidate) => candidate.name === relation.foreignKey);
    if (child === undefined || column === undefined) continue;
    commit.reads?.range(
      child.spec.name,
      printFilter({ kind: "compare", field: column.name, operator: "==", operand: id }),
    );
    const rows = commit.store.sql.all(
      `SELECT ${child.columnList} FROM ${quoteIdentifier(child.spec.name)} WHERE ${quoteIdentifier(column.sqlName)} = ? LIMIT ?`,
      [encodeValue(column, id), relation.onDelete === "restrict" ? 1 : MAX_CASCADE_ROWS + 1],
    );
    if (rows.length === 0) continue;
    if (relation.onDelete === "restrict") throw new Fault({ slug: "conflict", reason: "referenced", id });
    if (rows.length > MAX_CASCADE_ROWS) {
      throw new Fault({ slug: "batch-limit-exceeded", operation: "delete", limit: MAX_CASCADE_ROWS });
    }
    for (const record of rows) {
      releaseChild(commit, child, child.decode(record).row, relation.onDelete, column.name);
      commit.store.failPoint?.("row.child-released");
    }
  }
}

function releaseChild(
  commit: Commit,
  child: TableStore,
  row: Row,
  action: "cascade" | "set null",
  column: string,
): void {
  const id = row[child.spec.primaryKey] as RowId;
  if (commit.removing.has(`${child.spec.name} ${id}`)) return;
  if (action === "cascade") {
    runOnWrite(commit, child, row, null, () => {});
    removeRow(commit, child, row);
    return;
  }
  const patch = runOnWrite(commit, child, row, { ...row, [column]: null }, () => {});
  updateRow(commit, child, row, { ...row, [column]: null, ...patch });
}

function record(
  commit: Commit,
  table: TableStore,
  op: RowChange["op"],
  before: Row | null,
  after: Row | null,
  optimisticId?: string,
): void {
  const id = (after ?? before)?.[table.spec.primaryKey] as RowId;
  commit.changes.push({
    table: table.spec.name,
    id,
    op,
    before,
    after,
    ...(optimisticId === undefined ? {} : { optimisticId }),
  });
}

function guarded(commit: Commit, table: TableStore, op: "write" | "remove", row: Row, run: () => void): void {
  try {
    run();
  } catch (error) {
    commit.reads?.refused({ table: table.spec.name, row, op });
    throw constraintFault(commit.store.sql, error, {
      spec: table.spec,
      foreignKeys: table.resource.foreignKeys,
      op,
      row,
    });
  }
}

/** Clients cannot name another partition ([HT1]); hooks must not, or the row would lie where nobody looks for it. */
function checkPartition({ store }: Commit, { spec }: TableStore, row: Row): void {
  if (spec.partitionBy === null || row[spec.partitionBy] === store.partition) return;
  throw new TypeError(`a hook may not change the partition "${spec.partitionBy}" of a row of table "${spec.name}"`);
}

function checkRowSize(table: TableStore, row: Row): void {
  // Six bytes a code unit at most (a control character, escaped): below a sixth of the limit the exact size need not be known.
  if (approximateSize(row) * 6 < MAX_ROW_BYTES) return;
  const bytes = new TextEncoder().encode(JSON.stringify(row)).length;
  if (bytes > MAX_ROW_BYTES) {
    throw new Fault({
      slug: "payload-too-large",
      limit: MAX_ROW_BYTES,
      actual: bytes,
      detail: `A row of ${table.spec.name} has ${bytes} bytes, limit is ${MAX_ROW_BYTES}`,
    });
  }
}
