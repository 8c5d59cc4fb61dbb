/** A row as it leaves the object: masked, with computed fields; a computed field that throws is null and a log line ([HT16] [HT17]). */

import type { Json } from "../../src/core/json.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { publicRow } from "../../src/define/resource.ts";
import { logLine } from "./log-line.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export function rowJson(
  store: Store,
  table: TableStore,
  row: Row,
  select: readonly string[] | null,
): Record<string, Json> {
  return publicRow(table.resource, row, select, (field, error) => {
    logLine("warn", "a computed field threw", {
      object: store.name,
      table: table.spec.name,
      field,
      error: String(error),
    });
  });
}
