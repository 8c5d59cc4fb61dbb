/**
 * Brings the local D1 database up to migrations/d1, before Ledge runs and beside the one that runs, by wrangler's own command. Nothing to do
 * without such a binding.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { D1_FOLDER } from "../generate/migration-folder.ts";
import { CliError, type Project } from "../project.ts";
import { QUIET_WRANGLER, wranglerCli } from "../wrangler-cli.ts";

const BINDING = "LEDGE_D1";

/** Applies what is not applied yet, and asks wrangler only where there are other files than the last time. Rejects with `CliError`. */
export function migratorOfD1({ root, migrations }: Project): () => Promise<void> {
  const folder = join(migrations, D1_FOLDER);
  let applied = "";
  return async () => {
    const isBound = readFileSync(join(root, "wrangler.toml"), "utf8").includes(`binding = "${BINDING}"`);
    const files = isBound && existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sql")) : [];
    const now = files.sort().join();
    if (now === applied) return;
    await applyLocally(root);
    applied = now;
  };
}

async function applyLocally(root: string): Promise<void> {
  const cli = [wranglerCli(root), "d1", "migrations", "apply", BINDING, "--local"];
  const child = spawn(process.execPath, ["--no-warnings", ...cli], {
    cwd: root,
    env: { ...process.env, ...QUIET_WRANGLER, CI: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new CliError(`The migrations of D1 could not be applied:\n${said}`);
}
