/**
 * What a deployment takes, in its order, by wrangler's own commands: a secret where there is none, the migrations of D1 before the code that
 * needs them, the upload, which makes what the account lacks (database, bucket, queues). Repeating it is harmless: what is there stays.
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
  /** Further words for `wrangler deploy`. */
  readonly words: readonly string[];
  /** For every command: which environment of wrangler.toml. */
  readonly environment: readonly string[];
}

const SECRET = "LEDGE_SECRET";

/** Returns the exit code of the upload. */
export function deploy(deployment: Deployment): number {
  const { run, say, words, environment, withSecret } = deployment;
  const upload = (further: readonly string[]) => run(["deploy", ...environment, ...words, ...further], "shown").status;
  const hasSecret = secretNames(deployment).includes(SECRET);
  // Columns that the new code reads are there before it runs; without a database yet the upload makes it.
  const isMigrated = migrate(deployment);
  if (!hasSecret) say(`${SECRET} is not set: a random one is made and set, and shown to nobody`);
  const status = hasSecret ? upload([]) : withSecret((file) => upload(["--secrets-file", file]));
  if (status !== 0) return status;
  if (!isMigrated && !migrate(deployment))
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

/** Whether there is a database, which then has all migrations. */
function migrate({ run, say, environment }: Deployment): boolean {
  const { status, output } = run(["d1", "migrations", "apply", "LEDGE_D1", "--remote", ...environment], "kept");
  if (status === 0) {
    say(/No migrations to apply/.test(output) ? "D1: nothing to migrate" : "D1: migrated");
    return true;
  }
  if (/Couldn't find .*D1 DB/.test(output)) return false;
  throw new CliError(`The migrations of D1 could not be applied; nothing was uploaded after that.\n${output}`);
}
