/** Batches as a writer sends them: several of its rows of one table in one write, in each of the forms that a body may have. Pure. */

import { headersOf, type Operation, type OwnRow, pathOf, unkeyed, written } from "./operations.ts";
import type { Random } from "./random.ts";

type BatchTable = "notes" | "tickets" | "lines";

/** `parent`: the order that new lines belong to. */
export function batchCreateOf(
  table: BatchTable,
  key: string,
  writer: string,
  random: Random,
  parent: OwnRow | null,
): Operation {
  const origins = Array.from({ length: random.between(2, 5) }, (_, index) => `${key}.${index}`);
  const items = origins.map((origin) => ({
    ...(parent === null ? {} : { orderId: parent.id }),
    ...written(key),
    origin,
  }));
  return {
    ...frameOf(table, key, writer),
    act: "create",
    batch: origins.map((origin) => ({ origin, parent: parent?.origin ?? null, id: null })),
    call: { method: "POST", path: batchPath(table), headers: headersOf(writer, key), body: { items } },
  };
}

/** Rows of one table; a change by items, by ids, or by a filter that names the same rows. */
export function batchChangeOf(
  rows: readonly OwnRow[],
  act: "patch" | "delete",
  key: string,
  writer: string,
  form: "items" | "filter",
): Operation {
  const table = rows[0]?.table ?? "notes";
  const filter = `origin=in=(${rows.map(({ origin }) => `"${origin}"`).join(",")})`;
  const body =
    act === "delete"
      ? form === "filter"
        ? { filter }
        : { ids: rows.map(({ id }) => id) }
      : form === "filter"
        ? { filter, patch: written(key) }
        : { items: rows.map(({ id }) => ({ id, ...written(key) })) };
  return {
    ...frameOf(table, key, writer),
    act,
    batch: rows.map(({ origin, parent, id }) => ({ origin, parent, id })),
    call: {
      method: act === "delete" ? "DELETE" : "PATCH",
      path: batchPath(table),
      headers: headersOf(writer, key),
      body,
    },
  };
}

/** Some writes go without a key; a removal does not, since it leaves no trace to tell by whether it took place. */
export function perhapsUnkeyed(operation: Operation, random: Random): Operation {
  const isTraceable = operation.table === "notes" || operation.table === "orders" || operation.table === "lines";
  return isTraceable && operation.act !== "delete" && random.chance(0.2) ? unkeyed(operation) : operation;
}

function frameOf(table: OwnRow["table"], key: string, writer: string) {
  return { key, writer, table, partition: null, origin: "", id: null, parent: null, isKeyed: true } as const;
}

function batchPath(table: OwnRow["table"]): string {
  return `${pathOf(table, null, null)}/batch`;
}
