/**
 * What a caller may see of a table's copies: its read scope, soft delete, and of a partitioned table those partitions that the caller's
 * claims name; columns that are copied, and no others. For reads that come by the table's own rules: search and `include`.
 */

import type { Json } from "../../core/json.ts";
import { inList } from "../../core/query/build.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { conjoin, type Filter } from "../../core/query/tree.ts";
import type { ProjectedTable } from "../../core/read-model/projected-table.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import { type AnyResource, publicRow } from "../../define/resource.ts";
import type { TableEntry } from "../../edge/edge.ts";
import type { Exchange } from "../../edge/exchange.ts";
import { ALLOW, DENY } from "../../edge/scopes.ts";
import type { Projection } from "./projection.ts";

/** The table as its copies hold it. Computed fields see whole rows, so they need all columns. */
export function copiedResource(resource: AnyResource, { columns }: ProjectedTable): AnyResource {
  const { spec } = resource;
  const isWhole = columns.length === spec.columns.length;
  return { ...resource, spec: { ...spec, columns, computed: isWhole ? spec.computed : [] } };
}

/** A row as its table shows it. */
export function shownRow(
  { log }: Exchange,
  resource: AnyResource,
  row: Row,
  select: readonly string[] | null,
): Record<string, Json> {
  return publicRow(resource, row, select, (field, error) =>
    log.warn("a computed field threw", { table: resource.name, field, error: String(error) }),
  );
}

/** The rows that the caller may list, over all partitions; null: none. `partition` is one that was entered already. */
export async function sightOf(
  projection: Projection,
  exchange: Exchange,
  { resource, access }: TableEntry,
  partition: string | null = null,
): Promise<Filter | null> {
  const scope = await access({ ...exchange, partition }, "read");
  if (scope === DENY) return null;
  const { spec, operators, config } = resource;
  const copied = { ...spec, columns: projection.tables.get(resource.name)?.columns ?? [] };
  const terms: Filter[] = [];
  if (scope !== ALLOW) {
    const filter = parseCopied(exchange, resource.name, () =>
      parseFilter(scope, { table: copied, fields: "scope", operators, parameter: "filter", limits: "lifted" }),
    );
    if (filter === null) return null;
    terms.push(filter);
  }
  if (spec.softDelete !== null)
    terms.push({ kind: "compare", field: spec.softDelete.field, operator: "=isnull=", operand: true });
  if (spec.partitionBy !== null) {
    const partitions = partition === null ? admittedPartitions(exchange, config.partition) : [partition];
    if (partitions.length === 0) return null;
    terms.push(inList(spec.partitionBy, partitions));
  }
  return conjoin(terms);
}

/** A scope over columns that are not copied shows nothing here. */
function parseCopied({ log }: Exchange, table: string, parse: () => Filter): Filter | null {
  try {
    return parse();
  } catch (error) {
    log.error("a scope needs columns that are not copied; nothing is found", { table, error: String(error) });
    return null;
  }
}

/** By claim; a rule that is a function cannot be asked for all that it would admit, so it admits none here. */
function admittedPartitions(
  { principal }: Exchange,
  rule: TableEntry["resource"]["config"]["partition"],
): readonly string[] {
  if (rule === undefined || !("claim" in rule) || principal.kind !== "user") return [];
  const held = Object.hasOwn(principal.claims, rule.claim) ? principal.claims[rule.claim] : undefined;
  return (Array.isArray(held) ? held : [held]).filter((each): each is string => typeof each === "string");
}
