/** A table with a column of every kind, nullable and not, and fast-check arbitraries for its rows and filters. */

import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import { OPERATORS, type OperatorSpec } from "../../../src/core/query/operators.ts";
import type { Comparison, Filter, Operand, Scalar } from "../../../src/core/query/tree.ts";
import { conjoin, disjoin, negate } from "../../../src/core/query/tree.ts";
import type { ColumnKind, ColumnSpec, Row, TableSpec, TimeStorage } from "../../../src/core/schema/table-spec.ts";
import { MAX_INSTANT_MS, MIN_INSTANT_MS, printInstant } from "../../../src/core/schema/time.ts";

export function column(name: string, kind: ColumnKind, more: Partial<ColumnSpec> = {}): ColumnSpec {
  return {
    name,
    sqlName: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    kind,
    notNull: false,
    hasDefault: false,
    primaryKey: false,
    readable: true,
    writable: true,
    filterable: true,
    sortable: true,
    serverFilled: false,
    ...more,
  };
}

export function tableOf(columns: readonly ColumnSpec[], more: Partial<TableSpec> = {}): TableSpec {
  return {
    name: "samples",
    columns,
    primaryKey: "id",
    idKind: "text",
    group: "samples",
    partitionBy: null,
    softDelete: null,
    versionField: null,
    etagRequired: false,
    strictInput: false,
    computed: [],
    pagination: { defaultLimit: 20, maxLimit: 100, offset: true },
    capabilities: {
      create: true,
      update: true,
      delete: true,
      batch: true,
      aggregate: true,
      subscribe: true,
      search: false,
    },
    batch: { limits: { create: 100, update: 100, replace: 100, delete: 100, upsert: 100 }, confirm: false },
    shape: "000000",
    ...more,
  };
}

const time = (name: string, timeStorage: TimeStorage, more: Partial<ColumnSpec> = {}) =>
  column(name, "time", { timeStorage, ...more });

export const SAMPLES = tableOf([
  column("id", "text", { primaryKey: true, notNull: true }),
  column("title", "text"),
  column("status", "text", { notNull: true }),
  column("count", "int"),
  column("rank", "int", { notNull: true }),
  column("price", "real"),
  column("big", "bigint"),
  column("done", "bool"),
  time("madeAt", "ms"),
  time("dueAt", "s"),
  time("seenAt", "iso"),
  time("bornAt", "ms", { notNull: true }),
  column("tags", "json"),
  column("bytes", "blob"),
]);

export const SQL_TYPES: Readonly<Record<ColumnKind, string>> = {
  text: "TEXT",
  int: "INTEGER",
  real: "REAL",
  bigint: "TEXT",
  bool: "INTEGER",
  time: "INTEGER",
  json: "TEXT",
  blob: "BLOB",
};

/** The table with a collation declared on its text columns, which comparisons must ignore. */
export function collated(table: TableSpec, collation: string): TableSpec {
  return { ...table, columns: table.columns.map((spec) => (spec.kind === "text" ? { ...spec, collation } : spec)) };
}

export function createTable(table: TableSpec): string {
  const columns = table.columns.map((spec) => {
    const type = spec.timeStorage === "iso" ? "TEXT" : SQL_TYPES[spec.kind];
    const collate = "collation" in spec ? ` COLLATE ${spec.collation}` : "";
    return `"${spec.sqlName}" ${type}${spec.notNull ? " NOT NULL" : ""}${spec.primaryKey ? " PRIMARY KEY" : ""}${collate}`;
  });
  return `CREATE TABLE "${table.name}" (${columns.join(", ")}, "_version" INTEGER NOT NULL DEFAULT 0)`;
}

