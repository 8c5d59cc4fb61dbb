/** `ledge size`: what a deployment would upload, without deploying; fails above a budget. Needs no account. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { CliError, projectAt } from "./project.ts";
import { print, printDone, printError } from "./terminal.ts";
import { QUIET_WRANGLER, wranglerCli } from "./wrangler-cli.ts";

export const sizeHelp = `ledge size [options]          what \`wrangler deploy\` would upload

  --budget <KB>               exit code 1 when it is more, gzipped`;

const KB = 1024;

/** Returns the exit code. */
export async function sizeCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { budget: { type: "string" } } });
  const budgetKb = values.budget === undefined ? null : Number(values.budget);
  if (Number.isNaN(budgetKb)) throw new CliError(`Cannot use --budget ${values.budget}: write a number of KB.`);
  const { root } = projectAt(process.cwd());
  const folder = mkdtempSync(join(tmpdir(), "ledge-size-"));
  try {
    const cli = [wranglerCli(root), "deploy", "--dry-run", "--outdir", folder];
    const env = { ...process.env, ...QUIET_WRANGLER };
    const run = spawnSync(process.execPath, ["--no-warnings", ...cli], { cwd: root, env, encoding: "utf8" });
    if (run.status !== 0) throw new CliError(`wrangler deploy --dry-run failed:\n${run.stdout}${run.stderr}`);
    const uploaded = readdirSync(folder).filter((name) => !name.endsWith(".map") && name !== "README.md");
    const contents = uploaded.map((name) => readFileSync(join(folder, name)));
    const total = contents.reduce((sum, content) => sum + content.length, 0) / KB;
    const gzip = contents.reduce((sum, content) => sum + gzipSync(content).length, 0) / KB;
    print(`Worker: ${total.toFixed(1)} KB, gzip ${gzip.toFixed(1)} KB`);
    if (budgetKb === null) return 0;
    if (gzip <= budgetKb) printDone(`within the budget of ${budgetKb} KB`);
    else printError(`${(gzip - budgetKb).toFixed(1)} KB over the budget of ${budgetKb} KB`);
    return gzip <= budgetKb ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
