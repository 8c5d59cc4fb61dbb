/** An index follows its configuration and the migrations of its table, and is never left in between. */

import { DatabaseSync } from "node:sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { migrate } from "../../durable-objects/table/migrate.ts";
import { dropStaleIndexes, ensureIndex, hasIndex } from "../../durable-objects/table/open-search.ts";
import { createSystemTables } from "../../durable-objects/table/system-tables.ts";
import type { Migration } from "../../src/define/app.ts";
import { type AnyResource, resource } from "../../src/define/resource.ts";

const notes = (search: readonly string[] | null, name = "notes") =>
  resource(
    sqliteTable(name, { id: text("id").primaryKey(), title: text("title"), body: text("body"), n: integer("n") }),
    {
      ...(search === null ? {} : { search: { fields: search as readonly ("title" | "body")[] } }),
    },
  ) as unknown as AnyResource;

const CREATE: Migration = {
  tag: "0000",
  sql: "CREATE TABLE `notes` (`id` text PRIMARY KEY NOT NULL, `title` text, `body` text, `n` integer, `_version` integer NOT NULL DEFAULT 0)",
};
const REBUILD: Migration = {
  tag: "0001",
  sql: [
    "CREATE TABLE `__new_notes` (`id` text PRIMARY KEY NOT NULL, `title` text, `body` text, `n` integer NOT NULL, `_version` integer NOT NULL DEFAULT 0)",
    "INSERT INTO `__new_notes` SELECT `id`, `title`, `body`, `n`, `_version` FROM `notes` ORDER BY `id` DESC",
    "DROP TABLE `notes`",
    "ALTER TABLE `__new_notes` RENAME TO `notes`",
  ].join(";\n--> statement-breakpoint\n"),
};

/** As an object opens: stale indexes away, migrations, indexes that are missing. */
function open(sql: Sql, resources: readonly AnyResource[], migrations: readonly Migration[]): void {
  createSystemTables(sql);
  dropStaleIndexes(sql, resources, migrations);
  expect(migrate(sql, migrations, { nowMs: 0 })).toEqual({ kind: "current" });
  for (const each of resources) ensureIndex(sql, each, migrations);
}

function openNotes(search: readonly string[] | null = ["title"]): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  open(sql, [notes(search)], [CREATE]);
  for (const [id, title, body] of [
    ["a", "red", "round"],
    ["b", "blue", "red"],
    ["c", "red blue", null],
  ]) {
    sql.run("INSERT INTO notes (id, title, body, n) VALUES (?, ?, ?, 1)", [id ?? "", title ?? "", body ?? null]);
  }
  sql.run("DELETE FROM notes WHERE id = 'b'");
  return sql;
}

function found(sql: Sql, q: string): unknown[] {
  return sql
    .all(
      'SELECT id FROM notes WHERE rowid IN (SELECT rowid FROM "_fts_notes" WHERE "_fts_notes" MATCH ?) ORDER BY id',
      [q],
    )
    .map(({ id }) => id);
}

function check(sql: Sql): void {
  sql.run("INSERT INTO _fts_notes(_fts_notes, rank) VALUES ('integrity-check', 1)");
}

/** How many statements an opening writes with; the second opening in a row must write nothing. */
function writes(sql: Sql, resources: readonly AnyResource[], migrations: readonly Migration[]): string[] {
  const run: string[] = [];
  const watched: Sql = {
    ...sql,
    run(statement, params) {
      run.push(statement);
      sql.run(statement, params);
    },
  };
  open(watched, resources, migrations);
  return run.filter((statement) => !statement.startsWith("PRAGMA"));
}

test("[SR1] an index that first appears is built over the rows there are, and opening again writes nothing", () => {
  const sql = openNotes(null);
  expect(hasIndex(sql, "notes")).toBe(false);
  open(sql, [notes(["title", "body"])], [CREATE]);
  expect(found(sql, "red")).toEqual(["a", "c"]);
  expect(found(sql, "round")).toEqual(["a"]);
  expect(writes(sql, [notes(["title", "body"])], [CREATE])).toEqual([]);
  check(sql);
});

test("[SR1] other fields mean another index; other weights do not", () => {
  const sql = openNotes(["title"]);
  expect(found(sql, "round")).toEqual([]);
  open(sql, [notes(["body", "title"])], [CREATE]);
  expect(found(sql, "round")).toEqual(["a"]);
  check(sql);
  const weighted = resource(notes(null).table, {
    search: { fields: [{ name: "body", weight: 9 }, "title"] },
  } as never) as unknown as AnyResource;
  expect(writes(sql, [weighted], [CREATE])).toEqual([]);
});

test("[SR1] a configuration that is taken away takes the index along", () => {
  const sql = openNotes();
  open(sql, [notes(null)], [CREATE]);
  expect(sql.all("SELECT name FROM sqlite_master WHERE name LIKE '\\_fts%' ESCAPE '\\'")).toEqual([]);
  sql.run("UPDATE notes SET title = 'still works'");
});

