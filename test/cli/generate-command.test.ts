import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitsForUpload } from "../../src/cli/generate/expand-d1.ts";
import { runLedge } from "../support/run-ledge.ts";
import { type ScratchProject, scratchProject } from "../support/scratch-project.ts";

let project: ScratchProject;
beforeEach(() => {
  project = scratchProject();
  project.table("projects", 'name: text("name")', '{ group: "work" }');
  project.table("tasks", 'title: text("title")', '{ group: "work" }');
  project.app("projects", "tasks");
});
afterEach(() => project.remove());

const generate = (...args: string[]) => runLedge(project.root, ["generate", ...args]);

const read = (file: string) => readFileSync(join(project.root, "migrations", file), "utf8");
const sqlFiles = (group: string) =>
  readdirSync(join(project.root, "migrations", group))
    .filter((name) => name.endsWith(".sql"))
    .sort();

describe("migrations are generated from the tables", () => {
  test("[CLI3] [MG2] a first run writes one migration per group in drizzle-kit's form, and what bundles them; a second changes nothing", async () => {
    expect(await generate("--check")).toMatchObject({ code: 1 });
    expect(existsSync(join(project.root, "migrations"))).toBe(false);

    expect(await generate()).toMatchObject({ code: 0 });
    expect(sqlFiles("work")).toEqual(["0000_create_projects_tasks.sql"]);
    expect(read("work/0000_create_projects_tasks.sql").match(/--> statement-breakpoint/g)?.length).toBe(1);
    expect(JSON.parse(read("work/meta/_journal.json"))).toMatchObject({
      version: "7",
      dialect: "sqlite",
      entries: [{ idx: 0, tag: "0000_create_projects_tasks", breakpoints: true }],
    });
    expect(JSON.parse(read("placement.json"))).toEqual({
      projects: { group: "work", partitionBy: null },
      tasks: { group: "work", partitionBy: null },
    });
    const bundle = read("migrations.ts");
    expect(bundle).toContain('import work_0000 from "./work/0000_create_projects_tasks.sql";');
    expect(bundle).toContain('work: [\n    { tag: "0000_create_projects_tasks", sql: work_0000 },\n  ],');

    expect(await generate("--check")).toMatchObject({ code: 0, output: expect.stringContaining("current") as unknown });
    expect(await generate()).toMatchObject({ code: 0 });
    expect(read("migrations.ts")).toBe(bundle);
  });

  test("[CLI3] [MG2] an additive change is written without asking, chained to the last snapshot", async () => {
    await generate();
    project.table("tasks", 'title: text("title"), points: integer("points").notNull().default(1)', '{ group: "work" }');
    expect(await generate("--check")).toMatchObject({
      code: 1,
      output: expect.stringContaining("add column tasks.points") as unknown,
    });
    expect(await generate()).toMatchObject({ code: 0 });
    expect(sqlFiles("work")).toEqual(["0000_create_projects_tasks.sql", "0001_add_tasks_points.sql"]);
    const [first, second] = ["0000", "0001"].map(
      (number) => JSON.parse(read(`work/meta/${number}_snapshot.json`)) as { id: string; prevId: string },
    );
    expect(second?.prevId).toBe(first?.id);
  });

  test("[CLI3] [MG2] without a terminal, what touches rows is refused with the flags that would allow it, and nothing is written", async () => {
    await generate();
    const before = readdirSync(join(project.root, "migrations"), { recursive: true });
    project.app("projects");
    expect(await generate()).toMatchObject({
      code: 1,
      output: expect.stringMatching(/drop table tasks with all its rows\n.*--accept-destructive/) as unknown,
    });
    project.table("tasks", 'name: text("name")', '{ group: "work" }');
    project.app("projects", "tasks");
    expect(await generate()).toMatchObject({
      code: 1,
      output: expect.stringContaining('column "title" is gone, and "name" is new') as unknown,
    });
    expect(readdirSync(join(project.root, "migrations"), { recursive: true })).toEqual(before);

    expect(await generate("--rename", "tasks.title=nome")).toMatchObject({
      code: 1,
      output: expect.stringContaining("fits nothing") as unknown,
    });
    expect(await generate("--rename", "tasks.title=name")).toMatchObject({ code: 0 });
    expect(read("work/0001_rename_tasks.sql")).toBe("ALTER TABLE `tasks` RENAME COLUMN `title` TO `name`;\n");
    project.app("projects");
    expect(await generate("--accept-destructive")).toMatchObject({ code: 0 });
    expect(read("work/0002_drop_tasks.sql")).toBe("DROP TABLE `tasks`;\n");
    expect(JSON.parse(read("placement.json"))).not.toHaveProperty("tasks");
  });

  test("[CLI3] [MG2] a table that moved to another object is refused by name, file and mend, unless it is stated to be empty", async () => {
    await generate();
    project.table("tasks", 'title: text("title")');
    expect(await generate("--accept-destructive")).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /Table "tasks" \(src\/tables\/tasks\.ts\): group was "work" and is now "tasks".*--accept-placement tasks/,
      ) as unknown,
    });
    expect(await generate("--accept-placement", "tasks")).toMatchObject({ code: 0 });
    expect(sqlFiles("tasks")).toEqual(["0000_create_tasks.sql"]);
    expect(sqlFiles("work")).toEqual(["0000_create_projects_tasks.sql", "0001_drop_tasks.sql"]);

    project.table("tasks", 'title: text("title").notNull()', '{ partitionBy: "title", partition: { claim: "x" } }');
    expect(await generate("--accept-destructive")).toMatchObject({
      code: 1,
      output: expect.stringContaining('partitionBy was not set and is now "title"') as unknown,
    });
  });

  test("[CLI3] [MG2] what the platform cannot hold is refused, and so is an application that does not load", async () => {
    const columns = Array.from({ length: 99 }, (_, index) => `c${index}: text("c${index}")`).join(", ");
    project.table("tasks", columns);
    expect(await generate()).toMatchObject({
      code: 1,
      output: expect.stringContaining("has 100 columns, limit is 99") as unknown,
    });
    project.table("tasks", 'version: integer("_version")');
    expect(await generate()).toMatchObject({
      code: 1,
      output: expect.stringContaining("_version and _cf_… are taken") as unknown,
    });

    project.table("tasks", 'title: text("title")', '{ softDelete: { field: "nothing" } }');
    expect(await generate()).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /^✗ Table "tasks" \(src\/tables\/tasks\.ts\): softDelete\.field names no column.*\n$/,
      ) as unknown,
    });
    project.write("src/tables/tasks.ts", "export const tasks = {");
    const broken = await generate();
    expect(broken).toMatchObject({ code: 1, output: expect.stringContaining("src/tables/tasks.ts:1") as unknown });
    expect(broken.output).not.toContain("node:internal");
  });

  test("[CLI3] [RM1] a table whose copy would have the name of one of Ledge's own is refused by name, file and mend, and nothing is written", async () => {
    const own = join(import.meta.dirname, "../../src/features/read-model/d1-tables.ts");
    project.write("src/features/read-model/d1-tables.ts", `export * from "${own}";`);
    project.table("guards", 'title: text("title")', "{ readModel: true }");
    project.app("projects", "guards");
    expect(await generate()).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /^✗ Table "guards" \(src\/tables\/guards\.ts\): .*"rm_guards".*Rename the table.*\n$/,
      ) as unknown,
    });
    expect(existsSync(join(project.root, "migrations"))).toBe(false);
  });

  test("[CLI9] [RM4] what a copied table gains and what it loses are two migrations of D1, chained; the second waits for the upload", async () => {
    const copied = '{ group: "work", readModel: true }';
    project.table("tasks", 'title: text("title"), size: integer("size")', copied);
    expect(await generate()).toMatchObject({ code: 0 });
    project.table("tasks", 'title: text("title"), mood: text("mood")', copied);
    expect(await generate("--accept-destructive")).toMatchObject({ code: 0 });
    const [made, added, taken] = sqlFiles("d1").map((name) => read(`d1/${name}`));
    expect([made, added].map((sql) => waitsForUpload(String(sql)))).toEqual([false, false]);
    expect(added).toMatch(/ADD `mood`/);
    expect(added).not.toMatch(/DROP/);
    expect(taken).toMatch(/^-- After the upload.*\nALTER TABLE `rm_tasks` DROP COLUMN `size`;/);
    const snapshots = [0, 1, 2].map((n) => JSON.parse(read(`d1/meta/000${n}_snapshot.json`)));
    expect(snapshots.slice(1).map(({ prevId }) => prevId)).toEqual(snapshots.slice(0, 2).map(({ id }) => id));
    expect(Object.keys(snapshots[1].tables.rm_tasks.columns)).toEqual(expect.arrayContaining(["size", "mood"]));
    expect(JSON.parse(read("d1/meta/_journal.json")).entries).toMatchObject([{ idx: 0 }, { idx: 1 }, { idx: 2 }]);
  });
});
