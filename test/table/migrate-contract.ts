/**
 * What the migration runner promises, as a suite over any `Sql`: run on node:sqlite (migrate.test.ts) and in a real Durable
 * Object (migrate.worker.test.ts). `withSql` hands out fresh storage; what happens inside is one synchronous turn and is
 * committed after it, so that a violation left to the commit fails the test.
 */

import { expect, test } from "vitest";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { migrate } from "../../durable-objects/table/migrate.ts";
import { presentColumns } from "../../durable-objects/table/present-columns.ts";
import type { Migration } from "../../src/define/app.ts";

export type WithSql = (turns: readonly ((sql: Sql) => void)[]) => Promise<void>;

const BREAK = "\n--> statement-breakpoint\n";
const VERSION = "`_version` integer DEFAULT 0 NOT NULL";

const first: Migration = {
  tag: "0000_first",
  sql: [
    `CREATE TABLE \`projects\` (\n\t\`id\` text PRIMARY KEY NOT NULL,\n\t\`code\` text NOT NULL,\n\t\`parent_id\` text,\n\t${VERSION},\n\tFOREIGN KEY (\`parent_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE no action\n);\n`,
    "CREATE UNIQUE INDEX `projects_code_unique` ON `projects` (`code`);",
    `CREATE TABLE \`tasks\` (\n\t\`id\` text PRIMARY KEY NOT NULL,\n\t\`project_id\` text NOT NULL,\n\t\`project_code\` text,\n\t${VERSION},\n\tFOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE no action,\n\tFOREIGN KEY (\`project_code\`) REFERENCES \`projects\`(\`code\`) ON UPDATE no action ON DELETE no action\n);\n`,
  ].join(BREAK),
};

/** Parent and child rebuilt at once, as drizzle-kit writes it: it leaves out the second pair of pragmas. */
const rebuildBoth: Migration = {
  tag: "0001_rebuild",
  sql: [
    "PRAGMA foreign_keys=OFF;",
    `CREATE TABLE \`__new_projects\` (\n\t\`id\` text PRIMARY KEY NOT NULL,\n\t\`code\` text NOT NULL,\n\t\`parent_id\` text,\n\t\`points\` integer DEFAULT 7 NOT NULL,\n\t${VERSION},\n\tFOREIGN KEY (\`parent_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE no action,\n\tCONSTRAINT "positive" CHECK("__new_projects"."points" > 0)\n);\n`,
    "INSERT INTO `__new_projects`(`id`, `code`, `parent_id`, `_version`) SELECT `id`, `code`, `parent_id`, `_version` FROM `projects`;",
    "DROP TABLE `projects`;",
    "ALTER TABLE `__new_projects` RENAME TO `projects`;",
    "PRAGMA foreign_keys=ON;",
    "CREATE UNIQUE INDEX `projects_code_unique` ON `projects` (`code`);",
    "CREATE INDEX `projects_points` ON `projects` (`points`);",
    `CREATE TABLE \`__new_tasks\` (\n\t\`id\` text PRIMARY KEY NOT NULL,\n\t\`project_id\` text,\n\t\`project_code\` text,\n\t${VERSION},\n\tFOREIGN KEY (\`project_id\`) REFERENCES \`projects\`(\`id\`) ON UPDATE no action ON DELETE no action,\n\tFOREIGN KEY (\`project_code\`) REFERENCES \`projects\`(\`code\`) ON UPDATE no action ON DELETE no action\n);\n`,
    "INSERT INTO `__new_tasks`(`id`, `project_id`, `project_code`, `_version`) SELECT `id`, `project_id`, `project_code`, `_version` FROM `tasks`;",
    "DROP TABLE `tasks`;",
    "ALTER TABLE `__new_tasks` RENAME TO `tasks`;",
  ].join(BREAK),
};

function fill(sql: Sql): void {
  sql.run("INSERT INTO projects (id, code, parent_id, _version) VALUES ('p1', 'A', NULL, 3), ('p3', 'C', NULL, 4)");
  sql.run("INSERT INTO projects (id, code, parent_id, _version) VALUES ('p2', 'B', 'p3', 5)");
  sql.run(
    "INSERT INTO tasks (id, project_id, project_code, _version) VALUES ('t1', 'p1', 'A', 6), ('t2', 'p2', NULL, 7)",
  );
}

const now = { nowMs: 1_700_000_000_000 };
const upTo =
  (...migrations: Migration[]) =>
  (sql: Sql) =>
    expect(migrate(sql, migrations, now)).toEqual({ kind: "current" });
const ids = (sql: Sql, table: string) => sql.all(`SELECT id FROM ${table} ORDER BY id`).map((row) => row.id);

