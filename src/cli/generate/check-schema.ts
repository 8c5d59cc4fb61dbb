/**
 * What SQLite would not hold, or not as it is meant: names that would meet in one database (of tables, of their indexes and of the parts of
 * full-text indexes in an object, and of their copies in D1, where all groups and Ledge's own tables lie side by side; of columns beside Ledge's
 * own; upper and lower case are one there), and tables and copies that are too wide. A migration would refuse it with a page of SQL, or would not: here it
 * is a `ConfigError` with table and mend. Called when the tools load an application, so that no Worker carries it.
 */

import { indexName } from "../../../durable-objects/sql/search-index.ts";
import { COPY_COLUMN, MAX_COPIED_COLUMNS, projectionName } from "../../core/read-model/projected-table.ts";
import type { ColumnSpec } from "../../core/schema/table-spec.ts";
import { ConfigError } from "../../define/config-error.ts";
import type { AnyResource } from "../../define/resource.ts";
import { copiedIndexes, type ProjectionSource } from "./d1-snapshot.ts";
import type { SnapshotTables } from "./snapshot.ts";

export interface NamedApp {
  readonly resources: readonly AnyResource[];
  /** Tables as SQLite has them, by object group. */
  readonly groups: Readonly<Record<string, { readonly tables: SnapshotTables }>>;
  readonly copied: readonly ProjectionSource[];
  /** What features have in D1. */
  readonly features: { readonly tables: SnapshotTables };
}

/** Throws `ConfigError`. */
export function checkSchema({ resources, groups, copied, features }: NamedApp): void {
  for (const resource of resources) {
    checkTableName(resource);
    const columns = copied.find(({ projected }) => projected.name === resource.name)?.projected.columns ?? [];
    checkWidth(resource, columns);
    checkColumns(resource, columns);
  }
  for (const [group, { tables }] of Object.entries(groups)) {
    const own = resources.filter(({ spec }) => spec.group === group);
    checkDistinct(own.flatMap((resource) => namesInObject(resource, tables)));
  }
  const sources = copied.map(
    (source) => [source, resources.find(({ name }) => name === source.projected.name)] as const,
  );
  checkDistinct([
    ...Object.values(features.tables).flatMap(({ name, indexes }): Name[] => [
      { text: name, of: null, what: "a table of Ledge's own" },
      ...Object.keys(indexes).map((text): Name => ({ text, of: null, what: "an index of Ledge's own" })),
    ]),
    ...sources.flatMap(([source, resource]) => (resource === undefined ? [] : namesInD1(resource, source))),
  ]);
}

interface Name {
  readonly text: string;
  /** Null: Ledge's own. */
  readonly of: AnyResource | null;
  /** As part of a sentence: `the index "by_owner"`. */
  readonly what: string;
}

/** What FTS5 and Ledge call the parts of an index: `_fts_<table>_<part>` must not be the index of a table `<table>_<part>`. */
const INDEX_PARTS = ["data", "idx", "content", "docsize", "config", "rows"];

function namesInObject(resource: AnyResource, tables: SnapshotTables): readonly Name[] {
  const { name, spec } = resource;
  const indexes = Object.keys(tables[name]?.indexes ?? {});
  return [
    { text: name, of: resource, what: "the table" },
    ...indexes.map((text): Name => ({ text, of: resource, what: `the index "${text}"` })),
    ...(spec.search === undefined ? [] : namesOfSearch(resource, name)),
  ];
}

function namesInD1(resource: AnyResource, source: ProjectionSource): readonly Name[] {
  const text = projectionName(resource.name);
  return [
    { text, of: resource, what: "the copy in D1" },
    ...copiedIndexes(source).map(
      (index): Name => ({ text: index.name, of: resource, what: "an index of the copy in D1" }),
    ),
    ...(source.searched.length === 0 ? [] : namesOfSearch(resource, text)),
  ];
}

function namesOfSearch(resource: AnyResource, table: string): readonly Name[] {
  const text = indexName(table);
  return [
    { text, of: resource, what: "the full-text index" },
    ...INDEX_PARTS.map(
      (part): Name => ({ text: `${text}_${part}`, of: resource, what: "a part of the full-text index" }),
    ),
  ];
}

function checkDistinct(names: readonly Name[]): void {
  const seen = new Map<string, Name>();
  for (const name of names) {
    const other = seen.get(name.text.toLowerCase());
    seen.set(name.text.toLowerCase(), other ?? name);
    if (other === undefined || name.of === null) continue;
    const whose = other.of === null ? "" : ` of table "${other.of.name}"`;
    throw new ConfigError(
      name.of.name,
      name.of.file,
      `${name.what} would be called "${name.text}", which ${other.what}${whose} is called${caseOf(name.text, other.text)}`,
      "Rename the table, or the index.",
    );
  }
}

/** SQLite's functions that stand where a table may, and what begins with its own prefixes. */
const OF_SQLITE = /^(sqlite_.*|pragma_.*|json_each|json_tree)$/i;

function checkTableName({ name, file }: AnyResource): void {
  if (OF_SQLITE.test(name))
    throw new ConfigError(name, file, "the name is one that SQLite keeps for itself", "Give the table another name.");
}

/** SQLite in a Durable Object takes 100, one of which is Ledge's hidden `_version`. */
const MAX_COLUMNS = 99;

function checkWidth({ name, file, spec: { columns } }: AnyResource, copied: readonly ColumnSpec[]): void {
  if (columns.length > MAX_COLUMNS)
    throw new ConfigError(name, file, `has ${columns.length} columns, limit is ${MAX_COLUMNS}`, "Split the table.");
  if (copied.length <= MAX_COPIED_COLUMNS) return;
  throw new ConfigError(
    name,
    file,
    `readModel copies ${copied.length} columns, limit is ${MAX_COPIED_COLUMNS} (a table of D1 has 100)`,
    'List those that are read across objects: readModel: ["title", …].',
  );
}

function checkColumns({ name, file, spec }: AnyResource, copied: readonly ColumnSpec[]): void {
  const refuse = (column: ColumnSpec, problem: string, mend: string) =>
    new ConfigError(name, file, `column "${column.name}" is "${column.sqlName}" in SQL, ${problem}`, mend);
  const rename = `Give it another name in SQL: text("…").`;
  const seen = new Map<string, string>();
  for (const column of spec.columns) {
    const lower = column.sqlName.toLowerCase();
    const twin = seen.get(lower);
    if (twin !== undefined)
      throw refuse(column, `as column "${twin}" is (upper and lower case are one to SQLite)`, rename);
    seen.set(lower, column.name);
    if (lower === COPY_COLUMN && copied.includes(column))
      throw refuse(column, "which in D1 says whose row it is", `${rename} Or leave it out of readModel: ["…"].`);
  }
  if (spec.search !== undefined && ["rowid", "_rowid_", "oid"].every((each) => seen.has(each)))
    throw new ConfigError(
      name,
      file,
      "is searched, and has columns rowid, _rowid_ and oid: SQLite is left no name for the number of a row",
      "Rename one of them.",
    );
}

function caseOf(one: string, other: string): string {
  return one === other ? "" : ` ("${other}": upper and lower case are one to SQLite)`;
}
