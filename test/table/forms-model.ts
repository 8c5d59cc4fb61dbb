/**
 * What a list of operations means, written a second time and independently: plain SQL on a plain SQLite database, one BEGIN and one
 * COMMIT around the list. Shares no code with the product. For the comparison of the forms of a transaction.
 */

import { DatabaseSync } from "node:sqlite";

/** A value, or a member of an earlier result. */
export type Given<T> = T | { readonly ref: number; readonly member: "id" | "n" };
/** A condition on an earlier result. */
export interface Condition {
  readonly of: number;
  readonly test: "n>" | "length>" | "is null";
  readonly value: number;
}
interface Common {
  readonly when?: Condition;
  readonly require?: Condition;
  readonly expect?: "one" | "some" | number;
}
export interface Columns {
  readonly n?: Given<number>;
  readonly code?: string | null;
}
export type Step = Common &
  (
    | { readonly op: "create"; readonly id: Given<string>; readonly set: Columns }
    | { readonly op: "read" | "delete"; readonly id: Given<string> }
    | { readonly op: "update" | "replace" | "upsert"; readonly id: Given<string>; readonly set: Columns }
    | { readonly op: "list" | "readWhere" | "deleteWhere"; readonly above: number }
    | { readonly op: "updateWhere"; readonly above: number; readonly set: Columns }
  );

export interface ModelRow {
  readonly id: string;
  readonly n: number;
  readonly code: string | null;
}
export type ModelResult =
  | ModelRow
  | readonly ModelRow[]
  | { readonly count: number; readonly ids: readonly string[] }
  | { readonly id: string }
  | null;

export type ModelOutcome =
  | { readonly ok: true; readonly results: readonly ModelResult[] }
  | { readonly ok: false; readonly index: number; readonly status: number };

class Refused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(String(status));
    this.status = status;
  }
}

const MISSING = Symbol("missing");

export class Model {
  readonly #db = new DatabaseSync(":memory:");

  constructor() {
    this.#db.exec("CREATE TABLE m (id TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0), code TEXT UNIQUE)");
  }

  rows(): ModelRow[] {
    return this.#db.prepare("SELECT id, n, code FROM m ORDER BY id").all() as unknown as ModelRow[];
  }

  run(steps: readonly Step[]): ModelOutcome {
    const results: ModelResult[] = [];
    this.#db.exec("BEGIN");
    for (const [index, step] of steps.entries()) {
      try {
        results.push(this.#step(step, results));
      } catch (error) {
        this.#db.exec("ROLLBACK");
        if (!(error instanceof Refused)) throw error;
        return { ok: false, index, status: error.status };
      }
    }
    this.#db.exec("COMMIT");
    return { ok: true, results };
  }

  #step(step: Step, results: readonly ModelResult[]): ModelResult {
    if (step.when !== undefined && !holds(step.when, results)) return null;
    if (step.require !== undefined && !holds(step.require, results)) throw new Refused(412);
    const result = this.#work(step, results);
    const count = Array.isArray(result) ? result.length : result === null ? 0 : "count" in result ? result.count : 1;
    const { expect } = step;
    if (expect === "one" ? count !== 1 : expect === "some" ? count === 0 : expect !== undefined && count !== expect)
      throw new Refused(409);
    return result;
  }

  #work(step: Step, results: readonly ModelResult[]): ModelResult {
    switch (step.op) {
      case "create": {
        const id = resolve(step.id, results);
        const { n = 0, code = null } = columns(step.set, results);
        this.#write("INSERT INTO m (id, n, code) VALUES (?, ?, ?)", [id, n, code]);
        return this.#row(id);
      }
      case "read":
        return this.#row(resolve(step.id, results));
      case "delete": {
        const id = resolve(step.id, results);
        this.#row(id);
        this.#write("DELETE FROM m WHERE id = ?", [id]);
        return { id };
      }
      case "update": {
        const id = resolve(step.id, results);
        const set = columns(step.set, results);
        this.#row(id);
        this.#patch(id, set);
        return this.#row(id);
      }
      case "replace":
      case "upsert": {
        const id = resolve(step.id, results);
        const set = columns(step.set, results);
        const present = this.#db.prepare("SELECT 1 FROM m WHERE id = ?").get(id) !== undefined;
        if (!present) this.#write("INSERT INTO m (id, n, code) VALUES (?, ?, ?)", [id, set.n ?? 0, set.code ?? null]);
        else this.#patch(id, step.op === "replace" ? { n: set.n ?? 0, code: set.code ?? null } : set);
        return this.#row(id);
      }
      case "list":
        return this.#above(step.above);
      case "readWhere":
        return this.#above(step.above)[0] ?? null;
      case "deleteWhere": {
        const ids = this.#above(step.above).map(({ id }) => id);
        for (const id of ids) this.#write("DELETE FROM m WHERE id = ?", [id]);
        return { count: ids.length, ids };
      }
      case "updateWhere": {
        const set = columns(step.set, results);
        const ids = this.#above(step.above).map(({ id }) => id);
        for (const id of ids) this.#patch(id, set);
        return { count: ids.length, ids };
      }
    }
  }

  #above(n: number): ModelRow[] {
    return this.#db.prepare("SELECT id, n, code FROM m WHERE n > ? ORDER BY id").all(n) as unknown as ModelRow[];
  }

  #row(id: string): ModelRow {
    const row = this.#db.prepare("SELECT id, n, code FROM m WHERE id = ?").get(id) as unknown as ModelRow | undefined;
    if (row === undefined) throw new Refused(404);
    return { ...row };
  }

  #patch(id: string, { n, code }: { readonly n?: number; readonly code?: string | null }): void {
    if (n !== undefined)
      this.#write("UPDATE m SET n = ? WHERE id = ?", [n, id], code === undefined ? undefined : [code, id]);
    else if (code !== undefined) this.#write("UPDATE m SET code = ? WHERE id = ?", [code, id]);
  }

  /** One statement; with `code` both columns at once, as one row is written. */
  #write(statement: string, values: readonly (string | number | null)[], code?: readonly (string | null)[]): void {
    try {
      if (code === undefined) this.#db.prepare(statement).run(...values);
      else
        this.#db
          .prepare("UPDATE m SET n = ?, code = ? WHERE id = ?")
          .run(values[0] ?? null, code[0] ?? null, code[1] ?? null);
    } catch (error) {
      throw new Refused(String(error).includes("CHECK") ? 400 : 409);
    }
  }
}

function member(result: ModelResult | undefined, name: string): unknown {
  if (result === null || result === undefined) return MISSING;
  if (Array.isArray(result)) return name === "length" ? result.length : MISSING;
  return name in result ? (result as unknown as Record<string, unknown>)[name] : MISSING;
}

function resolve<T>(given: Given<T>, results: readonly ModelResult[]): T {
  if (typeof given !== "object" || given === null || !("ref" in given)) return given as T;
  const value = member(results[given.ref], given.member);
  if (value === MISSING) throw new Refused(400);
  return value as T;
}

function columns(set: Columns, results: readonly ModelResult[]): { n?: number; code?: string | null } {
  return {
    ...(set.n === undefined ? {} : { n: resolve(set.n, results) }),
    ...(set.code === undefined ? {} : { code: set.code }),
  };
}

function holds({ of, test, value }: Condition, results: readonly ModelResult[]): boolean {
  if (test === "is null") return results[of] === null;
  const found = member(results[of], test === "n>" ? "n" : "length");
  return typeof found === "number" && found > value;
}
