/** The migration of D1 that a change of a copied table asks for, run over the project's own migrations by node:sqlite. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { expandD1 } from "../../src/cli/generate/expand-d1.ts";
import { planD1 } from "../../src/cli/generate/plan-d1.ts";
import { parseRename, type Rename, renameAll } from "../../src/cli/generate/renames.ts";
import type { Snapshot } from "../../src/cli/generate/snapshot.ts";

const folder = join(import.meta.dirname, "../../migrations/d1");
const meta = readdirSync(join(folder, "meta")).filter((name) => name.endsWith("_snapshot.json"));
const last = meta.sort().at(-1) as string;
const before = JSON.parse(readFileSync(join(folder, "meta", last), "utf8")) as Snapshot;

function migrated(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  for (const name of files.sort()) database.exec(readFileSync(join(folder, name), "utf8"));
  return database;
}

/** The project's tables with the column under another name, as `generate` would describe them. */
function renamed(table: string, from: string, to: string): Snapshot {
  const tables = renameAll(before.tables, [{ kind: "column", table, from, to }]);
  const columns = (before.searched?.[table] ?? []).map((column) => (column === from ? to : column));
  return { ...before, tables, searched: { ...before.searched, [table]: columns } };
}

test("[RM4] a renamed column keeps its values, and is searched, in the copy that is read until the new one is whole", async () => {
  const database = migrated();
  database.exec("INSERT INTO rm_tasks (_copy, id, title, _version) VALUES (1, 't', 'a green fence', 1)");
  const after = renamed("rm_tasks", "title", "name");
  const plan = await planD1(before, after, [parseRename("tasks.title=name") as Rename]);
  database.exec(plan.statements.join("\n"));
  expect(database.prepare("SELECT name FROM rm_tasks").all()).toMatchObject([{ name: "a green fence" }]);
  const [index] = database.prepare("SELECT name FROM sqlite_master WHERE sql LIKE '%VIRTUAL TABLE%rm_tasks%'").all();
  const found = database.prepare(`SELECT rowid FROM "${index?.name}" WHERE "${index?.name}" MATCH 'green'`).all();
  expect(found).toHaveLength(1);
});

test("[RM4] a rename of a column that is not copied, and one of a table, concern no copy that is there", async () => {
  const others = ["tasks.secret=hidden", "tasks=chores"].map((text) => parseRename(text) as Rename);
  expect((await planD1(before, before, others)).statements).toEqual([]);
});

/** As `before`, with the table described otherwise, or not there. */
function changed(table: string, change: { readonly search?: readonly string[]; readonly without?: string }): Snapshot {
  const { [table]: own, ...others } = before.tables;
  const { [table]: _, ...searched } = before.searched ?? {};
  const { [table]: group = "", ...copied } = before.copied ?? {};
  if (own === undefined) throw new Error(`there is no ${table}`);
  if (change.without === table) return { ...before, tables: others, searched, copied };
  const columns = Object.entries(own.columns).filter(([name]) => name !== change.without);
  return {
    ...before,
    tables: { ...others, [table]: { ...own, columns: Object.fromEntries(columns) } },
    searched:
      change.search === undefined
        ? before.searched
        : change.search.length === 0
          ? searched
          : { ...searched, [table]: change.search },
    copied: { ...copied, [table]: group },
  } as Snapshot;
}

function filled(): DatabaseSync {
  const database = migrated();
  const line = database.prepare(
    "INSERT INTO rm_copies (id, object, grp, status, is_hidden, epoch, form, seq, head, size_bytes, as_of, step) VALUES (?, ?, ?, 'serving', 0, 'e', 'f', 3, 3, 0, 9, 1)",
  );
  for (const [id, group] of [
    [1, "tasks"],
    [2, "projects"],
  ] as const)
    line.run(id, `t/board/${group}`, group);
  database.exec("INSERT INTO rm_tasks (_copy, id, title, position, _version) VALUES (1, 't', 'a green fence', 'p', 3)");
  database.exec("INSERT INTO rm_projects (_copy, id, name, _version) VALUES (2, 'p', 'garden', 3)");
  return database;
}

async function migrate(database: DatabaseSync, from: Snapshot, to: Snapshot): Promise<void> {
  const { statements, problems } = await planD1(from, to);
  expect(problems).toEqual([]);
  database.exec(statements.join("\n"));
}

const linesOf = (database: DatabaseSync) =>
  database
    .prepare("SELECT grp, form, step FROM rm_copies ORDER BY id")
    .all()
    .map((line) => Object.values(line).join(" "));

test("[RM4] a table that is searched from now on, or no longer, keeps its rows and its copies, and other tables theirs", async () => {
  const database = filled();
  const plain = changed("rm_tasks", { search: [] });
  const rows = () => database.prepare("SELECT _copy, id, title, position, _version FROM rm_tasks").all();
  const [had, lines] = [rows(), linesOf(database)];
  expect(had).toHaveLength(1);
  await migrate(database, before, plain);
  expect([rows(), linesOf(database)]).toEqual([had, lines]);
  await migrate(database, plain, before);
  expect([rows(), linesOf(database)]).toEqual([had, lines]);
  const [index] = database.prepare("SELECT name FROM sqlite_master WHERE sql LIKE '%VIRTUAL TABLE%rm_tasks%'").all();
  const found = database.prepare(`SELECT rowid FROM "${index?.name}" WHERE "${index?.name}" MATCH 'green'`).all();
  expect(found).toHaveLength(1);
  expect(database.prepare("SELECT name FROM sqlite_master WHERE name LIKE '%old_rm%'").all()).toEqual([]);
  const indexes = database.prepare("SELECT count(*) AS n FROM pragma_index_list('rm_tasks')").get();
  expect(indexes).toEqual(migrated().prepare("SELECT count(*) AS n FROM pragma_index_list('rm_tasks')").get());
});

test("[RM4] a column or a table that is left out and comes back is not taken for whole: the copies of its group begin anew, and no others", async () => {
  const database = filled();
  const less = changed("rm_tasks", { without: "due_at" });
  await migrate(database, before, less);
  expect(linesOf(database)).toEqual(["tasks f 1", "projects f 1"]);
  await migrate(database, less, before);
  expect(linesOf(database)).toEqual(["tasks  2", "projects f 1"]);
  // Of a group that has no other table nothing is left to read; a Worker that has not heard of it begins a copy all the same.
  const none = changed("rm_projects", { without: "rm_projects" });
  await migrate(database, before, none);
  expect(linesOf(database)).toEqual(["tasks  2"]);
  database.exec(
    "INSERT INTO rm_copies SELECT 9, 't/board/projects', 'projects', NULL, 'building', 1, 'e', NULL, 'f', 0, 0, 0, NULL, 0, 0",
  );
  await migrate(database, none, before);
  expect(linesOf(database)).toEqual(["tasks  2", "projects  1"]);
});

test("[RM4] between the two migrations of a deployment a table that goes keeps its copies, and no others begin anew for it", async () => {
  const database = filled();
  const none = changed("rm_projects", { without: "rm_projects" });
  const both = expandD1(before, none, []);
  await migrate(database, before, both);
  expect(linesOf(database)).toEqual(["tasks f 1", "projects f 1"]);
  await migrate(database, both, none);
  expect(linesOf(database)).toEqual(["tasks f 1"]);
});
