/** Queries of views that D1 would answer with the names of columns, or not at all, are refused where the tools load the application. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eq, type SQL, sql } from "drizzle-orm";
import { QueryBuilder, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { checkViews } from "../../src/cli/generate/check-views.ts";
import type { Snapshot } from "../../src/cli/generate/snapshot.ts";
import { resource } from "../../src/define/resource.ts";
import { readModel, view } from "../../src/features/read-model/read-model.ts";
import type { DrizzleQuery } from "../../src/features/read-model/view.ts";

/** D1 of the example: it has these tables, and no column `hidden`. */
const folder = join(import.meta.dirname, "../../migrations/d1/meta");
const last = readdirSync(folder)
  .filter((name) => name.endsWith("_snapshot.json"))
  .sort()
  .at(-1);
const d1 = JSON.parse(readFileSync(join(folder, last ?? ""), "utf8")) as Snapshot;

const id = () => text("id").primaryKey();
const tasksTable = sqliteTable("tasks", {
  id: id(),
  title: text("title"),
  projectId: text("project_id"),
  hidden: text("hidden"),
});
const projectsTable = sqliteTable("projects", { id: id(), name: text("name") });
const tasks = resource(tasksTable, { id: "text", readModel: ["title", "projectId"] });
const projects = resource(projectsTable, { id: "text", readModel: true });
const columns = sqliteTable("titles", { id: id(), title: text("title") });

function check(query: DrizzleQuery | SQL): Promise<void> {
  const resources = new Map([tasks, projects].map((each) => [each.name as string, each]));
  const feature = readModel({ views: [view("all_tasks", { of: tasks }), view({ columns, of: [tasks], query })] });
  const listener = feature.news?.({ name: "board", resources } as never);
  return checkViews(listener?.queries?.() ?? [], d1);
}

const from = new QueryBuilder();

test("[RM1] a view whose query runs on the copies is taken, whatever it is written with", async () => {
  await check(from.select({ id: tasksTable.id, title: tasksTable.title }).from(tasksTable));
  await check(sql`SELECT t.id, upper(t.title) || 'text' FROM tasks AS t`);
});

test.each([
  [
    "a column that is not copied",
    from.select({ id: tasksTable.id, title: tasksTable.hidden }).from(tasksTable),
    /"titles" .*does not run on D1: no such column: "?hidden"?.*\. Copy the column \(readModel of its table\)/,
  ],
  [
    "a column that is not there",
    sql`SELECT id, "tittle" FROM tasks`,
    /"titles" .*no such column: "?tittle"?.*\. Copy the column/,
  ],
  [
    "a name that two tables have",
    sql`SELECT id, title FROM tasks JOIN (SELECT id AS id FROM tasks) AS other ON true`,
    /ambiguous column name: id\. Name the column with its table/,
  ],
  [
    "a table that is not among `of`",
    from
      .select({ id: tasksTable.id, title: projectsTable.name })
      .from(tasksTable)
      .innerJoin(projectsTable, eq(projectsTable.id, tasksTable.projectId)),
    /no such table: projects\. Name its tables in `of`/,
  ],
])("[RM1] a view that asks for %s is refused with view, name and mend", async (_, query, says) => {
  await expect(check(query)).rejects.toThrow(says);
});
