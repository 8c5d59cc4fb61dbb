/**
 * Where a filter is filed in the predicate index: terms of which at least one must hold for a row to match. A chain of AND is
 * filed under one of its terms, the most selective; a chain of OR under a term of each branch; what offers none is residual. Pure.
 */

import type { JsonScalar } from "../json.ts";
import { typedLiteral } from "../query/literal.ts";
import { type Comparison, type Filter, isRange, type Scalar } from "../query/tree.ts";
import { columnOf, type TableSpec } from "../schema/table-spec.ts";

export type Place =
  | { readonly kind: "equal"; readonly field: string; readonly value: JsonScalar }
  /** Both ends inclusive; null is open. What lies on an end is tested anyway. */
  | { readonly kind: "range"; readonly field: string; readonly low: JsonScalar; readonly high: JsonScalar };

/** How many groups a place holds already, and how many places its column has. */
export interface Load {
  readonly groups: number;
  readonly values: number;
}

export type LoadOf = (place: Place) => Load;

/** A row that matches hits at least one of the places; null: any row may match. */
export function filingPlaces(filter: Filter, table: TableSpec, loadOf: LoadOf): readonly Place[] | null {
  switch (filter.kind) {
    case "and": {
      let best: readonly Place[] | null = null;
      for (const term of filter.terms) {
        const places = filingPlaces(term, table, loadOf);
        if (places !== null && (best === null || cost(places, table, loadOf) < cost(best, table, loadOf)))
          best = places;
      }
      return best;
    }
    case "or": {
      const branches = filter.terms.map((term) => filingPlaces(term, table, loadOf));
      return branches.every((places) => places !== null) ? branches.flat() : null;
    }
    case "compare":
      return comparisonPlaces(filter, table);
    default:
      return null;
  }
}

function comparisonPlaces({ field, operator, operand }: Comparison, table: TableSpec): readonly Place[] | null {
  const column = columnOf(table, field);
  if (column === undefined) return null;
  const value = (literal: Scalar) => typedLiteral(column, literal);
  const range = (low: JsonScalar, high: JsonScalar): readonly Place[] => [{ kind: "range", field, low, high }];
  switch (operator) {
    case "==":
      return [{ kind: "equal", field, value: value(operand as Scalar) }];
    case "=in=":
      return (operand as readonly Scalar[]).map((each) => ({ kind: "equal", field, value: value(each) }));
    case "=isnull=":
      return operand === true ? [{ kind: "equal", field, value: null }] : null;
    case ">":
    case ">=":
      return range(value(operand as Scalar), null);
    case "<":
    case "<=":
      return range(null, value(operand as Scalar));
    case "=between=":
      return isRange(operand) ? range(value(operand.from), value(operand.to)) : null;
    default:
      return null;
  }
}

/**
 * Lower is better. The kind of term decides first: a key, then any other value, a closed range, yes or no and NULL, an open range.
 * Among values the emptier place, then the column with more of them.
 */
function cost(places: readonly Place[], table: TableSpec, loadOf: LoadOf): number {
  if (places.length === 0) return -1;
  let total = 0;
  for (const place of places) {
    const { groups, values } = loadOf(place);
    total += rank(place, table) * 1e6 + Math.min(groups, 9e5) + 1 / (2 + values);
  }
  return total;
}

function rank(place: Place, table: TableSpec): number {
  if (place.kind === "range") return place.low !== null && place.high !== null ? 20 : 80;
  const column = columnOf(table, place.field);
  if (column?.primaryKey === true) return 1;
  if (place.value === null || column?.kind === "bool") return 40;
  return column?.enumValues === undefined ? 3 : 6;
}
