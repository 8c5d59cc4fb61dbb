/** Brings the local D1 database up to migrations/d1 before Ledge runs, by wrangler's own command. Nothing to do without such a binding. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { D1_FOLDER } from "../generate/migration-folder.ts";
import { CliError, type Project } from "../project.ts";
import { QUIET_WRANGLER, wranglerCli } from "../wrangler-cli.ts";

const BINDING = "LEDGE_D1";

/** Throws `CliError` with what wrangler said when it cannot be done. */
export function migrateD1({ root, migrations }: Project): void {
  const folder = join(migrations, D1_FOLDER);
  const isBound = readFileSync(join(root, "wrangler.toml"), "utf8").includes(`binding = "${BINDING}"`);
  if (!isBound || !existsSync(folder) || !readdirSync(folder).some((name) => name.endsWith(".sql"))) return;
  const cli = [wranglerCli(root), "d1", "migrations", "apply", BINDING, "--local"];
  const env = { ...process.env, ...QUIET_WRANGLER, CI: "true" };
  const run = spawnSync(process.execPath, ["--no-warnings", ...cli], {
    cwd: root,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (run.status !== 0) throw new CliError(`The migrations of D1 could not be applied:\n${run.stdout}${run.stderr}`);
}
