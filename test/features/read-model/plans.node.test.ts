/** How SQLite finds what the example's views show: by which index, of which copies. Its own plans, over the migrations of the project. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { listRows } from "../../../durable-objects/sql/list-rows.ts";
import type { Sql } from "../../../durable-objects/sql/port.ts";
import { TextSizes } from "../../../durable-objects/sql/text-sizes.ts";
import { parseFilter } from "../../../src/core/query/parse.ts";
import { projectionOf } from "../../../src/features/read-model/projection.ts";
import { type View, view } from "../../../src/features/read-model/view.ts";
import { prefixed, sourceOf } from "../../../src/features/read-model/visible-rows.ts";
import { messages } from "../../../src/tables/messages.ts";
import { myMessages } from "../../../src/tables/my-messages.ts";
import { projectReport } from "../../../src/tables/project-report.ts";
import { projects } from "../../../src/tables/projects.ts";
import { tasks } from "../../../src/tables/tasks.ts";
import { nodeD1 } from "../../support/node-d1.ts";

const folder = join(import.meta.dirname, "../../../migrations/d1");
const { sqlite } = nodeD1(
  readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8")),
);
const resources = new Map([messages, projects, tasks].map((each) => [each.name as string, each]));
const projection = projectionOf({ name: "board", resources } as never);

/** The plan of the view's first page under the filter; each line a step. */
function planOf(view: View, filter: string): readonly string[] {
  const { spec } = view.resource;
  const where = parseFilter(filter, { table: spec, fields: "scope", parameter: "filter", limits: "lifted" } as never);
  const asked: { readonly text: string; readonly params: readonly unknown[] }[] = [];
  const all: Sql["all"] = (text, params = []) => {
    asked.push({ text, params });
    return [];
  };
  const values: Sql["values"] = (text, params) => all(text, params).map((record) => Object.values(record));
  const source = sourceOf(view, projection, where);
  const own = prefixed({ all, values, sizeBytes: () => 0 } as unknown as Sql, source.prefix);
  const selection = { table: source.spec, where: [where], operators: new Map(), textSizes: new TextSizes(own) };
  const orderBy = [{ field: "id", direction: "asc" }] as const;
  listRows(own, { ...selection, orderBy, limit: 20, offset: 0, after: null, isInSight: () => () => true } as never);
  const page = asked.find(({ text }) => text.includes("LIMIT"));
  const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${page?.text}`).all(...((page?.params ?? []) as string[]));
  return plan.map(({ detail }) => String(detail).replace("main.", ""));
}

test("[RM1] a filter that fixes the partition reads the copies of those partitions, and no other rows", () => {
  const one = planOf(myMessages, 'roomId=="a"');
  expect(one).toContain("SEARCH t USING PRIMARY KEY (_copy=?)");
  const two = planOf(myMessages, 'roomId=in=("a","b")');
  expect(two).toContain("SEARCH t USING PRIMARY KEY (_copy=?)");
  for (const plan of [one, two]) expect(plan.join("\n")).not.toMatch(/SCAN t/);
});

test("[RM1] what the scopes of the example's views ask for is found by an index of the copy", () => {
  const mine = planOf(myMessages, 'authorId=="ann"');
  expect(mine.join("\n")).toMatch(/SEARCH t USING (COVERING )?INDEX rm_messages_by_author \(author_id=\?/);
  // Grouped by the owner, too, so that SQLite asks for the scope inside, before it groups.
  const report = planOf(projectReport, 'ownerId=="ann"').join("\n");
  expect(report).toMatch(/SEARCH t USING INDEX rm_tasks_by_place \(_copy=\? AND project_id=\?/);
});

test.each(["rm_copies", "Projects", "json_each"])(
  "[RM1] a view may have the name %s: it is no name in its statements, where it would stand for the list of copies, a table or a function",
  (name) => {
    const columns = sqliteTable(name, { id: text("id").primaryKey() });
    const named = view({ columns, of: [projects], query: sql`SELECT id FROM projects`, auth: { read: "*" } });
    expect(planOf(named, 'id=in=("a","b")').join("\n")).toMatch(/SEARCH t USING/);
  },
);
