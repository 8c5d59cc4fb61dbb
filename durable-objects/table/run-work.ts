/**
 * The work of one step of a transaction on its table: the same plans, scopes, hooks and statements as a request of its own
 * (`write.ts`, `batch-filter.ts`, `read.ts`), and the result that later steps and the reply see ([HT58]).
 */

import { admitItem } from "../../src/core/change/admit-item.ts";
import { isSoftDeleted, type StoredRow, type WriteFacts } from "../../src/core/change/plan-write.ts";
import { Fault, type FieldError, unreachable } from "../../src/core/fault.ts";
import { type RowId, type Seq, seqOf } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { Preconditions } from "../../src/core/protocol/object-call.ts";
import type { Drawn, StepWork, TransactionStep } from "../../src/core/protocol/transaction-call.ts";
import { printFilter } from "../../src/core/query/print.ts";
import type { Draft, Row } from "../../src/core/schema/table-spec.ts";
import { TRANSACTION_LIMITS } from "../../src/core/transaction/limits.ts";
import { runFilterBatch } from "./batch-filter.ts";
import type { Commit } from "./commit.ts";
import { visibleRows } from "./read.ts";
import { rowJson } from "./row-json.ts";
import { scopeTest } from "./scope-test.ts";
import { countMatching, selectPage } from "./select-rows.ts";
import type { TableStore } from "./table-store.ts";
import { type AppliedWrite, applyWrite } from "./write.ts";
import { callerFacts } from "./write-facts.ts";

export interface WorkContext {
  readonly commit: Commit;
  /** Versions that rows had before the transaction, by `table id`: what `ifVersion` is about. */
  readonly versions: Map<string, Seq>;
  /** Rows written by `where` so far. */
  rowsByFilter: number;
}

export interface Done {
  readonly value: Json;
  readonly full: Json;
  readonly id: RowId | null;
  /** How many rows it was about, for `expect`. */
  readonly rows: number;
  readonly drawn: Drawn | null;
}

export function runWork(context: WorkContext, table: TableStore, step: TransactionStep, work: StepWork): Done {
  switch (work.kind) {
    case "read":
      return readRow(forReading(context), table, step, work);
    case "list":
      return listRows(forReading(context), table, step, work);
    case "count":
      return countRows(forReading(context), table, step, work.filter);
    case "write": {
      const { intent, invalid } = work.write;
      const stored = intent.id === null || intent.op === "create" ? null : findRow(context, table, intent.id);
      const { facts, drawn } = factsOf(context.commit, table, step, work.conditions, invalid);
      const applied = applyWrite(context.commit, table, intent, stored, facts);
      return intent.op === "delete" ? removed(table, applied) : written(context, table, applied, drawn());
    }
    case "upsert": {
      const stored = findRow(context, table, work.id);
      const { facts, drawn } = factsOf(context.commit, table, step, work.conditions, []);
      const target = admitItem({ op: "upsert", id: work.id, mayCreate: work.absent !== null }, stored, facts);
      const { intent, invalid } = target === null && work.absent !== null ? work.absent : work.present;
      const applied = applyWrite(context.commit, table, intent, stored, { ...facts, invalid });
      return written(context, table, applied, drawn());
    }
    case "filter":
      return writeRows(context, table, step, work);
    default:
      return unreachable(work);
  }
}

/** Isolation `committed`: what a step only reads is the last committed row, and neither locked nor waited for ([TX17]). */
function forReading(context: WorkContext): WorkContext {
  const { commit } = context;
  return commit.transaction?.isolation === "committed" ? { ...context, commit: { ...commit, reads: null } } : context;
}

/** The row as it stands, under its version from before the transaction. */
export function findRow({ commit, versions }: WorkContext, table: TableStore, id: RowId): StoredRow | null {
  const stored = table.find(id);
  commit.reads?.row(table.spec.name, id, stored?.version ?? 0);
  if (stored === null) return null;
  const key = `${table.spec.name} ${id}`;
  if (stored.version !== commit.seq) versions.set(key, stored.version);
  return { row: stored.row, version: versions.get(key) ?? stored.version };
}

function readRow(
  context: WorkContext,
  table: TableStore,
  { scopes }: TransactionStep,
  { id, select }: Extract<StepWork, { kind: "read" }>,
): Done {
  const stored = findRow(context, table, id);
  if (stored === null || isSoftDeleted(table.spec, stored.row) || !scopeTest(table, scopes.read)(stored.row))
    throw new Fault({ slug: "not-found", resource: table.spec.name, id: String(id) });
  const value = shown(context.commit, table, stored.row, stored.version, select);
  return { value, full: stored.row as Json, id, rows: 1, drawn: null };
}

