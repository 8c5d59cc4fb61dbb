/** The migration of D1 that a change of a copied table asks for, run over the project's own migrations by node:sqlite. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
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
