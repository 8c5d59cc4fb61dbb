/**
 * `ledge bundle`: the scripts of pages, with the styles they import, one of each file in src/web/client that no other imports, into public/build. wrangler runs it
 * before it starts, at each edit, and before it deploys (`[build]` in wrangler.toml).
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { passGate } from "./dev/build-gate.ts";
import { CliError, projectAt } from "./project.ts";

export const bundleHelp = `ledge bundle                  scripts of pages, from src/web/client into public/build`;

/** Returns the exit code. Says nothing when all is well. */
export async function bundleCommand(args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args], options: {} });
  await passGate(process.env);
  const { root } = projectAt(process.cwd());
  const folder = join(root, "src/web/client");
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder).filter((name) => /\.tsx?$/.test(name));
  const imported = new Set(
    files.flatMap((name) =>
      [...readFileSync(join(folder, name), "utf8").matchAll(/from "\.\/([a-z0-9-]+\.tsx?)"/g)].map(
        ([, found]) => found ?? "",
      ),
    ),
  );
  try {
    await build({
      absWorkingDir: root,
      entryPoints: files.filter((name) => !imported.has(name)).map((name) => join(folder, name)),
      outdir: join(root, "public/build"),
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      sourcemap: true,
      logLevel: "warning",
    });
  } catch (error) {
    throw new CliError(`Cannot bundle src/web/client: ${error instanceof Error ? error.message : String(error)}`);
  }
  return 0;
}
