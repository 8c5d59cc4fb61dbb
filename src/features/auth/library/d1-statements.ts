/**
 * The library's view of a table → SQL of D1: its models by name, its conditions, values as columns hold them. Session tokens are
 * hashed here, on the way in and in every condition, so that the library itself never stores one. Pure but for the hash.
 */

import { getTableColumns, getTableName } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { accounts, sessions, users, verifications } from "../d1-tables.ts";
import { hashToken } from "../tokens.ts";

export type Values = Readonly<Record<string, unknown>>;

/** One condition of the library; all of a statement hold together. */
export interface Condition {
  readonly field: string;
  readonly value: unknown;
  readonly operator?: string | undefined;
  readonly connector?: string | undefined;
}

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const MODELS: Readonly<Record<string, SQLiteTable>> = {
  user: users,
  account: accounts,
  session: sessions,
  verification: verifications,
};
/** The library's field → ours, where the name differs. */
const RENAMED: Readonly<Record<string, string>> = { "session.token": "tokenHash" };
const OPERATORS: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
};

export function insert(model: string, row: Values): Statement {
  const given = columnsGiven(model, row);
  const names = given.map(({ column }) => column.name);
  return {
    sql: `INSERT INTO ${tableOf(model)} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    parameters: given.map(({ value }) => value),
  };
}

export function select(
  model: string,
  where: readonly Condition[],
  tail: {
    readonly limit?: number;
    readonly sortBy?: { readonly field: string; readonly direction: "asc" | "desc" };
  } = {},
): Statement {
  const { sql, parameters } = condition(model, where);
  const sorted =
    tail.sortBy === undefined
      ? ""
      : ` ORDER BY ${columnOf(model, tail.sortBy.field).name} ${tail.sortBy.direction === "desc" ? "DESC" : "ASC"}`;
  const limited = tail.limit === undefined ? "" : ` LIMIT ${Math.floor(tail.limit)}`;
  return { sql: `SELECT * FROM ${tableOf(model)}${sql}${sorted}${limited}`, parameters };
}

export function update(model: string, where: readonly Condition[], patch: Values): Statement {
  const given = columnsGiven(model, patch);
  const { sql, parameters } = condition(model, where);
  return {
    sql: `UPDATE ${tableOf(model)} SET ${given.map(({ column }) => `${column.name} = ?`).join(", ")}${sql}`,
    parameters: [...given.map(({ value }) => value), ...parameters],
  };
}

export function remove(model: string, where: readonly Condition[]): Statement {
  const { sql, parameters } = condition(model, where);
  return { sql: `DELETE FROM ${tableOf(model)}${sql}`, parameters };
}

export function count(model: string, where: readonly Condition[]): Statement {
  const { sql, parameters } = condition(model, where);
  return { sql: `SELECT count(*) AS count FROM ${tableOf(model)}${sql}`, parameters };
}

/** Makes the batch it stands in fail unless a row matches. */
export function demand(model: string, where: readonly Condition[]): Statement {
  const { sql, parameters } = condition(model, where);
  return {
    sql: `INSERT INTO auth_guards (held) SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM ${tableOf(model)}${sql})`,
    parameters,
  };
}

/** A row of D1 as the library knows it. A session comes back with the hash in place of the token. */
export function readRow(model: string, row: Values): Record<string, unknown> {
  const columns = getTableColumns(MODELS[model] as SQLiteTable);
  const read: Record<string, unknown> = {};
  for (const [field, column] of Object.entries(columns)) {
    const value = row[column.name];
    read[theirName(model, field)] = value === null || value === undefined ? null : column.mapFromDriverValue(value);
  }
  return read;
}

function condition(model: string, where: readonly Condition[]): Statement {
  if (where.length === 0) return { sql: "", parameters: [] };
  const parts = where.map(({ field, value, operator = "eq" }) => {
    const column = columnOf(model, field);
    if (operator === "in") {
      const values = [value].flat().map((each) => stored(model, field, each));
      return { sql: `${column.name} IN (SELECT value FROM json_each(?))`, parameters: [JSON.stringify(values)] };
    }
    if (value === null) return { sql: `${column.name} IS ${operator === "ne" ? "NOT " : ""}NULL`, parameters: [] };
    const sign = OPERATORS[operator];
    if (sign === undefined)
      throw new Error(`the sign-in library asks for the operator ${operator}, which is not supported`);
    return { sql: `${column.name} ${sign} ?`, parameters: [stored(model, field, value)] };
  });
  if (where.some(({ connector }) => connector === "OR"))
    throw new Error("the sign-in library asks for OR, which is not supported");
  return {
    sql: ` WHERE ${parts.map(({ sql }) => sql).join(" AND ")}`,
    parameters: parts.flatMap((part) => part.parameters),
  };
}

/** Members that have a column; the library also gives what is not kept: addresses and user agents. */
function columnsGiven(model: string, row: Values) {
  return Object.entries(row).flatMap(([field, value]) => {
    const column = findColumn(model, field);
    return column === undefined || value === undefined ? [] : [{ column, value: stored(model, field, value) }];
  });
}

function stored(model: string, field: string, value: unknown): unknown {
  if (value === null) return null;
  if (`${model}.${field}` === "session.token") return hashToken(String(value));
  const driver = columnOf(model, field).mapToDriverValue(value);
  return typeof driver === "boolean" ? Number(driver) : driver;
}

function tableOf(model: string): string {
  const table = MODELS[model];
  if (table === undefined) throw new Error(`the sign-in library asks for ${model}, which is no table of ours`);
  return getTableName(table);
}

function findColumn(model: string, field: string): SQLiteColumn | undefined {
  const columns: Readonly<Record<string, SQLiteColumn>> = getTableColumns(MODELS[model] as SQLiteTable);
  return columns[RENAMED[`${model}.${field}`] ?? field];
}

function columnOf(model: string, field: string): SQLiteColumn {
  const column = findColumn(model, field);
  if (column === undefined)
    throw new Error(`the sign-in library asks for ${model}.${field}, which is no column of ours`);
  return column;
}

function theirName(model: string, field: string): string {
  return (
    Object.entries(RENAMED)
      .find(([theirs, ours]) => theirs.startsWith(`${model}.`) && ours === field)?.[0]
      .split(".")[1] ?? field
  );
}
