/**
 * What a deployment takes, in its order, by wrangler's own commands: a secret where there is none, the migrations of D1 that add what the new
 * code reads, the upload, which makes what the account lacks (database, bucket, queues), and the migrations that take away what the former
 * code read. Repeating it is harmless: what is there stays.
 */

import { CliError } from "../project.ts";

/** Runs wrangler. `shown`: on the terminal, questions too. `kept`: its output comes back, and nobody is asked. */
export type RunWrangler = (
  args: readonly string[],
  output: "shown" | "kept",
) => { readonly status: number; readonly output: string };

export interface Deployment {
  readonly run: RunWrangler;
  /** Keeps a new secret in a file for as long as `use` runs. */
  readonly withSecret: <T>(use: (file: string) => T) => T;
  readonly say: (line: string) => void;
  /** The files of migrations/d1, in their order; whether one waits for the upload. */
  readonly migrations: readonly { readonly name: string; readonly isLater: boolean }[];
  /** Keeps a configuration that has these migrations alone for as long as `use` runs. */
  readonly withMigrations: <T>(names: readonly string[], use: (config: string) => T) => T;
  /** Further words for `wrangler deploy`. */
  readonly words: readonly string[];
  /** For every command: which environment of wrangler.toml. */
  readonly environment: readonly string[];
}

const SECRET = "LEDGE_SECRET";
const DATABASE = "LEDGE_D1";
const NOTHING_UPLOADED = "Nothing was uploaded.";

/** Returns the exit code of the upload. */
export function deploy(deployment: Deployment): number {
  const { run, say, words, environment, withSecret } = deployment;
  const upload = (further: readonly string[]) => run(["deploy", ...environment, ...words, ...further], "shown").status;
  const hasSecret = secretNames(deployment).includes(SECRET);
  const first = migrateFirst(deployment);
  if (!hasSecret) say(`${SECRET} is not set: a random one is made and set, and shown to nobody`);
  const status = hasSecret ? upload([]) : withSecret((file) => upload(["--secrets-file", file]));
  if (status !== 0) return status;
  if (first !== "all" && !migrate(deployment, [], "The Worker was uploaded."))
    throw new CliError("The Worker was uploaded, and its D1 database is not there. Run npm run deploy once more.");
  return 0;
}

/** None where there is no Worker yet. Throws what wrangler says where it cannot ask. */
function secretNames({ run, environment }: Deployment): readonly string[] {
  const { status, output } = run(["secret", "list", "--format", "json", ...environment], "kept");
  if (status === 0) return [...output.matchAll(/"name":\s*"([^"]+)"/g)].map(([, name = ""]) => name);
  // Code 10007: the script does not exist (Cloudflare API, read 2026-11).
  if (/\b10007\b|Worker .* not found/.test(output)) return [];
  throw new CliError(`Your Cloudflare account could not be asked. Run \`npx wrangler login\` first.\n${output}`);
}

/**
 * Columns that the new code reads are there before it runs. One that waits for the upload holds up those behind it, too: they were written for what it
 * leaves. Without a database yet there is nothing to do, and the upload makes it.
 */
function migrateFirst(deployment: Deployment): "all" | "some" | "no database" {
  const { run, say, environment, migrations, withMigrations } = deployment;
  const all = () => (migrate(deployment, [], NOTHING_UPLOADED) ? "all" : "no database");
  if (!migrations.some(({ isLater }) => isLater)) return all();
  const { status, output } = run(["d1", "migrations", "list", DATABASE, "--remote", ...environment], "kept");
  if (status !== 0 && isMissing(output)) return "no database";
  if (status !== 0) throw new CliError(`The migrations of D1 could not be listed. ${NOTHING_UPLOADED}\n${output}`);
  const pending = migrations.filter(({ name }) => output.includes(name));
  const later = pending.find(({ isLater }) => isLater);
  if (later === undefined) return all();
  const names = migrations.map(({ name }) => name).slice(0, migrations.indexOf(later));
  if (later !== pending[0])
    withMigrations(names, (config) => migrate(deployment, ["--config", config], NOTHING_UPLOADED));
  say(`D1: ${later.name} and what is behind it follow the upload`);
  return "some";
}

/** Whether there is a database, which then has the migrations. */
function migrate({ run, say, environment }: Deployment, words: readonly string[], state: string): boolean {
  const command = ["d1", "migrations", "apply", DATABASE, "--remote", ...environment, ...words];
  const { status, output } = run(command, "kept");
  if (status === 0) {
    say(/No migrations to apply/.test(output) ? "D1: nothing to migrate" : "D1: migrated");
    return true;
  }
  if (isMissing(output)) return false;
  throw new CliError(`The migrations of D1 could not be applied. ${state} Run npm run deploy again.\n${output}`);
}

function isMissing(output: string): boolean {
  return /Couldn't find .*D1 DB/.test(output);
}
