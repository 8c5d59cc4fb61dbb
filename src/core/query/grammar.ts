/**
 * What a reader of filters may say: the table, whose columns they see, which operators, within which limits. Plain data and
 * the look-ups over it; the checks themselves are check-comparison.ts.
 */

import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import type { CustomOperators } from "./custom-operators.ts";
import type { Origin } from "./filter-fault.ts";
import { refuse } from "./filter-fault.ts";
import { OPERATORS } from "./operators.ts";

/** Limits of one filter ([QL9]–[QL12]). */
export const FILTER_LIMITS = { codePoints: 4096, bytes: 12_288, depth: 10, nodes: 100, listValues: 500 } as const;

export interface FilterGrammar {
  readonly table: TableSpec;
  /** `client` sees readable and filterable columns only, `scope` sees all. */
  readonly fields: "client" | "scope";
  readonly operators?: CustomOperators | undefined;
  /** Canonical tokens; all when absent ([QL13]). */
  readonly allowedOperators?: readonly string[] | undefined;
  /** `lifted` for canonical text that was checked before: a scope built from 500 ids is longer than a client may write. */
  readonly limits?: "enforced" | "lifted";
  /** Name of the request parameter, for the fault. */
  readonly parameter: string;
}

/** Refuses the span that breaks a limit. */
export function refuseLimit(origin: Origin, start: number, end: number, limit: keyof typeof FILTER_LIMITS): never {
  const what = {
    codePoints: "characters",
    bytes: "bytes of UTF-8",
    depth: "levels of nesting",
    nodes: "comparisons and groups",
    listValues: "values in a list",
  }[limit];
  return refuse(origin, start, end, {
    reason: "limit",
    detail: `The filter has more than ${FILTER_LIMITS[limit]} ${what}`,
  });
}

/** Whether the reader may name the column. */
export function isVisible(grammar: FilterGrammar, column: ColumnSpec): boolean {
  return grammar.fields === "scope" || (column.readable && column.filterable);
}

/** Names of the columns that the reader may use. */
export function allowedFields(grammar: FilterGrammar): string[] {
  return grammar.table.columns.filter((column) => isVisible(grammar, column)).map((column) => column.name);
}

/** Canonical tokens that apply to the column for this reader; the candidates of a suggestion. */
export function allowedOperators(grammar: FilterGrammar, column: ColumnSpec): string[] {
  const builtin = OPERATORS.filter((operator) => (operator.kinds as readonly string[]).includes(column.kind));
  const custom = [...(grammar.operators ?? [])].filter(([, operator]) => operator.on.includes(column.name));
  const tokens: string[] = [...builtin.map((operator) => operator.token), ...custom.map(([token]) => token)];
  const { allowedOperators: allowed } = grammar;
  return allowed === undefined ? tokens : tokens.filter((token) => allowed.includes(token));
}
