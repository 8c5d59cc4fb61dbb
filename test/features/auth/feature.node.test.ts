/** What the feature costs whoever does not use it, and that it can be taken out. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { featureImports } from "../../../src/cli/size-command.ts";
import * as authTables from "../../../src/features/auth/d1-tables.ts";
import { findImports } from "../../house/find-imports.ts";
import { ROOT, readFiles } from "../../house/project-files.ts";

const FOLDER = "src/features/auth/";

describe("features/auth", () => {
  test("[PF13] nothing but src/app.ts knows of it, on one line of imports", () => {
    const from = readFiles(["src", "durable-objects", "migrations"]).filter(({ path }) => !path.startsWith(FOLDER));
    const knowing = from.filter(({ path, text }) =>
      findImports(path, text).some(({ specifier }) => specifier?.includes("features/auth") === true),
    );
    expect(knowing.map(({ path }) => path)).toEqual(["src/app.ts"]);
    const [app] = knowing;
    const lines = featureImports(app?.text ?? "").filter(({ specifier }) => specifier.includes("features/auth"));
    expect(lines).toEqual([{ specifier: "./features/auth/auth.ts", names: ["auth"] }]);
  });

  test("[A2] what runs on every request loads no library: better-auth is behind a dynamic import alone", async () => {
    const { metafile } = await build({
      entryPoints: [join(ROOT, "src/features/auth/auth.ts")],
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*", "node:*"],
      metafile: true,
      write: false,
      outdir: "out",
      absWorkingDir: ROOT,
    });
    const reached = new Set<string>();
    const walk = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { path: next, kind, external } of metafile.inputs[path]?.imports ?? []) {
        if (kind !== "dynamic-import" && external !== true) walk(next);
      }
    };
    walk("src/features/auth/auth.ts");
    const library = /node_modules\/(better-auth|better-call|@better-auth|@better-fetch|kysely)\//;
    expect(Object.keys(metafile.inputs).some((path) => library.test(path))).toBe(true);
    expect([...reached].filter((path) => library.test(path))).toEqual([]);
    expect(reached.size).toBeGreaterThan(20);
  });

  test("[MG1] the migrations of D1 make the very tables that the feature declares", () => {
    const database = new DatabaseSync(":memory:");
    const folder = join(ROOT, "migrations/d1");
    for (const file of readdirSync(folder)
      .filter((name) => name.endsWith(".sql"))
      .sort()) {
      database.exec(readFileSync(join(folder, file), "utf8"));
    }
    const declared = Object.values(authTables).filter((value) => is(value, SQLiteTable));
    expect(declared.length).toBeGreaterThan(7);
    for (const table of declared) {
      const name = getTableName(table);
      const made = database
        .prepare(`SELECT name, type, "notnull" AS required, pk FROM pragma_table_info('${name}') ORDER BY name`)
        .all();
      // By name: a column that a later migration adds stands last in D1, wherever it is declared.
      const wanted = Object.values(getTableColumns(table)).map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        required: column.notNull ? 1 : 0,
        pk: column.primary ? 1 : 0,
      }));
      wanted.sort((x, y) => (x.name < y.name ? -1 : 1));
      expect([name, made.map((row) => ({ ...row, type: String(row.type).toUpperCase() }))]).toEqual([name, wanted]);
      const indexes = database
        .prepare(`SELECT name FROM pragma_index_list('${name}') WHERE origin = 'c' ORDER BY name`)
        .all();
      expect(indexes.map((row) => row.name)).toEqual(
        getTableConfig(table)
          .indexes.map(({ config }) => config.name)
          .sort(),
      );
    }
    const own = database.prepare(
      "SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name GLOB 'auth_*'",
    );
    expect(own.get()?.count).toBe(declared.length);
  });
});
