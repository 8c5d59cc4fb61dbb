/**
 * Aggregates read off the specification (query language section 7), as plainly as possible and without the product's evaluators: rows in,
 * shown groups out. Sums are fractions of bigints; averages are rounded once. Slow on purpose.
 */

import type { Json } from "../../src/core/json.ts";
import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { ColumnSpec, Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import { specSays } from "./spec-evaluator.ts";

type Value = Json | bigint | undefined;

interface NaiveGroup {
  readonly rows: readonly Row[];
  readonly key: readonly Json[];
}

export function naiveAggregate(
  rows: readonly Row[],
  filter: Filter,
  query: AggregateQuery,
  table: TableSpec,
): { groups: object[]; truncated: boolean } {
  const seen = rows.filter((row) => specSays(filter, row, table));
  const byKey = new Map<string, Row[]>(query.groupBy.length === 0 ? [["[]", []]] : []);
  for (const row of seen) {
    const name = JSON.stringify(query.groupBy.map((field) => row[field] ?? null));
    byKey.set(name, [...(byKey.get(name) ?? []), row]);
  }
  const groups = [...byKey].map(([name, members]): NaiveGroup => ({ key: JSON.parse(name) as Json[], rows: members }));
  const kept = groups.filter((group) =>
    query.having.every((term) =>
      holds(
        aliasValue(group, term.alias, query, table),
        term.operator,
        term.literal,
        columnFor(term.alias, query, table),
      ),
    ),
  );
  kept.sort((a, b) => {
    const terms = [...query.orderBy, ...query.groupBy.map((alias) => ({ alias: `key ${alias}`, direction: "asc" }))];
    for (const { alias, direction } of terms) {
      const [x, y] = [aliasValue(a, alias, query, table), aliasValue(b, alias, query, table)];
      const order =
        x === undefined || y === undefined
          ? Number(x === undefined) - Number(y === undefined)
          : compare(x, y, columnFor(alias, query, table)) * (direction === "asc" ? 1 : -1);
      if (order !== 0) return order;
    }
    return 0;
  });
  return {
    groups: kept.slice(0, query.limit).map((group) => show(group, query, table)),
    truncated: kept.length > query.limit,
  };
}

function show(group: NaiveGroup, query: AggregateQuery, table: TableSpec): object {
  const shown: Record<string, Record<string, Value>> = {};
  const overflow: string[] = [];
  for (const { fn, field } of query.metrics) {
    const value = metric(group.rows, fn, columnNamed(field, table));
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) overflow.push(`${fn}_${field}`);
    else if (value !== undefined) {
      shown[fn] ??= {};
      const isLarge = typeof value === "bigint" && (value > 9_007_199_254_740_991n || value < -9_007_199_254_740_991n);
      shown[fn][field] = typeof value !== "bigint" ? value : isLarge ? String(value) : Number(value);
    }
  }
  const key =
    query.groupBy.length === 0
      ? null
      : Object.fromEntries(query.groupBy.map((name, index) => [name, group.key[index]]));
  return {
    key,
    ...(query.count ? { count: group.rows.length } : {}),
    ...shown,
    ...(overflow.length === 0 ? {} : { overflow }),
  };
}

function columnNamed(name: string, table: TableSpec): ColumnSpec {
  const found = table.columns.find((column) => column.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** `key <column>` is always the key, whatever the metrics are called. */
function aliasValue(group: NaiveGroup, alias: string, query: AggregateQuery, table: TableSpec): Value {
  let value: Value;
  const metricNamed = query.metrics.find(({ fn, field }) => `${fn}_${field}` === alias);
  if (alias.startsWith("key ")) value = group.key[query.groupBy.indexOf(alias.slice(4))];
  else if (alias === "count" && query.count) value = group.rows.length;
  else if (metricNamed !== undefined) value = metric(group.rows, metricNamed.fn, columnNamed(metricNamed.field, table));
  else value = group.key[query.groupBy.indexOf(alias)];
  return value === null || (typeof value === "number" && !Number.isFinite(value)) ? undefined : value;
}

/** The column that gives a value its order; null for plain numbers. */
function columnFor(alias: string, query: AggregateQuery, table: TableSpec): ColumnSpec | null {
  if (alias.startsWith("key ")) return columnNamed(alias.slice(4), table);
  const found = query.metrics.find(({ fn, field }) => `${fn}_${field}` === alias);
  if ((alias === "count" && query.count) || found?.fn === "sum" || found?.fn === "avg") return null;
  return columnNamed(found?.field ?? alias, table);
}

function metric(rows: readonly Row[], fn: string, column: ColumnSpec): Value {
  const values = rows.map((row) => row[column.name] ?? null).filter((value) => value !== null);
  const [first] = values;
  if (first === undefined) return undefined;
  if (fn === "min") return values.reduce((best, value) => (compare(value, best, column) < 0 ? value : best), first);
  if (fn === "max") return values.reduce((best, value) => (compare(value, best, column) > 0 ? value : best), first);
  if (column.kind === "int") {
    const sum = values.reduce<bigint>((total, value) => total + BigInt(value as number), 0n);
    return fn === "sum" ? sum : Number(sum) / values.length;
  }
  const sum = values.reduce<bigint>((total, value) => total + fraction(value as number), 0n);
  if (fn === "sum") return toNumber(sum, 1n);
  const plain = toNumber(sum, 1n);
  return Number.isFinite(plain) ? plain / values.length : toNumber(sum, BigInt(values.length));
}

const ONE = 1n << 1074n;

/** The number times 2^1074, by halving it until it is whole. */
function fraction(value: number): bigint {
  let [rest, unit] = [value, ONE];
  while (!Number.isInteger(rest)) {
    rest *= 2;
    unit >>= 1n;
  }
  return BigInt(rest) * unit;
}

/** Nearest double, through its whole decimal expansion: the text of a number is read correctly rounded. */
function toNumber(sum: bigint, divisor: bigint): number {
  const scaled = sum * 10n ** 1100n;
  const whole = scaled / (ONE * divisor);
  return Number(`${whole}e-1100`);
}

function compare(a: Value, b: Value, column: ColumnSpec | null): number {
  if (column === null) return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  switch (column.kind) {
    case "bigint":
      return (
        Number(BigInt(a as string) - BigInt(b as string) > 0n) - Number(BigInt(a as string) - BigInt(b as string) < 0n)
      );
    case "text":
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
    case "json":
      return Buffer.compare(Buffer.from(JSON.stringify(a)), Buffer.from(JSON.stringify(b)));
    case "blob":
      return Buffer.compare(Buffer.from(a as string, "base64"), Buffer.from(b as string, "base64"));
    case "time":
      return Math.sign(Date.parse(a as string) - Date.parse(b as string));
    default:
      return Math.sign(Number(a) - Number(b));
  }
}

function holds(value: Value, operator: string, literal: string | number | boolean, column: ColumnSpec | null): boolean {
  if (value === undefined) return operator === "!=";
  const typed =
    column === null && typeof literal === "string"
      ? BigInt(literal)
      : column?.kind === "bigint"
        ? String(literal)
        : column?.kind === "time"
          ? new Date(literal as string).toISOString()
          : literal;
  const order = compare(value, typed, column);
  return (
    { "==": order === 0, "!=": order !== 0, ">": order > 0, ">=": order >= 0, "<": order < 0, "<=": order <= 0 }[
      operator
    ] ?? false
  );
}