export function migrateContract(withSql: WithSql): void {
  test("[MG2] pending migrations are applied in order and recorded with their time", () =>
    withSql([
      upTo(first, rebuildBoth),
      (sql) => {
        expect(sql.all("SELECT tag, at FROM _migrations ORDER BY tag")).toEqual([
          { tag: "0000_first", at: now.nowMs },
          { tag: "0001_rebuild", at: now.nowMs },
        ]);
        expect([...presentColumns(sql, "projects")]).toEqual(["id", "code", "parent_id", "points", "_version"]);
        expect(presentColumns(sql, "nothing").size).toBe(0);
      },
    ]));

  test("[MG2] a wake with nothing pending reads once and writes nothing", () =>
    withSql([
      upTo(first),
      (sql) => {
        const seen: string[] = [];
        const watched: Sql = {
          ...sql,
          all: (statement, params) => {
            seen.push(statement);
            return sql.all(statement, params);
          },
          run: (statement) => seen.push(`run: ${statement}`),
          transaction: () => expect.unreachable(),
        };
        upTo(first)(watched);
        expect(seen).toEqual(["SELECT tag FROM _migrations"]);
      },
    ]));

  test("[MG2] a tag that the code does not know is left alone", () =>
    withSql([
      upTo(first, rebuildBoth),
      upTo(first),
      (sql) => expect(sql.all("SELECT tag FROM _migrations").length).toBe(2),
    ]));

  test("[MG2] a rebuild keeps rows, the rows that refer to them, and hidden versions", () =>
    withSql([
      upTo(first),
      fill,
      upTo(first, rebuildBoth),
      (sql) => {
        expect(sql.all("SELECT id, code, parent_id, points, _version FROM projects ORDER BY id")).toEqual([
          { id: "p1", code: "A", parent_id: null, points: 7, _version: 3 },
          { id: "p2", code: "B", parent_id: "p3", points: 7, _version: 5 },
          { id: "p3", code: "C", parent_id: null, points: 7, _version: 4 },
        ]);
        expect(sql.all("SELECT id, project_id, project_code, _version FROM tasks ORDER BY id")).toEqual([
          { id: "t1", project_id: "p1", project_code: "A", _version: 6 },
          { id: "t2", project_id: "p2", project_code: null, _version: 7 },
        ]);
        const names = sql.all(
          "SELECT name FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name",
        );
        expect(names.map((row) => row.name)).toEqual(["projects", "projects_code_unique", "projects_points", "tasks"]);
      },
    ]));

  test("[MG2] after a rebuild, foreign keys, checks and unique indexes hold, at once and not only at the commit", () =>
    withSql([
      upTo(first),
      fill,
      (sql) => {
        upTo(first, rebuildBoth)(sql);
        const refused = (statement: string, reason: RegExp) => expect(() => sql.run(statement)).toThrow(reason);
        refused("INSERT INTO tasks (id, project_id) VALUES ('t9', 'nowhere')", /FOREIGN KEY/);
        refused("DELETE FROM projects WHERE id = 'p1'", /FOREIGN KEY/);
        refused("DELETE FROM projects WHERE id = 'p3'", /FOREIGN KEY/);
        refused("INSERT INTO projects (id, code) VALUES ('p9', 'A')", /UNIQUE/);
        refused("INSERT INTO projects (id, code, points) VALUES ('p9', 'Z', 0)", /CHECK/);
      },
    ]));

  test("[MG2] a failing migration keeps nothing, says which and why, and succeeds once mended", () => {
    const broken: Migration = {
      tag: "0001_broken",
      sql: "ALTER TABLE `tasks` ADD `note` text;\n--> statement-breakpoint\nINSERT INTO nowhere VALUES (1);",
    };
    return withSql([
      upTo(first),
      fill,
      (sql) => {
        expect(migrate(sql, [first, broken], now)).toEqual({
          kind: "failed",
          tag: "0001_broken",
          message: expect.stringMatching(/no such table: nowhere/) as unknown,
        });
        expect(presentColumns(sql, "tasks").has("note")).toBe(false);
        expect(sql.all("SELECT tag FROM _migrations")).toEqual([{ tag: "0000_first" }]);
        expect(() => sql.run("INSERT INTO tasks (id, project_id) VALUES ('t9', 'nowhere')")).toThrow(/FOREIGN KEY/);
        expect(ids(sql, "tasks")).toEqual(["t1", "t2"]);
      },
      upTo(first, { ...broken, sql: "ALTER TABLE `tasks` ADD `note` text;" }),
      (sql) => expect(presentColumns(sql, "tasks").has("note")).toBe(true),
    ]);
  });

  test("[MG2] a rebuild that existing rows refuse rolls back, however far it came", () => {
    const strict = { tag: "0001_strict", sql: rebuildBoth.sql.replace('"points" > 0', '"points" > 7') };
    return withSql([
      upTo(first),
      fill,
      (sql) => {
        expect(migrate(sql, [first, strict], now)).toMatchObject({ kind: "failed", tag: "0001_strict" });
        expect(ids(sql, "projects")).toEqual(["p1", "p2", "p3"]);
        expect(ids(sql, "tasks")).toEqual(["t1", "t2"]);
      },
    ]);
  });

  test("[MG2] dropping a table that rows still refer to fails; dropping it with them works in either order", () => {
    const parentFirst = {
      tag: "0001_drop",
      sql: "DROP TABLE `projects`;\n--> statement-breakpoint\nDROP TABLE `tasks`;",
    };
    return withSql([
      upTo(first),
      fill,
      (sql) => {
        const alone = { tag: "0001_drop", sql: "DROP TABLE `projects`;" };
        expect(migrate(sql, [first, alone], now)).toMatchObject({
          kind: "failed",
          message: expect.stringMatching(/"tasks"/) as unknown,
        });
        expect(ids(sql, "projects")).toEqual(["p1", "p2", "p3"]);
      },
      upTo(first, parentFirst),
      (sql) => expect(presentColumns(sql, "tasks").size).toBe(0),
    ]);
  });

  test("[MG2] a rebuild that would set off ON DELETE CASCADE is refused, and deletes nothing", () => {
    const cascading = { tag: "0000_first", sql: first.sql.replaceAll("ON DELETE no action", "ON DELETE cascade") };
    return withSql([
      upTo(cascading),
      fill,
      (sql) => {
        expect(migrate(sql, [cascading, rebuildBoth], now)).toMatchObject({
          kind: "failed",
          message: expect.stringMatching(/CASCADE/) as unknown,
        });
        expect(ids(sql, "tasks")).toEqual(["t1", "t2"]);
      },
    ]);
  });
}
