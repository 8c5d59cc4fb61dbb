/** Between two versions of the code D1 has what either reads; what only the former one read goes after the upload. Run over the project's own migrations. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { expandD1 } from "../../src/cli/generate/expand-d1.ts";
import { planD1 } from "../../src/cli/generate/plan-d1.ts";
import { parseRename, type Rename } from "../../src/cli/generate/renames.ts";
import type { Snapshot, SnapshotColumn, SnapshotTable } from "../../src/cli/generate/snapshot.ts";

const folder = join(import.meta.dirname, "../../migrations/d1");
const meta = readdirSync(join(folder, "meta")).filter((name) => name.endsWith("_snapshot.json"));
const before = JSON.parse(readFileSync(join(folder, "meta", meta.sort().at(-1) as string), "utf8")) as Snapshot;

const mood: SnapshotColumn = { name: "mood", type: "text", primaryKey: false, notNull: false, autoincrement: false };

/** The project's D1 with the columns of a table changed. */
function changed(table: string, change: (columns: Record<string, SnapshotColumn>) => void): Snapshot {
  const old = before.tables[table] as SnapshotTable;
  const columns = { ...old.columns };
  change(columns);
  return { ...before, tables: { ...before.tables, [table]: { ...old, columns } } };
}

/** Both steps, run; the columns of the table after each. */
async function deploy(after: Snapshot, table: string, renames: readonly Rename[] = []) {
  const database = new DatabaseSync(":memory:");
  for (const name of readdirSync(folder).sort())
    if (name.endsWith(".sql")) database.exec(readFileSync(join(folder, name), "utf8"));
  const columns = () =>
    database
      .prepare("SELECT name FROM pragma_table_info(?)")
      .all(table)
      .map(({ name }) => String(name))
      .filter((name) => !(name in (before.tables[table]?.columns ?? {})) || name === "archived_at");
  const both = expandD1(before, after, renames);
  const steps = [await planD1(before, both), await planD1(both, after, renames)];
  return steps.map(({ statements }) => {
    if (statements.length > 0) database.exec(statements.join("\n"));
    return { isEmpty: statements.length === 0, columns: columns() };
  });
}

test("[RM4] [CLI9] a column that comes is there before the upload, and nothing is left to do after it", async () => {
  const after = changed("rm_projects", (columns) => Object.assign(columns, { mood }));
  expect(await deploy(after, "rm_projects")).toEqual([
    { isEmpty: false, columns: ["archived_at", "mood"] },
    { isEmpty: true, columns: ["archived_at", "mood"] },
  ]);
});

test("[RM4] [CLI9] a column that goes is there until the upload; one that comes with it, before", async () => {
  const gone = changed("rm_projects", (columns) => delete columns.archived_at);
  expect(await deploy(gone, "rm_projects")).toEqual([
    { isEmpty: true, columns: ["archived_at"] },
    { isEmpty: false, columns: [] },
  ]);
  const both = changed("rm_projects", (columns) => {
    delete columns.archived_at;
    Object.assign(columns, { mood });
  });
  expect(await deploy(both, "rm_projects")).toEqual([
    { isEmpty: false, columns: ["archived_at", "mood"] },
    { isEmpty: false, columns: ["mood"] },
  ]);
});

test("[RM4] [CLI9] a rename, another type and a table that goes wait for the upload", async () => {
  const renamed = changed("rm_projects", (columns) => {
    columns.summary = { ...(columns.archived_at as SnapshotColumn), name: "summary" };
    delete columns.archived_at;
  });
  expect(await deploy(renamed, "rm_projects", [parseRename("projects.archived_at=summary") as Rename])).toEqual([
    { isEmpty: true, columns: ["archived_at"] },
    { isEmpty: false, columns: ["summary"] },
  ]);
  const typed = changed("rm_projects", (columns) => {
    columns.archived_at = { ...(columns.archived_at as SnapshotColumn), type: "text" };
  });
  expect((await deploy(typed, "rm_projects")).map(({ isEmpty }) => isEmpty)).toEqual([true, false]);
  const { rm_labels: _, ...tables } = before.tables;
  expect((await deploy({ ...before, tables }, "rm_labels")).map(({ isEmpty }) => isEmpty)).toEqual([true, false]);
});

test("[RM4] [CLI9] [SR6] another list of searched fields waits for the upload; a search where there was none does not", async () => {
  const fewer = { ...before, searched: { ...before.searched, rm_projects: ["name"] } };
  expect(before.searched?.rm_projects).not.toEqual(["name"]);
  expect((await deploy(fewer, "rm_projects")).map(({ isEmpty }) => isEmpty)).toEqual([true, false]);
  expect(before.searched?.rm_labels).toBeUndefined();
  const more = { ...before, searched: { ...before.searched, rm_labels: ["name"] } };
  expect((await deploy(more, "rm_labels")).map(({ isEmpty }) => isEmpty)).toEqual([false, true]);
});
