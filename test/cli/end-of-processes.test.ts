/**
 * A command ends when its work is done: neither an application that does not let its process go, nor V8's compilers at exit,
 * may hold it. (V8 itself cannot be made to hang on demand: the second half tests what keeps it from hanging.)
 */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadApp } from "../../src/cli/load-app.ts";
import { type ScratchProject, scratchProject } from "../support/scratch-project.ts";

let project: ScratchProject;
beforeEach(() => {
  project = scratchProject();
});
afterEach(() => project.remove());

test("[CLI3] an application whose process never ends is described all the same", async () => {
  project.table("tasks", 'title: text("title")');
  project.write("src/tables/held.ts", 'process.on("exit", () => { for (;;); });\n');
  project.app("tasks");
  project.write("src/held-app.ts", 'import "./tables/held.ts";\nexport { app } from "./app.ts";\n');
  expect(await loadApp(join(project.root, "src/held-app.ts"), project.root)).toMatchObject({
    kind: "app",
    app: { tables: [{ name: "tasks" }] },
  });
});

test("[CLI3] an application that ends its process is told by what it wrote, or by its exit code", async () => {
  project.write("src/app.ts", "process.exit(7);\n");
  const file = join(project.root, "src/app.ts");
  expect(await loadApp(file, project.root)).toEqual({
    kind: "failed",
    message: `loading ${file} ended with exit code 7`,
  });
  project.write("src/app.ts", 'process.stderr.write("no licence"); process.exit(7);\n');
  expect(await loadApp(file, project.root)).toEqual({ kind: "failed", message: "no licence" });
});

test("[CLI3] a command's code is not compiled by Maglev, whose background work can hang a process at its exit", () => {
  const hot =
    "function hot(a, i) { return a[i % 3] + i; } let s = 0; for (let i = 0; i < 1e6; i++) s += hot([1, 2, 3], i);";
  const compiled = (before: string) =>
    execFileSync(process.execPath, ["--trace-opt", "--input-type=module", "-e", `${before} ${hot}`], {
      encoding: "utf8",
    });
  expect(compiled("")).toMatch(/<JSFunction hot .* to MAGLEV/);
  const here = compiled(`await import(${JSON.stringify(join(import.meta.dirname, "../../src/cli/end-surely.ts"))});`);
  expect(here).toMatch(/<JSFunction hot .* to TURBOFAN/);
  expect(here).not.toMatch(/<JSFunction hot .* to MAGLEV/);
});
