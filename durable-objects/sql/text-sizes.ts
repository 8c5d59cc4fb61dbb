/**
 * How much text the columns of a table hold, about, so that the budget of text scans (text-scans.ts) costs nothing where there is
 * little: no more than the database is large, which SQLite knows at once. Only where that says too little are the texts of a table
 * measured, by one walk that reads no long text, and again when the database has grown by an eighth.
 */

import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import type { Sql } from "./port.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";

/** Rows measured; of a table with more, the size of the database is taken for each column. */
const MAX_MEASURED_ROWS = 1_000_000;
const GROWTH = 9 / 8;

interface Measured {
  readonly databaseBytes: number;
  readonly byField: ReadonlyMap<string, number>;
}

export class TextSizes {
  readonly #sql: Sql;
  readonly #measured = new WeakMap<TableSpec, Measured>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether walks over fields of the table, so many over each, are more than so many bytes. */
  exceeds(table: TableSpec, walks: ReadonlyMap<string, number>, maxBytes: number): boolean {
    const databaseBytes = this.#sql.sizeBytes();
    let most = 0;
    for (const count of walks.values()) most += count * databaseBytes;
    if (most <= maxBytes) return false;
    const byField = this.#measure(table, databaseBytes);
    let bytes = 0;
    for (const [field, count] of walks) bytes += count * (byField.get(field) ?? databaseBytes);
    return bytes > maxBytes;
  }

  #measure(table: TableSpec, databaseBytes: number): ReadonlyMap<string, number> {
    const known = this.#measured.get(table);
    if (known !== undefined && databaseBytes <= known.databaseBytes * GROWTH) return known.byField;
    const columns = table.columns.filter(({ kind }) => kind === "text" || kind === "json");
    const sums = columns.map((column, index) => `sum(octet_length(${quoteColumn(column)})) AS s${index}`);
    const names = columns.map(quoteColumn).join(", ");
    const limited = `SELECT ${names} FROM ${quoteIdentifier(table.name)} LIMIT ${MAX_MEASURED_ROWS + 1}`;
    const [record] = this.#sql.all(`SELECT ${sums.join(", ")}, count(*) AS n FROM (${limited})`);
    const isWhole = Number(record?.n ?? 0) <= MAX_MEASURED_ROWS;
    const byField = new Map(
      isWhole ? columns.map((column, index) => [column.name, Number(record?.[`s${index}`] ?? 0)]) : [],
    );
    this.#measured.set(table, { databaseBytes, byField });
    return byField;
  }
}
