/**
 * The first step of the write path, *plan*: one intended write and the row as it stands become the row as it is to be, or
 * a fault. Pure: loading, hooks, SQL and the ledger are the caller's. The order in which faults are found is a promise
 * ([HT20]): load → scope before → preconditions → validation; scope on the row after follows the hooks (`checkAfter`).
 */

import { Fault, type FieldError, invalid } from "../fault.ts";
import type { Epoch, Seq } from "../ids.ts";
import { type Json, jsonEquals } from "../json.ts";
import { matchesRow, rowTag } from "../protocol/etag.ts";
import type { Preconditions, WriteIntent } from "../protocol/object-call.ts";
import type { Draft, Row, TableSpec } from "../schema/table-spec.ts";
import { printInstant } from "../schema/time.ts";

/** A row as stored, and the seq of the commit that last wrote it. */
export interface StoredRow {
  readonly row: Row;
  readonly version: Seq;
}

/** Whether the caller's scopes hold on a row; `create`, `update`, `delete` are false where the scope denies. */
export interface ScopeTests {
  readonly read: (row: Row) => boolean;
  readonly readDeleted: (row: Row) => boolean;
  readonly create: (row: Row) => boolean;
  readonly update: (row: Row) => boolean;
  readonly delete: (row: Row) => boolean;
}

export interface WriteFacts {
  readonly table: TableSpec;
  readonly epoch: Epoch;
  /** ms since 1970 of the commit. */
  readonly nowMs: number;
  /** Value of the partition column, when the table has one. */
  readonly partition: string | null;
  readonly scopes: ScopeTests;
  readonly conditions: Preconditions;
  /** What validation of the input found. */
  readonly invalid: readonly FieldError[];
  /** Defaults for the columns that a new or replaced row leaves out; evaluated at most once. */
  readonly defaults: (missing: readonly string[]) => Draft;
  /** Values of `$onUpdate` columns. */
  readonly onUpdate: () => Draft;
}

export type Plan =
  | { readonly kind: "insert"; readonly after: Row }
  | { readonly kind: "update"; readonly before: Row; readonly after: Row }
  | { readonly kind: "remove"; readonly before: Row }
  /** The row already is as intended: no commit, no event, the tag stays ([HT24]). */
  | { readonly kind: "nothing"; readonly stored: StoredRow };

/** Plans a write. `stored` is the row under the intent's id, whatever its state; null when there is none. */
export function planWrite(intent: WriteIntent, stored: StoredRow | null, facts: WriteFacts): Plan {
  const target = admit(intent, stored, facts);
  if (facts.invalid.length > 0) throw invalid(facts.invalid);
  switch (intent.op) {
    case "create":
      return {
        kind: "insert",
        after: newRow(
          intent.id === null ? intent.input : { ...intent.input, [facts.table.primaryKey]: intent.id },
          facts,
        ),
      };
    case "replace":
      if (target === null)
        return { kind: "insert", after: newRow({ ...intent.input, [facts.table.primaryKey]: intent.id }, facts) };
      return planUpdate(target, replacement(intent.input, target.row, facts), facts);
    case "update":
      return planUpdate(target ?? absent(facts, intent.id), intent.input, facts);
    case "restore": {
      const marker = facts.table.softDelete?.field ?? "";
      return planUpdate(target ?? absent(facts, intent.id), { [marker]: null }, facts);
    }
    case "delete": {
      const present = target ?? absent(facts, intent.id);
      const soft = facts.table.softDelete;
      if (soft === null || intent.hard) return { kind: "remove", before: present.row };
      const value = soft.value.kind === "now" ? commitTime(facts, soft.field) : soft.value.value;
      return planUpdate(present, { [soft.field]: value }, facts);
    }
  }
}

/**
 * The steps before validation: is the row there for this caller, may it be written, do the preconditions hold?
 * Returns the row to work on, or null when it is to be created.
 */
export function admit(
  intent: Pick<WriteIntent, "op"> & {
    readonly id: WriteIntent["id"];
    readonly hard?: boolean;
    readonly mayCreate?: boolean;
  },
  stored: StoredRow | null,
  facts: WriteFacts,
): StoredRow | null {
  if (intent.op === "create") return null;
  const { table, scopes } = facts;
  const isDeleted = stored !== null && isSoftDeleted(table, stored.row);
  const seesDeleted = intent.op === "restore" || (intent.op === "delete" && intent.hard === true);
  if (stored === null || (isDeleted && !seesDeleted)) {
    if (intent.op === "replace" && stored === null && intent.mayCreate === true) {
      if (facts.conditions.ifMatch !== undefined) throw new Fault({ slug: "precondition-failed" });
      if (table.etagRequired && facts.conditions.ifNoneMatch === undefined)
        throw new Fault({ slug: "precondition-required", header: "If-Match" });
      return null;
    }
    throw notFound(facts, intent.id);
  }
  const isReadable = scopes.read(stored.row) && (!isDeleted || scopes.readDeleted(stored.row));
  const mayWrite = intent.op === "delete" ? scopes.delete(stored.row) : scopes.update(stored.row);
  // A row out of sight does not exist for a write either ([HT14]); restoring needs the update scope alone ([HT50]).
  if (!isReadable && intent.op !== "restore") throw notFound(facts, intent.id);
  if (!mayWrite) {
    throw isReadable
      ? new Fault({ slug: "forbidden", operation: intent.op === "delete" ? "delete" : "update" })
      : notFound(facts, intent.id);
  }
  if (intent.op === "restore" && !isDeleted) throw new Fault({ slug: "conflict", reason: "not-deleted" });
  checkPreconditions(stored, facts);
  return stored;
}

