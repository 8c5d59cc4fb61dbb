/**
 * The rows that come after a given one in an order, as a filter: the keyset of a page as a condition, so that a list can be watched in pieces that
 * neither overlap nor leave anything out. NULLs come last in both directions ([QL52]). Pure.
 */

import type { Json, JsonObject } from "../json.ts";
import type { OrderTerm } from "../query/order.ts";
import { conjoin, disjoin, type Filter, type Operand } from "../query/tree.ts";

/** `order` has the key. */
export function afterRow(row: JsonObject, terms: readonly OrderTerm[]): Filter {
  const order = terms.filter(({ field }, index) => terms.findIndex((term) => term.field === field) === index);
  return disjoin(
    order.flatMap((term, index) => {
      const beyond = beyondValue(term, row[term.field] ?? null);
      if (beyond === null) return [];
      return [conjoin([...order.slice(0, index).map(({ field }) => equals(field, row[field] ?? null)), beyond])];
    }),
  );
}

/** Null: nothing comes after the value. */
function beyondValue({ field, direction }: OrderTerm, value: Json): Filter | null {
  if (value === null) return null;
  const isNull = compare(field, "=isnull=", true);
  const isAscending = direction === "asc";
  if (typeof value === "boolean")
    return value === isAscending ? isNull : disjoin([compare(field, "==", isAscending), isNull]);
  return disjoin([compare(field, isAscending ? ">" : "<", value as string | number), isNull]);
}

function equals(field: string, value: Json): Filter {
  return value === null ? compare(field, "=isnull=", true) : compare(field, "==", value as Operand);
}

function compare(field: string, operator: string, operand: Operand): Filter {
  return { kind: "compare", field, operator, operand };
}
