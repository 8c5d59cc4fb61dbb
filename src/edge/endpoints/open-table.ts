/**
 * From a path to a table of an object: is the table there in this form, and may the caller enter its partition? Nothing
 * is addressed before both are known. Also the id of a path.
 */

import { Fault } from "../../core/fault.ts";
import { objectName, parseRowId, type RowId } from "../../core/ids.ts";
import type { TableEntry } from "../edge.ts";
import type { Exchange, TableRequest } from "../exchange.ts";
import { admitsPartition } from "../partition.ts";
import type { Params } from "../router.ts";

/** A promise only where a partition rule has to be awaited. */
export function openTable(exchange: Exchange, entry: TableEntry, params: Params): TableRequest | Promise<TableRequest> {
  const { spec, config } = entry.resource;
  const { name } = exchange.edge.definition;
  const { partition } = params;
  if (spec.partitionBy === null || partition === undefined || config.partition === undefined) {
    return { ...exchange, entry, partition: null, object: objectName(name, spec.group, null) };
  }
  const enter = (isAdmitted: boolean): TableRequest => {
    if (!isAdmitted) throw new Fault({ slug: "not-found" });
    return { ...exchange, entry, partition, object: objectName(name, spec.group, partition) };
  };
  const admitted = admitsPartition(config.partition, partition, exchange);
  return typeof admitted === "boolean" ? enter(admitted) : admitted.then(enter);
}

/** The row id of a path; a malformed one names nothing. */
export function rowIdOf({ entry }: TableRequest, params: Params): RowId {
  const { spec } = entry.resource;
  const id = parseRowId(params.id ?? "", spec.idKind);
  if (id === null) throw new Fault({ slug: "not-found", resource: spec.name });
  return id;
}