/** `If-Match`, then `If-None-Match`, as RFC 9110 13.2.2 orders them for a write ([HT35] [HT38]). */
function checkPreconditions(stored: StoredRow, facts: WriteFacts): void {
  const { ifMatch, ifNoneMatch } = facts.conditions;
  const failed = () =>
    new Fault({
      slug: "precondition-failed",
      currentETag: `"${rowTag(facts.epoch, stored.version, facts.table.shape)}"`,
    });
  if (ifMatch === undefined && facts.table.etagRequired)
    throw new Fault({ slug: "precondition-required", header: "If-Match" });
  if (ifMatch !== undefined && !matchesRow(ifMatch, facts.epoch, stored.version)) throw failed();
  if (ifNoneMatch !== undefined) {
    const weak =
      ifNoneMatch.kind === "any" ||
      ifNoneMatch.tags.some((tag) => tag.opaque.startsWith(`${facts.epoch}:${stored.version}:`));
    if (weak) throw failed();
  }
}

/** The scope on the row after the change ([HT23] [HT26]). Called after `onWrite`, before SQL. */
export function checkAfter(plan: Plan, facts: WriteFacts): void {
  if (plan.kind === "insert" && !facts.scopes.create(plan.after))
    throw new Fault({ slug: "forbidden", operation: "create" });
  if (plan.kind === "update" && !isSoftDeleted(facts.table, plan.after) && !facts.scopes.update(plan.after)) {
    throw new Fault({ slug: "forbidden", operation: "update" });
  }
}

/** Whether the soft-delete marker is set. */
export function isSoftDeleted(table: TableSpec, row: Row): boolean {
  return table.softDelete !== null && row[table.softDelete.field] !== null && row[table.softDelete.field] !== undefined;
}

/** The row after `patch`, with the version counter and `$onUpdate` columns; `nothing` when no value differs. */
function planUpdate(stored: StoredRow, patch: Draft, facts: WriteFacts): Plan {
  const { table } = facts;
  const changes = Object.entries(patch).filter(([name, value]) => !jsonEquals(stored.row[name], value));
  if (changes.length === 0) return { kind: "nothing", stored };
  const after: Record<string, Json> = { ...stored.row, ...facts.onUpdate(), ...Object.fromEntries(changes) };
  if (table.versionField !== null) after[table.versionField] = Number(stored.row[table.versionField] ?? 0) + 1;
  return { kind: "update", before: stored.row, after };
}

function newRow(input: Draft, facts: WriteFacts): Row {
  const { table, partition } = facts;
  const given: Record<string, Json> = { ...input };
  if (table.partitionBy !== null && partition !== null) given[table.partitionBy] = partition;
  if (table.versionField !== null) given[table.versionField] = 1;
  const missing = table.columns.filter((column) => !Object.hasOwn(given, column.name)).map((column) => column.name);
  const defaults = facts.defaults(missing);
  const row: Record<string, Json> = {};
  for (const column of table.columns) row[column.name] = given[column.name] ?? defaults[column.name] ?? null;
  return row;
}

/** PUT: writable columns not given take their default or NULL; the others keep their value ([HT25]). */
function replacement(input: Draft, current: Row, facts: WriteFacts): Draft {
  const missing = facts.table.columns
    .filter((column) => column.writable && !Object.hasOwn(input, column.name))
    .map((column) => column.name);
  const defaults = facts.defaults(missing);
  const patch: Record<string, Json> = { ...input };
  for (const name of missing) patch[name] = defaults[name] ?? null;
  delete patch[facts.table.primaryKey];
  if (facts.table.partitionBy !== null) patch[facts.table.partitionBy] = current[facts.table.partitionBy] ?? null;
  return patch;
}

/** The commit's time in the form the marker column holds (whole seconds where it stores seconds). */
function commitTime(facts: WriteFacts, field: string): Json {
  const column = facts.table.columns.find((candidate) => candidate.name === field);
  const ms = column?.timeStorage === "s" ? Math.trunc(facts.nowMs / 1000) * 1000 : facts.nowMs;
  return printInstant(ms);
}

function notFound(facts: WriteFacts, id: WriteIntent["id"]): Fault {
  return new Fault({ slug: "not-found", resource: facts.table.name, ...(id === null ? {} : { id: String(id) }) });
}

function absent(facts: WriteFacts, id: WriteIntent["id"]): never {
  throw notFound(facts, id);
}
