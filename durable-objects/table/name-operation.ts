/** Says which operation of a batch met a limit: the ledger and the reader of rows know sizes, not what asked for them. */

import { Fault } from "../../src/core/fault.ts";
import type { BatchOperation } from "../../src/core/schema/table-spec.ts";

export function nameOperation<T>(operation: BatchOperation, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "batch-limit-exceeded")
      throw new Fault({ operation, ...error.data });
    throw error;
  }
}
