/** What SQLite or D1 would not hold is refused where the application is described, with table and mend; names that only look so are not. */

import { integer, type SQLiteTable, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { checkSchema } from "../../src/cli/generate/check-schema.ts";
import type { ProjectionSource } from "../../src/cli/generate/d1-snapshot.ts";
import type { SnapshotTable, SnapshotTables } from "../../src/cli/generate/snapshot.ts";
import { projectTable } from "../../src/core/read-model/projected-table.ts";
import type { ResourceConfig } from "../../src/define/config.ts";
import { type AnyResource, resource } from "../../src/define/resource.ts";

interface Declared {
  readonly resource: AnyResource;
  readonly table: SnapshotTable;
}

const described = (name: string, indexes: readonly string[]) =>
  ({
    name,
    columns: {},
    indexes: Object.fromEntries(indexes.map((each) => [each, { name: each, columns: ["id"], isUnique: false }])),
  }) as unknown as SnapshotTable;

function table(name: string, columns: object = {}, config: object = {}, indexes: readonly string[] = []): Declared {
  const made: SQLiteTable = sqliteTable(name, { id: text("id").primaryKey(), title: text("title"), ...columns });
  const declared = resource(made, config as ResourceConfig<SQLiteTable>) as unknown as AnyResource;
  return { resource: declared, table: described(name, indexes) };
}

/** As `describe-app.ts` describes them, beside the read model's own tables. */
function check(...declared: readonly Declared[]): void {
  const resources = declared.map((each) => each.resource);
  const groups: Record<string, { tables: SnapshotTables }> = {};
  for (const { resource: each, table: own } of declared)
    groups[each.spec.group] = { tables: { ...groups[each.spec.group]?.tables, [each.name]: own } };
  const copied = declared.flatMap(({ resource: { spec, config }, table: own }): ProjectionSource[] =>
    config.readModel === undefined
      ? []
      : [
          {
            projected: projectTable(spec, config.readModel as true | readonly string[]),
            table: own,
            searched: (spec.search?.fields ?? []).map(({ name }) => name),
            sought: [],
          },
        ],
  );
  const features = { rm_copies: described("rm_copies", ["rm_copies_serving"]), rm_guards: described("rm_guards", []) };
  checkSchema({ resources, groups, copied, features: { tables: features } });
}

const copied = { readModel: true };
const search = { search: { fields: ["title"] } };
const inOne = { ...search, group: "one" };

const REFUSED: readonly (readonly [what: string, declared: () => readonly Declared[], says: RegExp])[] = [
  [
    "a copy with the name of the guards",
    () => [table("guards", {}, copied)],
    /Table "guards" .*the copy in D1 would be called "rm_guards", which a table of Ledge's own is called\. Rename the table/,
  ],
  [
    "a copy with the name of the list of copies",
    () => [table("Copies", {}, copied)],
    /"rm_Copies", .*"rm_copies": upper/,
  ],
  [
    "a copy with the name of an index of Ledge's own",
    () => [table("copies_serving", {}, copied)],
    /"rm_copies_serving", which an index of Ledge's own/,
  ],
  [
    "copies of two objects that differ in case alone",
    () => [table("notes", {}, copied), table("Notes", {}, copied)],
    /Table "Notes" .*the copy in D1 of table "notes"/,
  ],
  [
    "one name for indexes of two copies",
    () => [table("notes", {}, copied, ["by_owner"]), table("pages", {}, copied, ["by_owner"])],
    /Table "pages" .*index of the copy in D1 would be called "rm_by_owner", which an index of the copy in D1 of table "notes"/,
  ],
  [
    "an index with the name of the one that copies in partitions are read by",
    () => [
      table("notes", { room: text("room").notNull() }, { ...copied, partitionBy: "room", partition: { claim: "r" } }, [
        "notes_by_id",
      ]),
    ],
    /"rm_notes_by_id"/,
  ],
  [
    "a copy with the name of another's index",
    () => [table("notes", {}, copied, ["pages"]), table("pages", {}, copied)],
    /Table "pages" .*"rm_pages", which an index of the copy in D1 of table "notes"/,
  ],
  ...["data", "idx", "content", "docsize", "config", "rows"].flatMap((part) => [
    [
      `an index in the object that would be the part "${part}" of another`,
      () => [table("notes", {}, inOne), table(`notes_${part}`, {}, inOne)],
      new RegExp(`"_fts_notes_${part}", which a part of the full-text index of table "notes"`),
    ] as const,
    [
      `an index in D1 that would be the part "${part}" of another object's`,
      () => [table("notes", {}, { ...copied, ...search }), table(`notes_${part}`, {}, { ...copied, ...search })],
      new RegExp(`"_fts_rm_notes_${part}"`),
    ] as const,
  ]),
  [
    "tables of one object that differ in case alone",
    () => [table("notes", {}, { group: "one" }), table("NOTES", {}, { group: "one" })],
    /Table "NOTES" .*the table would be called "NOTES", .*"notes": upper and lower case are one/,
  ],
  [
    "one name for indexes of two tables of an object",
    () => [table("notes", {}, { group: "one" }, ["by_owner"]), table("pages", {}, { group: "one" }, ["by_owner"])],
    /Table "pages" .*the index "by_owner"/,
  ],
  [
    "a name that SQLite keeps for itself",
    () => [table("sqlite_notes")],
    /Table "sqlite_notes" .*SQLite keeps for itself/,
  ],
  ["a function of SQLite that stands for a table", () => [table("JSON_each")], /SQLite keeps for itself/],
  [
    "a copied column that is Ledge's in D1",
    () => [table("notes", { copy: text("_Copy") }, copied)],
    /Table "notes" .*column "copy" is "_Copy" in SQL, which in D1 says whose row it is.*another name in SQL.*leave it out of readModel/,
  ],
  [
    "columns that differ in case alone",
    () => [table("notes", { heading: text("Title") })],
    /column "heading" is "Title" in SQL, as column "title" is/,
  ],
  [
    "columns of one name",
    () => [table("notes", { heading: text("title") })],
    /column "heading" .*as column "title" is/,
  ],
  [
    "more columns copied than a table of D1 has",
    () => [table("wide", Object.fromEntries([...Array(97).keys()].map((n) => [`c${n}`, text(`c${n}`)])), copied)],
    /Table "wide" .*readModel copies 99 columns, limit is 98 .*List those that are read across objects/,
  ],
  [
    "a search in rows whose number has no name left",
    () => [table("notes", { a: text("rowid"), b: text("_rowid_"), c: text("OID") }, search)],
    /Table "notes" .*rowid, _rowid_ and oid.*Rename one/,
  ],
];

test.each(REFUSED)("[PF1] [RM1] %s is refused when the tools load the application", (_, declared, says) => {
  expect(() => check(...declared())).toThrow(expect.objectContaining({ name: "ConfigError" }) as Error);
  expect(() => check(...declared())).toThrow(says);
});

test("[PF1] [RM1] names that meet in no database are taken", () => {
  // Not copied, so not in D1.
  check(table("guards"), table("copies"), table("notes", { copy: text("_copy") }));
  check(table("notes", { copy: text("_copy") }, { readModel: ["title"] }));
  const many = Object.fromEntries([...Array(97).keys()].map((n) => [`c${n}`, text(`c${n}`)]));
  check(table("wide", many), table("narrow", many, { readModel: ["c1"] }));
  // Objects of their own.
  check(table("notes", {}, search, ["by_owner"]), table("notes_data", {}, search, ["by_owner"]), table("Notes"));
  check(table("search_terms", { rowid: integer("rowid"), oid: integer("oid") }, { ...copied, ...search }));
  // One of them is not searched there.
  check(table("notes", {}, { ...copied, ...search }), table("notes_data", {}, copied));
  check(table("json_eaches"), table("rm_copies", {}, copied), table("cursors", {}, copied));
});
