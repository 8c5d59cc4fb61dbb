import { DatabaseSync } from "node:sqlite";
import { sql } from "drizzle-orm";
import { check, index, integer, type SQLiteTable, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { migrate } from "../../durable-objects/table/migrate.ts";
import { type GroupPlan, planGroup } from "../../src/cli/generate/plan-group.ts";
import { fittingRenames, parseRename } from "../../src/cli/generate/renames.ts";
import { ORIGIN_ID, type Snapshot, withVersionColumn } from "../../src/cli/generate/snapshot.ts";

const projects = sqliteTable("projects", { id: text("id").primaryKey(), name: text("name") });
const tasks = sqliteTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    title: text("title"),
    projectId: text("project_id").references(() => projects.id),
  },
  (table) => [index("tasks_title").on(table.title)],
);

async function snapshotOf(tables: readonly SQLiteTable[]): Promise<Snapshot> {
  const kit = await import("drizzle-kit/api");
  const named = Object.fromEntries(tables.map((table, place) => [`table${place}`, table as unknown]));
  return withVersionColumn((await kit.generateSQLiteDrizzleJson(named, ORIGIN_ID)) as unknown as Snapshot);
}

interface Trial {
  readonly plan: GroupPlan;
  readonly all: (statement: string) => Record<string, unknown>[];
}

/** Creates `before`, fills it, plans and runs the migration to `after`. */
async function tryChange(
  before: readonly SQLiteTable[],
  fill: readonly string[],
  after: readonly SQLiteTable[],
  ...renames: string[]
): Promise<Trial> {
  const [from, to] = [await snapshotOf(before), await snapshotOf(after)];
  const first = await planGroup({}, from, []);
  const storage = nodeSql(new DatabaseSync(":memory:"));
  const migrations = [{ tag: "0000", sql: first.statements.join("\n--> statement-breakpoint\n") }];
  expect(migrate(storage, migrations, { nowMs: 0 })).toEqual({ kind: "current" });
  for (const statement of fill) storage.run(statement);
  const declared = renames.map(parseRename).filter((rename) => rename !== null);
  const plan = await planGroup(from.tables, to, fittingRenames(from.tables, to.tables, declared));
  migrations.push({ tag: "0001", sql: plan.statements.join("\n--> statement-breakpoint\n") });
  expect(migrate(storage, migrations, { nowMs: 0 })).toEqual({ kind: "current" });
  return { plan, all: (statement) => storage.all(statement).map((row) => ({ ...row })) };
}

const ROWS = [
  "INSERT INTO projects VALUES ('p1', 'one', 3)",
  "INSERT INTO tasks VALUES ('t1', 'first', 'p1', 4), ('t2', NULL, NULL, 5)",
];
const risks = (plan: GroupPlan) => plan.changes.map(({ risk, text: words }) => `${risk}: ${words}`);

test("[MG2] nothing changed, nothing planned, wherever a column is declared", async () => {
  const moved = sqliteTable("projects", { name: text("name"), id: text("id").primaryKey() });
  const { plan } = await tryChange([projects, tasks], ROWS, [moved, tasks]);
  expect(plan).toEqual({ statements: [], changes: [], problems: [] });
});

test("[MG2] every table has the hidden _version, which later migrations keep", async () => {
  const { all } = await tryChange([projects, tasks], ROWS, [projects, tasks]);
  expect(all("SELECT _version FROM tasks ORDER BY id")).toEqual([{ _version: 4 }, { _version: 5 }]);
});

test("[MG2] tables, columns and plain indexes are added without asking", async () => {
  const wider = sqliteTable(
    "projects",
    {
      id: text("id").primaryKey(),
      name: text("name"),
      points: integer("points").notNull().default(2),
      code: text("code").unique(),
    },
    (table) => [index("projects_lower").on(sql`lower(${table.name})`)],
  );
  const labels = sqliteTable("labels", { id: text("id").primaryKey() });
  const { plan, all } = await tryChange([projects, tasks], ROWS, [wider, tasks, labels]);
  expect(plan.changes.every((change) => change.risk === "none")).toBe(true);
  expect(all("SELECT * FROM projects")).toEqual([{ id: "p1", name: "one", _version: 3, points: 2, code: null }]);
  expect(all("SELECT sql FROM sqlite_master WHERE name = 'projects_lower'")[0]?.sql).toContain('lower("name")');
});

