/** The D1 database of the read model, `LEDGE_D1`, and how statements are run on it: together, or not at all. */

import { Fault } from "../../core/fault.ts";
import type { Logger } from "../../core/log.ts";
import type { Statement } from "../../core/read-model/statements.ts";
import type { LedgeEnv } from "../../edge/env.ts";

export interface ReadModelEnv extends LedgeEnv {
  readonly LEDGE_D1?: D1Database;
}

/** The part of D1 that is used: a database, or a session of one. */
export type Database = Pick<D1Database, "prepare" | "batch">;

/** Null where none is bound. */
export function databaseIn(env: unknown): D1Database | null {
  return (env as ReadModelEnv).LEDGE_D1 ?? null;
}

/** For a request: without the binding it is 503, and the log says why. */
export function databaseOf(env: LedgeEnv, log: Logger): D1Database {
  const database = databaseIn(env);
  if (database !== null) return database;
  log.error("the read model has no database", { mend: "bind a D1 database as LEDGE_D1 in wrangler.toml" });
  throw new Fault({ slug: "unavailable", retryAfter: 60 });
}

/** One transaction; the records of each statement. */
export async function runBatch(
  database: Database,
  statements: readonly Statement[],
): Promise<readonly (readonly Record<string, unknown>[])[]> {
  const results = await database.batch<Record<string, unknown>>(
    statements.map(({ sql, params }) => database.prepare(sql).bind(...params)),
  );
  return results.map((result) => result.results);
}
