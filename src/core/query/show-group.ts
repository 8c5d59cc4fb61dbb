/** A group of an aggregate as a client is shown it ([AG3]): metrics without a value are left out, large sums are digits. */

import type { Json, JsonScalar } from "../json.ts";
import { type AggregateFunction, type Grouping, type GroupResult, isMissing } from "./grouping.ts";

export interface ShownGroup {
  readonly key: { readonly [column: string]: Json } | null;
  readonly count?: number;
  readonly sum?: { readonly [column: string]: number | string };
  readonly avg?: { readonly [column: string]: number };
  readonly min?: { readonly [column: string]: JsonScalar };
  readonly max?: { readonly [column: string]: JsonScalar };
  /** Aliases of sums that lie beyond the finite. */
  readonly overflow?: readonly string[];
}

export function showGroup(group: GroupResult, { groupBy, count, metrics }: Grouping): ShownGroup {
  const shown: { [fn in AggregateFunction]?: Record<string, JsonScalar> } = {};
  const overflow: string[] = [];
  metrics.forEach(({ fn, field }, index) => {
    const value = group.metrics[index] ?? null;
    if (value === null) return;
    if (isMissing(value)) {
      overflow.push(`${fn}_${field}`);
      return;
    }
    const values = shown[fn] ?? {};
    values[field] = typeof value === "bigint" ? wholeSum(value) : value;
    shown[fn] = values;
  });
  return {
    key:
      groupBy.length === 0 ? null : Object.fromEntries(groupBy.map((name, index) => [name, group.key[index] ?? null])),
    ...(count ? { count: group.count } : {}),
    ...(shown as Pick<ShownGroup, AggregateFunction>),
    ...(overflow.length === 0 ? {} : { overflow }),
  };
}

/** A number while it is exact as one, digits beyond ([AG4]). */
function wholeSum(sum: bigint): number | string {
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : sum.toString();
}
