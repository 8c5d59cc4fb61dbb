/** `batch` of a resource's configuration → the limits as plain data, checked at start ([HT46]). Called by `resource`. */

import type { BatchOperation, BatchSpec } from "../core/schema/table-spec.ts";
import type { ResourceConfig } from "./config.ts";
import type { Refuse } from "./resource.ts";

const OPERATIONS: readonly BatchOperation[] = ["create", "update", "replace", "delete", "upsert"];
const DEFAULT_LIMIT = 100;
/** A batch is one turn of its object, in which nobody else is served; its ledger entry is bounded besides ([CL2]). */
const MAX_LIMIT = 10_000;

export function batchOf({ batch = {} }: ResourceConfig, refuse: Refuse): BatchSpec {
  const limits: Record<BatchOperation, number> = { create: 0, update: 0, replace: 0, delete: 0, upsert: 0 };
  for (const name of Object.keys(batch)) {
    if (name !== "confirm" && !Object.hasOwn(limits, name))
      throw refuse(`batch.${name} is no operation`, `Operations are: ${OPERATIONS.join(", ")}.`);
  }
  for (const operation of OPERATIONS) {
    const limit = batch[operation] ?? DEFAULT_LIMIT;
    if (limit !== false && !(Number.isInteger(limit) && limit >= 0 && limit <= MAX_LIMIT)) {
      throw refuse(`batch.${operation} is ${String(limit)}`, `Give an integer from 0 to ${MAX_LIMIT}, or false.`);
    }
    limits[operation] = limit === false ? 0 : limit;
  }
  return { limits, confirm: batch.confirm ?? false };
}