test("[MG2] a column with a computed default is added by a rebuild, and each row gets its value", async () => {
  const dated = sqliteTable("projects", {
    id: text("id").primaryKey(),
    name: text("name"),
    made: integer("made").notNull().default(sql`(40 + 2)`),
  });
  const { plan, all } = await tryChange([projects, tasks], ROWS, [dated, tasks]);
  expect(risks(plan)).toEqual([
    "none: add column projects.made",
    "rewrites: rebuild table projects: every row is written again",
  ]);
  expect(all("SELECT * FROM projects")).toEqual([{ id: "p1", name: "one", made: 42, _version: 3 }]);
  expect(all("SELECT project_id FROM tasks WHERE id = 't1'")).toEqual([{ project_id: "p1" }]);
});

test("[MG2] a column made NOT NULL with a default fills the gaps; without one it may fail", async () => {
  const strict = (title: ReturnType<typeof text>) =>
    sqliteTable("tasks", {
      id: text("id").primaryKey(),
      title,
      projectId: text("project_id").references(() => projects.id),
    });
  const { all } = await tryChange([projects, tasks], ROWS, [
    projects,
    strict(text("title").notNull().default("untitled") as never),
  ]);
  expect(all("SELECT title FROM tasks ORDER BY id")).toEqual([{ title: "first" }, { title: "untitled" }]);
  const { plan } = await tryChange([projects, tasks], [], [projects, strict(text("title").notNull() as never)]);
  expect(risks(plan)).toContain("may-fail: make column tasks.title NOT NULL: fails where it holds NULL");
});

test("[MG2] a column renamed keeps its values, its index and its foreign key", async () => {
  const renamed = sqliteTable(
    "tasks",
    { id: text("id").primaryKey(), name: text("name"), partOf: text("part_of").references(() => projects.id) },
    (table) => [index("tasks_title").on(table.name)],
  );
  const { plan, all } = await tryChange(
    [projects, tasks],
    ROWS,
    [projects, renamed],
    "tasks.title=name",
    "tasks.project_id=part_of",
  );
  expect(plan.statements).toEqual([
    "ALTER TABLE `tasks` RENAME COLUMN `title` TO `name`;",
    "ALTER TABLE `tasks` RENAME COLUMN `project_id` TO `part_of`;",
  ]);
  expect(all("SELECT * FROM tasks ORDER BY id")[0]).toEqual({ id: "t1", name: "first", part_of: "p1", _version: 4 });
});

test("[MG2] a column replaced loses its values and says so", async () => {
  const replaced = sqliteTable("projects", { id: text("id").primaryKey(), label: text("label") });
  const { plan, all } = await tryChange([projects, tasks], ROWS, [replaced, tasks]);
  expect(risks(plan)).toContain("loses-data: drop column projects.name with its values");
  expect(all("SELECT * FROM projects")).toEqual([{ id: "p1", label: null, _version: 3 }]);
});

test("[MG2] a table renamed keeps its rows and those that refer to it", async () => {
  const areas = sqliteTable("areas", { id: text("id").primaryKey(), name: text("name") });
  const pointing = sqliteTable(
    "tasks",
    { id: text("id").primaryKey(), title: text("title"), projectId: text("project_id").references(() => areas.id) },
    (table) => [index("tasks_title").on(table.title)],
  );
  const { plan, all } = await tryChange([projects, tasks], ROWS, [areas, pointing], "projects=areas");
  expect(plan.statements).toEqual(["ALTER TABLE `projects` RENAME TO `areas`;"]);
  expect(all("SELECT a.name FROM tasks JOIN areas a ON a.id = tasks.project_id")).toEqual([{ name: "one" }]);
});

test("[MG2] checks, unique indexes and foreign keys over existing rows may fail, and are kept by the rebuild", async () => {
  const strict = sqliteTable(
    "tasks",
    { id: text("id").primaryKey(), title: text("title"), projectId: text("project_id").references(() => projects.id) },
    (table) => [uniqueIndex("tasks_once").on(table.title, table.projectId), check("titled", sql`${table.title} <> ''`)],
  );
  const { plan, all } = await tryChange([projects, tasks], ROWS, [projects, strict]);
  expect(risks(plan).filter((line) => line.startsWith("may-fail")).length).toBe(2);
  expect(all("SELECT sql FROM sqlite_master WHERE name = 'tasks'")[0]?.sql).toContain('CHECK("tasks"."title" <> \'\')');
});

test("[MG2] dropping a table loses its rows; a changed primary key is refused", async () => {
  const { plan } = await tryChange([projects, tasks], ROWS, [projects]);
  expect(risks(plan)).toEqual(["loses-data: drop table tasks with all its rows"]);
  const before = await snapshotOf([projects]);
  const after = await snapshotOf([sqliteTable("projects", { key: text("key").primaryKey(), name: text("name") })]);
  expect((await planGroup(before.tables, after, [])).problems).toEqual([
    expect.stringMatching(/primary key was id and is now key/),
  ]);
});
