/** SQL plus residual, the in-memory matcher, and a naive third evaluator must agree on every row ([QL39]). */

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileFilter, type Scans } from "../../durable-objects/sql/compile-filter.ts";
import { packParams } from "../../durable-objects/sql/fragment.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { typeFilter } from "../../src/core/query/type-filter.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import { collated, comparisonOf, createTable, filterOf, rowsOf, runs, SAMPLES } from "../core/query/sample-table.ts";
import { specSays } from "./spec-evaluator.ts";

function open(table = SAMPLES): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run(createTable(table));
  for (const name of ["title", "count", "big", "made_at", "due_at", "seen_at"])
    sql.run(`CREATE INDEX i_${name} ON samples(${name})`);
  return sql;
}

function fill(sql: Sql, rows: readonly Row[]): void {
  const names = SAMPLES.columns.map((column) => `"${column.sqlName}"`);
  sql.run("DELETE FROM samples");
  for (const row of rows) {
    sql.run(
      `INSERT INTO samples (${names.join(",")}) VALUES (${names.map(() => "?").join(",")})`,
      SAMPLES.columns.map((column) => encodeValue(column, row[column.name] ?? null)),
    );
  }
}

/** Ids that SQL selects, finished by the residual. */
function selected(sql: Sql, filter: Filter, rows: readonly Row[], table = SAMPLES, scans: Scans = "in-sql"): unknown[] {
  const compiled = compileFilter(filter, table, undefined, scans);
  const { text, params } = packParams({
    text: `SELECT id FROM samples WHERE ${compiled.sql} ORDER BY id`,
    params: compiled.params,
  });
  const ids = sql.all(text, params).map((record) => record.id);
  if (compiled.residual === null) return ids;
  const residual = compileMatcher(compiled.residual, SAMPLES);
  return ids.filter((id) => residual(rows.find((row) => row.id === id) ?? {}));
}

function bySpec(filter: Filter, rows: readonly Row[]): unknown[] {
  return rows
    .filter((row) => specSays(filter, row, SAMPLES))
    .map((row) => row.id)
    .sort();
}

function inMemory(filter: Filter, rows: readonly Row[]): unknown[] {
  const matcher = compileMatcher(filter, SAMPLES);
  return rows
    .filter(matcher)
    .map((row) => row.id)
    .sort();
}

describe.each(["BINARY", "NOCASE", "RTRIM"])("text columns of collation %s", (collation) => {
  test("[QL28] [QL39] every operator on every kind: SQL, memory and the specification agree", () => {
    const table = collated(SAMPLES, collation);
    const sql = open(table);
    fc.assert(
      fc.property(
        rowsOf(SAMPLES, 8),
        fc.array(comparisonOf(SAMPLES), { minLength: 10, maxLength: 20 }),
        (rows, filters) => {
          fill(sql, rows);
          for (const filter of filters) {
            const expected = bySpec(filter, rows);
            expect(inMemory(filter, rows)).toEqual(expected);
            expect(selected(sql, filter, rows, table)).toEqual(expected);
            expect(selected(sql, filter, rows, table, "in-memory")).toEqual(expected);
          }
        },
      ),
      runs(60),
    );
  });
});

test("[QL39] nested filters: SQL, memory and the specification agree", () => {
  const sql = open();
  fc.assert(
    fc.property(
      rowsOf(SAMPLES, 8, 1),
      fc.array(filterOf(SAMPLES), { minLength: 5, maxLength: 10 }),
      (rows, filters) => {
        fill(sql, rows);
        for (const built of filters) {
          const filter = typeFilter(built, { table: SAMPLES, fields: "client", parameter: "filter", limits: "lifted" });
          const expected = bySpec(filter, rows);
          expect(inMemory(filter, rows)).toEqual(expected);
          expect(selected(sql, filter, rows)).toEqual(expected);
          expect(selected(sql, filter, rows, SAMPLES, "in-memory")).toEqual(expected);
        }
      },
    ),
    runs(80),
  );
});

test("[QL22] every compiled leaf yields 0 or 1 for every row, and its negation the other", () => {
  const sql = open();
  fc.assert(
    fc.property(
      rowsOf(SAMPLES, 5, 1),
      fc.array(comparisonOf(SAMPLES), { minLength: 10, maxLength: 20 }),
      (rows, filters) => {
        fill(sql, rows);
        for (const filter of filters) {
          const { sql: text, params } = compileFilter(filter, SAMPLES);
          for (const record of sql.all(`SELECT ${text} AS yes FROM samples`, params))
            expect([0, 1]).toContain(record.yes);
          const matcher = compileMatcher(filter, SAMPLES);
          const negation = compileMatcher({ kind: "not", term: filter }, SAMPLES);
          for (const row of rows) expect(negation(row)).toBe(!matcher(row));
        }
      },
    ),
    runs(40),
  );
});