test("[SR1] a migration that rebuilds the table gives its rows new numbers, so the index is built anew", () => {
  const sql = openNotes();
  const before = sql.all("SELECT rowid AS doc FROM notes WHERE id = 'a'");
  open(sql, [notes(["title"])], [CREATE, REBUILD]);
  expect(sql.all("SELECT rowid AS doc FROM notes WHERE id = 'a'")).not.toEqual(before);
  expect(found(sql, "red")).toEqual(["a", "c"]);
  expect(found(sql, "blue")).toEqual(["c"]);
  check(sql);
  sql.run("UPDATE notes SET title = 'green' WHERE id = 'a'");
  expect([found(sql, "red"), found(sql, "green")]).toEqual([["c"], ["a"]]);
});

test("[SR1] rows that a migration changes are changed in the index; columns may be added, renamed and dropped beside it", () => {
  const sql = openNotes();
  const later: Migration = {
    tag: "0002",
    sql: [
      "ALTER TABLE `notes` ADD `extra` text",
      "UPDATE `notes` SET `title` = 'purple' WHERE `id` = 'a'",
      "ALTER TABLE `notes` RENAME COLUMN `extra` TO `more`",
      "ALTER TABLE `notes` DROP COLUMN `more`",
    ].join(";\n--> statement-breakpoint\n"),
  };
  open(sql, [notes(["title"])], [CREATE, later]);
  expect([found(sql, "red"), found(sql, "purple")]).toEqual([["c"], ["a"]]);
  check(sql);
});

test("[SR1] a searched column may be dropped once it is no longer searched", () => {
  const sql = openNotes(["title", "body"]);
  const drop: Migration = { tag: "0003", sql: "ALTER TABLE `notes` DROP COLUMN `body`" };
  const slim = resource(sqliteTable("notes", { id: text("id").primaryKey(), title: text("title"), n: integer("n") }), {
    search: { fields: ["title"] },
  }) as unknown as AnyResource;
  open(sql, [slim], [CREATE, drop]);
  expect(found(sql, "red")).toEqual(["a", "c"]);
  check(sql);
});

test("[SR1] an index that cannot be built leaves the table working, and is tried again", () => {
  const sql = openNotes(null);
  const failing: Sql = {
    ...sql,
    run(statement, params) {
      if (statement.includes("'rebuild'")) throw new Error("disk full");
      sql.run(statement, params);
    },
  };
  const said: unknown[] = [];
  const original = console.error;
  console.error = (line: unknown) => void said.push(line);
  open(failing, [notes(["title"])], [CREATE]);
  console.error = original;
  expect(said.join()).toContain("could not be built");
  expect(hasIndex(sql, "notes")).toBe(false);
  sql.run("UPDATE notes SET title = 'later' WHERE id = 'a'");
  open(sql, [notes(["title"])], [CREATE]);
  expect(found(sql, "later")).toEqual(["a"]);
});

test("[SR1] another table of the object may be rebuilt, renamed and dropped beside the index", () => {
  const sql = openNotes();
  const other: Migration = {
    tag: "0004",
    sql: [
      "CREATE TABLE `others` (`id` text PRIMARY KEY NOT NULL, `note` text REFERENCES `notes`(`id`))",
      "INSERT INTO `others` VALUES ('o', 'a')",
      "CREATE TABLE `__new_others` (`id` text PRIMARY KEY NOT NULL, `note` text NOT NULL REFERENCES `notes`(`id`))",
      "INSERT INTO `__new_others` SELECT * FROM `others`",
      "DROP TABLE `others`",
      "ALTER TABLE `__new_others` RENAME TO `others`",
      "ALTER TABLE `others` RENAME TO `more`",
      "DROP TABLE `more`",
    ].join(";\n--> statement-breakpoint\n"),
  };
  open(sql, [notes(["title"])], [CREATE, other]);
  expect(found(sql, "red")).toEqual(["a", "c"]);
  check(sql);
});

test("[SR1] a column that takes SQLite's name for the number of a row makes the index anew: its triggers would take that column for the number", () => {
  const sql = openNotes();
  const named = resource(
    sqliteTable("notes", { id: text("id").primaryKey(), title: text("title"), rowid: integer("rowid") }),
    { search: { fields: ["title"] } },
  ) as unknown as AnyResource;
  const added: Migration = { tag: "0001", sql: "ALTER TABLE `notes` ADD `rowid` integer" };
  open(sql, [named], [CREATE, added]);
  sql.run("INSERT INTO notes (id, title, rowid) VALUES ('d', 'red', 7), ('e', 'red', NULL)");
  sql.run("UPDATE notes SET rowid = 9, title = 'green' WHERE id = 'd'");
  check(sql);
  const ids = sql.all("SELECT id FROM notes WHERE _rowid_ IN (SELECT rowid FROM _fts_notes WHERE _fts_notes MATCH ?)", [
    "red",
  ]);
  expect(ids.map(({ id }) => id).sort()).toEqual(["a", "c", "e"]);
});
