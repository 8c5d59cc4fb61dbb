/**
 * Filter tree → SQL condition ([QL39]–[QL41]). Where SQL cannot say it all, the condition is a necessary one and `residual`
 * is the part of the filter to finish in memory (`matches`) on the rows that come back. Under an odd number of negations
 * an inexact leaf is narrowed instead of widened, so the whole stays necessary.
 * The filter has been typed against the table; names come from the schema, values are bound.
 * Comparisons that walk long texts may be left to memory whole, where they have a budget (text-scans.ts).
 */

import type { CustomOperators } from "../../src/core/query/custom-operators.ts";
import { builtinOperator } from "../../src/core/query/operators.ts";
import type { Comparison, Filter } from "../../src/core/query/tree.ts";
import { conjoin } from "../../src/core/query/tree.ts";
import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import { columnOf } from "../../src/core/schema/table-spec.ts";
import type { Stored } from "../../src/core/schema/value.ts";
import type { SqlFragment } from "./fragment.ts";
import { joinBalanced, TRUE } from "./fragment.ts";
import type { Leaf } from "./leaf.ts";
import { builtinLeaf, customLeaf } from "./leaf.ts";
import { unscannedLeaf } from "./leaf-text.ts";
import { walksByField, walksOf } from "./text-scans.ts";

export interface CompiledFilter {
  /** A condition that yields 0 or 1, `1` for the empty filter; `?` placeholders. May hold more than 100 of them: `packParams`. */
  readonly sql: string;
  readonly params: readonly Stored[];
  /** What is left to test on each row, or null when SQL decides. */
  readonly residual: Filter | null;
  /** How often the condition walks the texts of a field; empty for most. */
  readonly walks: ReadonlyMap<string, number>;
}

/** Where comparisons that walk texts are decided. */
export type Scans = "in-sql" | "in-memory";

/** A filter is compiled for one table, with that table's operators. */
export type CompileFilter = (
  filter: Filter,
  table: TableSpec,
  operators?: CustomOperators,
  scans?: Scans,
) => CompiledFilter;

interface Context {
  readonly table: TableSpec;
  readonly operators: CustomOperators | undefined;
  readonly scans: Scans;
}

interface Condition extends SqlFragment {
  readonly isExact: boolean;
}

/** Which side of the truth an inexact condition must lie on. */
type Side = "upper" | "lower";

export function compileFilter(
  filter: Filter,
  table: TableSpec,
  operators?: CustomOperators,
  scans: Scans = "in-sql",
): CompiledFilter {
  const context = { table, operators, scans };
  const terms = filter.kind === "and" ? filter.terms : [filter];
  const conditions = terms.map((term) => compileNode(term, context, "upper"));
  const { text, params } = joinBalanced(conditions, "AND");
  const unfinished = terms.filter((_, index) => conditions[index]?.isExact === false);
  return {
    sql: text,
    params,
    residual: unfinished.length === 0 ? null : conjoin(unfinished),
    walks: scans === "in-sql" ? walksByField(filter) : NONE,
  };
}

const NONE: ReadonlyMap<string, number> = new Map();

function compileNode(filter: Filter, context: Context, side: Side): Condition {
  switch (filter.kind) {
    case "all":
      return { ...TRUE, isExact: true };
    case "not": {
      const term = compileNode(filter.term, context, side === "upper" ? "lower" : "upper");
      return { ...term, text: `NOT (${term.text})` };
    }
    case "compare": {
      const leaf = compileLeaf(filter, context);
      return leaf.kind === "exact" ? { ...leaf.sql, isExact: true } : { ...leaf[side], isExact: false };
    }
    default: {
      const terms = filter.terms.map((term) => compileNode(term, context, side));
      return {
        ...joinBalanced(terms, filter.kind === "and" ? "AND" : "OR"),
        isExact: terms.every((term) => term.isExact),
      };
    }
  }
}

function compileLeaf(filter: Comparison, { table, operators, scans }: Context): Leaf {
  const column = columnOf(table, filter.field);
  if (column === undefined) throw new TypeError(`Filter names ${filter.field}, which ${table.name} does not have`);
  const builtin = builtinOperator(filter.operator);
  if (scans === "in-memory" && walksOf(filter) > 0) return unscannedLeaf(filter, column);
  if (builtin !== undefined) return builtinLeaf(builtin.token, filter, column);
  const custom = operators?.get(filter.operator);
  if (custom === undefined) throw new TypeError(`Filter uses ${filter.operator}, which ${table.name} does not have`);
  return customLeaf(custom, filter, column);
}
