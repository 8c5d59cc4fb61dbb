/**
 * A project in a temporary folder with tables of its own, for tests of the tools: its files import Ledge from this
 * checkout, so that what is tested is what stands here.
 */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../..");

export interface ScratchProject {
  readonly root: string;
  write(file: string, text: string): void;
  /** `src/tables/<name>.ts`: columns besides `id`, and the configuration, as source text. */
  table(name: string, columns: string, config?: string): void;
  /** `src/app.ts` with these tables. */
  app(...tables: string[]): void;
  remove(): void;
}

export function scratchProject(): ScratchProject {
  const root = mkdtempSync(join(tmpdir(), "ledge-project-"));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  write("package.json", '{ "type": "module" }');
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  return {
    root,
    write,
    table: (name, columns, config = "{}") =>
      write(
        `src/tables/${name}.ts`,
        `import { sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { resource } from "${REPOSITORY}/src/define/resource.ts";
export const ${name} = resource(sqliteTable("${name}", { id: text("id").primaryKey(), ${columns} }), ${config});
`,
      ),
    app: (...tables) =>
      write(
        "src/app.ts",
        `import { checkApp } from "${REPOSITORY}/src/define/app.ts";
${tables.map((name) => `import { ${name} } from "./tables/${name}.ts";`).join("\n")}
export const app = { definition: { name: "scratch", resources: checkApp("scratch", [${tables.join(", ")}]), effects: new Map() } };
`,
      ),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
