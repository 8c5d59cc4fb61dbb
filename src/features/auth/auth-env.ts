/**
 * What sign-in needs of the environment: the D1 database `LEDGE_D1` and a secret, without which it answers 503 and its log says why; and for
 * links in mails where the application is: `LEDGE_ORIGIN`.
 */

import { Fault } from "../../core/fault.ts";
import type { Logger } from "../../core/log.ts";
import type { LedgeEnv } from "../../edge/env.ts";

export interface AuthEnv extends LedgeEnv {
  readonly LEDGE_D1?: D1Database;
  /** `https://board.example.com`. */
  readonly LEDGE_ORIGIN?: string;
}

export function databaseOf(env: LedgeEnv, log: Logger): D1Database {
  const database = (env as AuthEnv).LEDGE_D1;
  if (database !== undefined) return database;
  log.error("sign-in has no database", { mend: "bind a D1 database as LEDGE_D1 in wrangler.toml" });
  throw new Fault({ slug: "unavailable", retryAfter: 60 });
}

/** Throws unless the database answers and has its tables; for `/readyz`. */
export async function checkDatabase(env: LedgeEnv): Promise<void> {
  const database = (env as AuthEnv).LEDGE_D1;
  if (database === undefined) throw new Error("no D1 database is bound as LEDGE_D1");
  try {
    await database.prepare("SELECT id FROM auth_users LIMIT 1").all();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(`the tables are not there; run: npx wrangler d1 migrations apply LEDGE_D1 --remote (${cause})`);
  }
}
