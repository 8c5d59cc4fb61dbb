/**
 * `ledge size`: what a deployment would upload, without deploying, with the features that src/app.ts lists and without any; fails above
 * a budget. Needs no account.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { CliError, type Project, projectAt } from "./project.ts";
import { print, printDone, printError } from "./terminal.ts";
import { QUIET_WRANGLER, wranglerCli } from "./wrangler-cli.ts";

export const sizeHelp = `ledge size [options]          what \`wrangler deploy\` would upload

  --budget <KB>               exit code 1 when it is more without features, gzipped
  --budget-features <KB>      the same with all features`;

const KB = 1024;

interface Size {
  readonly kb: number;
  readonly gzipKb: number;
}

/** Returns the exit code. */
export async function sizeCommand(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { budget: text, "budget-features": text } });
  const budget = readBudget("budget", values.budget);
  const featuresBudget = readBudget("budget-features", values["budget-features"]);
  const project = projectAt(process.cwd());
  const features = featureImports(readFileSync(project.app, "utf8"));
  const bare = measure(project, features);
  const isBareFit = tell(features.length === 0 ? "Worker" : "Worker without features", bare, budget);
  const isWholeFit = features.length === 0 || tell("Worker with features", measure(project, []), featuresBudget);
  return isBareFit && isWholeFit ? 0 : 1;
}

/** One `import { a, b } from "./features/…"`, or of what is written for one: `./jobs/…`. */
export interface FeatureImport {
  readonly specifier: string;
  readonly names: readonly string[];
}

/** The features that an application imports, by the text of src/app.ts. */
export function featureImports(app: string): FeatureImport[] {
  return [...app.matchAll(/^import \{([^}]*)\} from "(\.\/(?:features|jobs)\/[^"]+)";$/gm)].map(
    ([, names = "", specifier = ""]) => ({
      specifier,
      names: names
        .split(",")
        .map((name) => name.trim().split(" as ")[0] ?? "")
        .filter((name) => name !== "" && !name.startsWith("type ")),
    }),
  );
}

/** Bundles as a deployment does; `left out` features are replaced by empty ones. */
function measure({ root }: Project, leftOut: readonly FeatureImport[]): Size {
  const folder = mkdtempSync(join(tmpdir(), "ledge-size-"));
  try {
    const aliases = leftOut.flatMap(({ specifier, names }, index) => {
      const stub = join(folder, `without-${index}.mjs`);
      writeFileSync(stub, names.map((name) => `export const ${name} = () => ({ name: "${name}" });\n`).join(""));
      return ["--alias", `${specifier}:${stub}`];
    });
    const out = join(folder, "out");
    const cli = [wranglerCli(root), "deploy", "--dry-run", "--outdir", out, ...aliases];
    const env = { ...process.env, ...QUIET_WRANGLER };
    const run = spawnSync(process.execPath, ["--no-warnings", ...cli], { cwd: root, env, encoding: "utf8" });
    if (run.status !== 0) throw new CliError(`wrangler deploy --dry-run failed:\n${run.stdout}${run.stderr}`);
    const uploaded = readdirSync(out).filter((name) => !name.endsWith(".map") && name !== "README.md");
    const contents = uploaded.map((name) => readFileSync(join(out, name)));
    return {
      kb: contents.reduce((sum, content) => sum + content.length, 0) / KB,
      gzipKb: contents.reduce((sum, content) => sum + gzipSync(content).length, 0) / KB,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether it is within the budget. */
function tell(what: string, { kb, gzipKb }: Size, budgetKb: number | null): boolean {
  print(`${what}: ${kb.toFixed(1)} KB, gzip ${gzipKb.toFixed(1)} KB`);
  if (budgetKb === null) return true;
  if (gzipKb <= budgetKb) printDone(`within the budget of ${budgetKb} KB`);
  else printError(`${(gzipKb - budgetKb).toFixed(1)} KB over the budget of ${budgetKb} KB`);
  return gzipKb <= budgetKb;
}

function readBudget(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const kb = Number(text);
  if (Number.isNaN(kb)) throw new CliError(`Cannot use --${option} ${text}: write a number of KB.`);
  return kb;
}