// Few distinct letters, so that values meet; astral, combining, case pairs, pattern characters, BMP above the surrogates.
const LETTERS = [
  "a",
  "A",
  "b",
  "%",
  "_",
  "\\",
  "é",
  "e\u0301",
  "😀",
  "\u{10ffff}",
  "\uffee",
  "\ud7ff",
  "\ue000",
  "É",
  " ",
  '"',
  "'",
  "?",
  "z",
  "Z",
  "0",
];
export const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...LETTERS), { maxLength: 4 }).map((letters) => letters.join("")) },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: "binary", maxLength: 6 })
      .map((value) => value.replaceAll("\u0000", "").toWellFormed()),
  },
);
const int = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2 ** 31, -(2 ** 31)),
);
const real = fc
  .oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(
      0.1,
      0.2,
      0.1 + 0.2,
      0.3,
      1.5,
      -0.5,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      2 ** 60,
      2 ** 63,
      1e21,
      -(2 ** 53) - 2,
      Number.EPSILON,
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  .map((value) => (value === 0 ? 0 : value));
const big = fc.oneof(
  fc.constantFrom(
    "0",
    "1",
    "-1",
    "9",
    "10",
    "-9",
    "-10",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775806",
    "9007199254740993",
  ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
);
const INSTANTS = [
  MIN_INSTANT_MS,
  MAX_INSTANT_MS,
  0,
  -1,
  1,
  999,
  1000,
  1_700_000_000_000,
  1_700_000_000_500,
  -62_135_596_799_001,
];
const ms = fc.oneof(fc.constantFrom(...INSTANTS), fc.integer({ min: MIN_INSTANT_MS, max: MAX_INSTANT_MS }));
const element: fc.Arbitrary<Scalar> = fc.oneof(
  fc.constantFrom<Scalar>(
    null,
    true,
    false,
    0,
    1,
    1.5,
    "",
    "1",
    "a",
    "true",
    2 ** 60,
    2 ** 53,
    0.1 + 0.2,
    -2.5e-7,
    "😀",
  ),
  real,
  text,
);
const json: fc.Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: fc.array(element, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json>([], {}, "", "a", 0, true, [[]], [{}], [[1]], { a: 1 }, { a: [] }, [null]),
  },
);
const blob = fc.constantFrom("", "AA==", "SGVsbG8=");

function arbitraryValue(spec: ColumnSpec): fc.Arbitrary<Json> {
  switch (spec.kind) {
    case "text":
      return text;
    case "int":
      return int;
    case "real":
      return real;
    case "bigint":
      return big;
    case "bool":
      return fc.boolean();
    case "time":
      return ms.map((value) => printInstant(spec.timeStorage === "s" ? Math.floor(value / 1000) * 1000 : value));
    case "json":
      return json;
    case "blob":
      return blob;
  }
}

/** A row; the id is given by `withIds`. */
export function rowOf(table: TableSpec): fc.Arbitrary<Row> {
  const values = table.columns.map((spec) =>
    spec.notNull ? arbitraryValue(spec) : fc.option(arbitraryValue(spec), { nil: null, freq: 4 }),
  );
  return fc
    .tuple(...values)
    .map((row) => Object.fromEntries(table.columns.map((spec, index) => [spec.name, row[index] ?? null])));
}

export function rowsOf(table: TableSpec, maxLength: number, minLength = 0): fc.Arbitrary<Row[]> {
  return fc
    .array(rowOf(table), { minLength, maxLength })
    .map((rows) => rows.map((row, index) => ({ ...row, id: `r${String((index * 7919) % 1000).padStart(3, "0")}` })));
}

/** A literal for the column, in one of its written forms. */
function literalOf(spec: ColumnSpec): fc.Arbitrary<Scalar> {
  switch (spec.kind) {
    case "int":
      return fc.oneof(int, fc.constantFrom(1.5, 0.5, -2.5));
    case "bigint":
      return fc.oneof<fc.Arbitrary<Scalar>[]>(big, int);
    case "bool":
      return fc.constantFrom<Scalar>(true, false, 1, 0);
    case "time":
      return fc.oneof<fc.Arbitrary<Scalar>[]>(
        ms,
        ms.map(printInstant),
        fc.constantFrom("2023-11-14", "2023-11-14T22:13", "2023-11-14T22:13:20.5+01:30", "1970-01-01T00:00:00.0009Z"),
      );
    default:
      return arbitraryValue(spec) as fc.Arbitrary<Scalar>;
  }
}

const patternText = fc
  .array(fc.constantFrom("%", "_", "a", "A", "b", "\\%", "\\_", "\\\\", "😀", "é", "\\a", "%%", "Z"), { maxLength: 5 })
  .map((parts) => parts.join(""));

function operandOf(operator: OperatorSpec, spec: ColumnSpec): fc.Arbitrary<Operand> {
  const isBare = spec.kind === "json" || spec.kind === "blob";
  const nullable = (value: fc.Arbitrary<Scalar>) =>
    operator.takesNull ? fc.option(value, { nil: null, freq: 5 }) : value;
  switch (operator.operand) {
    case "scalar":
      return isBare ? fc.constant(null) : nullable(literalOf(spec));
    case "list":
      return fc.array(nullable(literalOf(spec)), { maxLength: 4 });
    case "range":
      return fc.record({ from: literalOf(spec), to: literalOf(spec) });
    case "element":
      return element;
    case "elements":
      return fc.array(element, { maxLength: 3 });
    case "flag":
      return fc.boolean();
    case "count":
      return fc.nat({ max: 5 });
    case "text":
      return text;
    case "pattern":
      return patternText;
  }
}

export function comparisonOf(table: TableSpec): fc.Arbitrary<Comparison> {
  const pairs = table.columns.flatMap((spec) =>
    (OPERATORS as readonly OperatorSpec[])
      .filter((operator) => operator.kinds.includes(spec.kind))
      .map((operator) => ({ spec, operator })),
  );
  return fc.constantFrom(...pairs).chain(({ spec, operator }) =>
    operandOf(operator, spec).map((operand) => ({
      kind: "compare" as const,
      field: spec.name,
      operator: operator.token,
      operand,
    })),
  );
}

/** A filter tree in the one form that parsing gives, within the limits. */
export function filterOf(table: TableSpec): fc.Arbitrary<Filter> {
  const leaf: fc.Arbitrary<Filter> = comparisonOf(table);
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { depthSize: "small", maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.array(tie("filter"), { minLength: 2, maxLength: 4 }).map(conjoin),
      fc.array(tie("filter"), { minLength: 2, maxLength: 4 }).map(disjoin),
      tie("filter").map(negate),
    ),
  }));
  return filter;
}

/** Few runs by default; RUNS=20000 SEED=1 to widen or repeat. */
export function runs(defaultRuns: number): fc.Parameters<unknown> {
  return {
    numRuns: Number(process.env.RUNS ?? defaultRuns),
    ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }),
  };
}
