/**
 * Runs synchronous reading code, the same that objects run on their SQLite, over D1. The code is first run with nothing known, which tells the
 * statements it begins with; then all it has asked for is fetched in one batch and it runs again, until nothing is missing. Only what
 * the last batch brought is in the answer: one transaction, so one instant, cursors of the copies included.
 */

import type { Sql, SqlRecord } from "../../../durable-objects/sql/port.ts";
import { Fault } from "../../core/fault.ts";
import type { Statement } from "../../core/read-model/statements.ts";
import type { Stored } from "../../core/schema/value.ts";
import type { Database } from "./database.ts";

/** Batches of one request. A list and a search take one; a filter that SQL cannot decide one more for each stretch of rows. */
const MAX_BATCHES = 9;

export interface Instant<T> {
  readonly result: T;
  /** Records of the statements that were read along, in their order. */
  readonly along: readonly (readonly SqlRecord[])[];
}

/** `along` are statements of the same instant. `work` may run several times and must ask for the same given the same. */
export async function readInstant<T>(
  database: Database,
  along: readonly Statement[],
  work: (sql: Sql) => T,
): Promise<Instant<T>> {
  const asked = new Map<string, Statement>(
    along.map((statement) => [keyOf(statement.sql, statement.params), statement]),
  );
  let known: Fetched = { records: new Map(), sizeBytes: 0 };
  for (let batches = 0; ; batches++) {
    const before = asked.size;
    const outcome = run(recorder(known, asked), work);
    // What a guess at nothing gives, or throws, says nothing.
    if (batches > 0 && asked.size === before) {
      if (outcome.kind === "thrown") throw outcome.error;
      const found = along.map(({ sql, params }) => known.records.get(keyOf(sql, params)) ?? []);
      return { result: outcome.result, along: found };
    }
    if (batches === MAX_BATCHES) {
      // As many as so many batches bring; how many that is, the sizes of the rows decide.
      const examined = [...known.records.values()].flat().length;
      throw new Fault({ slug: "query-too-expensive", examined, limit: examined });
    }
    known = await fetchAll(database, asked);
  }
}

interface Fetched {
  readonly records: ReadonlyMap<string, readonly SqlRecord[]>;
  readonly sizeBytes: number;
}

async function fetchAll(database: Database, asked: ReadonlyMap<string, Statement>): Promise<Fetched> {
  const statements = [...asked];
  const results = await database.batch<SqlRecord>(
    statements.map(([, { sql, params }]) => database.prepare(sql).bind(...params)),
  );
  const records = new Map(statements.map(([key], index) => [key, results[index]?.results ?? []]));
  return { records, sizeBytes: results[0]?.meta.size_after ?? 0 };
}

type Outcome<T> = { readonly kind: "done"; readonly result: T } | { readonly kind: "thrown"; readonly error: unknown };

function run<T>(sql: Sql, work: (sql: Sql) => T): Outcome<T> {
  try {
    return { kind: "done", result: work(sql) };
  } catch (error) {
    return { kind: "thrown", error };
  }
}

/** Answers what is known, and nothing for the rest, which it notes. */
function recorder({ records, sizeBytes }: Fetched, asked: Map<string, Statement>): Sql {
  const all = (text: string, params: readonly Stored[] = []): SqlRecord[] => {
    const key = keyOf(text, params);
    const found = records.get(key);
    if (found !== undefined) return [...found];
    asked.set(key, { sql: text, params: params as Statement["params"] });
    return [];
  };
  const refuse = () => {
    throw new TypeError("Views are read");
  };
  return {
    all,
    values: (text, params) => all(text, params).map((record) => Object.values(record)),
    sizeBytes: () => sizeBytes,
    run: refuse,
    transaction: refuse,
  };
}

function keyOf(text: string, params: readonly unknown[]): string {
  return JSON.stringify([text, params]);
}