function listRows(
  { commit }: WorkContext,
  table: TableStore,
  { scopes }: TransactionStep,
  work: Extract<StepWork, { kind: "list" }>,
): Done {
  const where = visibleRows(table, { scope: scopes.read, filter: work.filter, withDeleted: null, conditions: {} });
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  commit.reads?.range(table.spec.name, printFilter(where));
  const { rows } = selectPage(commit.store, table, {
    where,
    orderBy: work.orderBy,
    after: null,
    limit: work.limit,
    offset: 0,
  });
  const values = rows.map(({ row, version }) => shown(commit, table, row, version, work.select));
  const [first] = rows;
  if (!work.isSingle)
    return { value: values, full: rows.map(({ row }) => row as Json), id: null, rows: rows.length, drawn: null };
  const id = (first?.row[table.spec.primaryKey] as RowId | undefined) ?? null;
  return {
    value: values[0] ?? null,
    full: (first?.row as Json | undefined) ?? null,
    id,
    rows: rows.length,
    drawn: null,
  };
}

function countRows({ commit }: WorkContext, table: TableStore, { scopes }: TransactionStep, filter: string): Done {
  const where = visibleRows(table, { scope: scopes.read, filter, withDeleted: null, conditions: {} });
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  commit.reads?.range(table.spec.name, printFilter(where));
  const count = countMatching(commit.store, table, where, null);
  return { value: count, full: count, id: null, rows: count, drawn: null };
}

/** The same patch, or removal, for every row under a filter. */
function writeRows(
  context: WorkContext,
  table: TableStore,
  { scopes, limitUnconfirmed }: TransactionStep,
  work: Extract<StepWork, { kind: "filter" }>,
): Done {
  const { commit } = context;
  const limitRows = table.spec.batch.limits[work.op];
  const outcome = runFilterBatch(
    commit,
    table,
    { conditions: {}, scopes },
    { ...work, limitRows, limitUnconfirmed: limitUnconfirmed ?? null },
  );
  const { ids } = outcome;
  context.rowsByFilter += ids.length;
  const limit = TRANSACTION_LIMITS.rows;
  if (context.rowsByFilter > limit)
    throw new Fault({ slug: "batch-limit-exceeded", operation: work.op, limit, requested: context.rowsByFilter });
  const value = { count: ids.length, ids };
  return { value, full: value, id: null, rows: ids.length, drawn: null };
}

function written(
  { commit }: WorkContext,
  table: TableStore,
  { row, version }: AppliedWrite,
  drawn: Drawn | null,
): Done {
  const id = row[table.spec.primaryKey] as RowId;
  const value = shown(commit, table, row, version ?? commit.seq, null);
  return { value, full: row as Json, id, rows: 1, drawn };
}

function removed(table: TableStore, { row }: AppliedWrite): Done {
  const id = row[table.spec.primaryKey] as RowId;
  return { value: { id }, full: { id }, id, rows: 1, drawn: null };
}

function shown(
  { store }: Commit,
  table: TableStore,
  row: Row,
  version: number,
  select: readonly string[] | null,
): Record<string, Json> {
  const value = rowJson(store, table, row, select);
  if (select?.includes("_etag") === true) value._etag = rowTag(store.epoch, seqOf(version), table.spec.shape);
  return value;
}

/** Facts for the caller's write. What defaults draw is remembered, so that a commit writes what a trial has shown. */
function factsOf(
  commit: Commit,
  table: TableStore,
  step: TransactionStep,
  conditions: Preconditions,
  invalid: readonly FieldError[],
): { readonly facts: WriteFacts; readonly drawn: () => Drawn | null } {
  const base = callerFacts(commit.store, table, { scopes: step.scopes, conditions }, invalid, commit.nowMs);
  const known = step.drawn;
  let defaults: Draft = known?.defaults ?? {};
  let updates: Draft | null = known?.updates ?? null;
  const facts: WriteFacts = {
    ...base,
    defaults: (missing) => {
      const fresh = missing.filter((name) => !Object.hasOwn(defaults, name));
      defaults = { ...base.defaults(fresh), ...defaults };
      return defaults;
    },
    onUpdate: () => {
      updates ??= base.onUpdate();
      return updates;
    },
  };
  return { facts, drawn: () => ({ defaults, updates: updates ?? {} }) };
}
