/**
 * Which partitions a filter leaves, where it says so: by `==` or `=in=` on the partition's column, as terms that every row must meet, all
 * of them (a scope's list and the caller's wish). Then a read looks into the copies of those objects and no others, and of one object the
 * object itself may answer. Pure.
 */

import { isPartition } from "../../core/ids.ts";
import { typedLiteral } from "../../core/query/literal.ts";
import type { Filter, Scalar } from "../../core/query/tree.ts";
import type { ProjectedTable } from "../../core/read-model/projected-table.ts";

/** More are not worth a condition of their own. */
const MAX_PARTITIONS = 50;

/** Null: any partition may have rows that match. No name of a partition: no row does. */
export function fixedPartitions(where: Filter, { columns, partitionBy }: ProjectedTable): readonly string[] | null {
  const column = columns.find(({ name }) => name === partitionBy);
  if (column === undefined) return null;
  let left: readonly string[] | null = null;
  for (const term of where.kind === "and" ? where.terms : [where]) {
    if (term.kind !== "compare" || term.field !== column.name) continue;
    if (term.operator !== "==" && term.operator !== "=in=") continue;
    const listed = (Array.isArray(term.operand) ? term.operand : [term.operand]) as readonly Scalar[];
    const values = new Set(listed.map((each) => typedLiteral(column, each)));
    left = (left ?? [...values]).filter(
      (value): value is string => typeof value === "string" && isPartition(value) && values.has(value),
    );
  }
  return left !== null && left.length > MAX_PARTITIONS ? null : left;
}
