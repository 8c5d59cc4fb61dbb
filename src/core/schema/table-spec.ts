/**
 * What Ledge knows of a table, as plain data: derived once from the Drizzle table and its configuration
 * (src/define), read by validation, SQL, filters, masks and the client. Holds no functions and no Drizzle types.
 *
 * A *row* in Ledge is always in its JSON form (`Row`): what the API shows, what hooks see, what the ledger keeps.
 * Stored forms exist only between `encodeValue` and SQLite.
 */

import type { IdKind } from "../ids.ts";
import type { Json } from "../json.ts";

/** The column kinds of the query language; each has one literal form, one stored form, one JSON form. */
export type ColumnKind = "text" | "int" | "real" | "bigint" | "bool" | "time" | "json" | "blob";

/** How a `time` column is stored: INTEGER milliseconds, INTEGER seconds, or TEXT `YYYY-MM-DDTHH:mm:ss.sssZ`. */
export type TimeStorage = "ms" | "s" | "iso";

export interface ColumnSpec {
  /** The property of the Drizzle table: the name in filters, bodies and rows, e.g. `dueAt`. */
  readonly name: string;
  /** The column in SQLite, e.g. `due_at`. */
  readonly sqlName: string;
  readonly kind: ColumnKind;
  /** Present exactly for kind `time`. */
  readonly timeStorage?: TimeStorage;
  readonly notNull: boolean;
  /** A default exists (in SQL, or a function of the Drizzle column), so a create may leave the column out. */
  readonly hasDefault: boolean;
  readonly primaryKey: boolean;
  /** Longest text in code points, from `text({ length })`. */
  readonly maxLength?: number;
  /** Allowed texts, from `text({ enum })`. */
  readonly enumValues?: readonly string[];
  /** May leave the object: in replies, events, problems; also the condition for filtering, sorting, aggregating ([HT16]). */
  readonly readable: boolean;
  /** May be set by a client ([HT21]). */
  readonly writable: boolean;
  readonly filterable: boolean;
  readonly sortable: boolean;
  /** Filled by Ledge itself: the partition column, the version counter, the soft-delete marker. Never written by clients. */
  readonly serverFilled: boolean;
}

export interface SoftDeleteSpec {
  readonly field: string;
  /** What DELETE writes into the marker: the time of the commit, or a fixed JSON value. */
  readonly value: { readonly kind: "now" } | { readonly kind: "fixed"; readonly value: Json };
}

/** Columns that aggregates may name ([AG2]); a list that is absent holds every readable column. */
export interface AggregatableSpec {
  readonly groupBy?: readonly string[];
  readonly metrics?: readonly string[];
}

/** What the full-text index of a table holds ([SR1]); at least one field, each a readable text column. */
export interface SearchSpec {
  readonly fields: readonly { readonly name: string; readonly weight: number }[];
  /** Columns that go to an engine outside along with the fields, for it to narrow by; they may be hidden ones. */
  readonly attributes?: readonly string[];
}

export interface PaginationSpec {
  readonly defaultLimit: number;
  readonly maxLimit: number;
  readonly offset: boolean;
}

/** How many rows one batch may hold, by operation; 0: there is no such route ([HT46]). */
export interface BatchSpec {
  readonly limits: Readonly<Record<BatchOperation, number>>;
  /** A filter batch over more than 100 rows needs the token of a dry run ([HT32]). */
  readonly confirm: boolean;
}

export type BatchOperation = "create" | "update" | "replace" | "delete" | "upsert";

export type Capability = "create" | "update" | "delete" | "batch" | "aggregate" | "subscribe" | "search";

export interface TableSpec {
  /** The table's name in SQLite and in the path: `/api/<name>`. */
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  /** Name of the primary key column (always exactly one). */
  readonly primaryKey: string;
  readonly idKind: IdKind;
  /** The object group that owns the table; its own name unless `group` was given. */
  readonly group: string;
  /** Column whose value names the partition, or null when one object owns the whole group. */
  readonly partitionBy: string | null;
  readonly softDelete: SoftDeleteSpec | null;
  /** Visible counter column kept by Ledge ([HT29]), or null. */
  readonly versionField: string | null;
  /** PATCH, PUT and DELETE need `If-Match` ([HT38]). */
  readonly etagRequired: boolean;
  /** Input outside the writable columns is 400 instead of dropped ([HT21]). */
  readonly strictInput: boolean;
  /** Names of computed fields, in order. */
  readonly computed: readonly string[];
  readonly pagination: PaginationSpec;
  readonly aggregatable?: AggregatableSpec;
  /** Absent: the table has no full-text search. */
  readonly search?: SearchSpec;
  readonly capabilities: Readonly<Record<Capability, boolean>>;
  readonly batch: BatchSpec;
  /** 6 hex digits of the public form (readable columns, kinds, computed fields): part of every row tag ([HT33]). */
  readonly shape: string;
}

/** A row in its JSON form, by column name; every column of the table is present. */
export type Row = Readonly<Record<string, Json>>;
/** Columns given by a writer, in JSON form. */
export type Draft = Readonly<Record<string, Json>>;

/** The column of that name, or undefined. */
export function columnOf(table: Pick<TableSpec, "columns">, name: string): ColumnSpec | undefined {
  return lookup(table).get(name);
}

const lookups = new WeakMap<Pick<TableSpec, "columns">, ReadonlyMap<string, ColumnSpec>>();

function lookup(table: Pick<TableSpec, "columns">): ReadonlyMap<string, ColumnSpec> {
  let found = lookups.get(table);
  if (found === undefined) {
    found = new Map(table.columns.map((column) => [column.name, column]));
    lookups.set(table, found);
  }
  return found;
}
