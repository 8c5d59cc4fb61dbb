/** `ledge deploy`: one command from a clone to a running Worker, and again after each change. What it does in which order is deploy/deploy.ts. */

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Deployment, deploy, type RunWrangler } from "./deploy/deploy.ts";
import { waitsForUpload } from "./generate/expand-d1.ts";
import { D1_FOLDER } from "./generate/migration-folder.ts";
import { type Project, projectAt } from "./project.ts";
import { print, printDone } from "./terminal.ts";
import { wranglerCli } from "./wrangler-cli.ts";

export const deployHelp = `ledge deploy [options] [-- …]  deploys to your Cloudflare account; makes what it lacks, migrates D1

  --env <name>                an environment of wrangler.toml
  -- <words>                  go to \`wrangler deploy\``;

/** Returns the exit code. */
export async function deployCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { env: { type: "string" } },
  });
  const project = projectAt(process.cwd());
  const status = deploy({
    run: wranglerAt(project.root),
    withSecret,
    migrations: migrationsOf(project),
    withMigrations: (names, use) => withMigrations(project, names, use),
    say: print,
    words: positionals,
    environment: values.env === undefined ? [] : ["--env", values.env],
  });
  if (status === 0) printDone("deployed; ask its /readyz whether everything is there");
  return status;
}

function wranglerAt(root: string): RunWrangler {
  return (args, output) => {
    const isShown = output === "shown";
    const run = spawnSync(process.execPath, ["--no-warnings", wranglerCli(root), ...args], {
      cwd: root,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
      encoding: "utf8",
      stdio: isShown ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    return { status: run.status ?? 1, output: isShown ? "" : `${run.stdout}${run.stderr}` };
  };
}

function migrationsOf({ migrations }: Project): Deployment["migrations"] {
  const folder = join(migrations, D1_FOLDER);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name) => ({ name, isLater: waitsForUpload(readFileSync(join(folder, name), "utf8")) }));
}

/** wrangler.toml beside a folder with some of the migrations: wrangler applies all that a folder has. Gone afterwards. */
function withMigrations<T>(
  { root, migrations, state }: Project,
  names: readonly string[],
  use: (file: string) => T,
): T {
  mkdirSync(state, { recursive: true });
  const folder = mkdtempSync(join(state, "deploy-"));
  try {
    mkdirSync(join(folder, D1_FOLDER));
    for (const name of names) copyFileSync(join(migrations, D1_FOLDER, name), join(folder, D1_FOLDER, name));
    const text = readFileSync(join(root, "wrangler.toml"), "utf8");
    const file = join(folder, "wrangler.toml");
    writeFileSync(file, text.replace(/^(migrations_dir\s*=\s*)".*"$/gm, `$1"${D1_FOLDER}"`));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a folder that only its owner reads, and gone afterwards. */
function withSecret<T>(use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "ledge-secret-"));
  try {
    const file = join(folder, "secrets.json");
    writeFileSync(file, JSON.stringify({ LEDGE_SECRET: randomBytes(32).toString("base64url") }), { mode: 0o600 });
    return use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
