/** What a writer does next: mostly to rows of its own, sometimes to those that everyone writes. Pure but for its randomness. */

import { batchChangeOf, batchCreateOf, perhapsUnkeyed } from "./batch-operations.ts";
import { changeOf, createOf, type Operation, type OwnRow, TALLIES, tallyOf } from "./operations.ts";
import { nextPaper } from "./paper-operations.ts";
import type { Random } from "./random.ts";

const OWN_ROWS_A_WRITER = 25;

export function nextOperation(
  key: string,
  writer: string,
  rows: readonly OwnRow[],
  random: Random,
): { operation: Operation; row: OwnRow | null } {
  if (random.chance(0.06)) return { operation: tallyOf("patch", random.pick(TALLIES), key, writer), row: null };
  if (random.chance(0.03)) return { operation: tallyOf("refuse", random.pick(TALLIES), key, writer), row: null };
  if (random.chance(0.12)) return nextPaper(key, writer, rows, random);
  const others = rows.filter(({ table }) => table !== "papers");
  return nextOther(key, writer, others, random);
}

function nextOther(
  key: string,
  writer: string,
  rows: readonly OwnRow[],
  random: Random,
): { operation: Operation; row: OwnRow | null } {
  const batch = random.chance(0.12) ? nextBatch(key, writer, rows, random) : null;
  if (batch !== null) return { operation: perhapsUnkeyed(batch, random), row: null };
  if (rows.length < 3 || (rows.length < OWN_ROWS_A_WRITER && random.chance(0.45))) {
    const orders = rows.filter((row) => row.table === "orders");
    const table = random.pick(
      orders.length > 0
        ? (["notes", "orders", "lines", "lines", "readings", "tickets"] as const)
        : (["notes", "orders", "readings", "tickets"] as const),
    );
    return {
      operation: perhapsUnkeyed(
        createOf(table, key, writer, random, table === "lines" ? random.pick(orders) : null),
        random,
      ),
      row: null,
    };
  }
  const row = random.pick(rows);
  const act = random.chance(0.25) ? "delete" : row.table === "readings" && random.chance(0.5) ? "replace" : "patch";
  const change = changeOf(row, act, key, writer, random.chance(0.5) ? row.etag : null);
  return { operation: perhapsUnkeyed(change, random), row };
}

function nextBatch(key: string, writer: string, rows: readonly OwnRow[], random: Random): Operation | null {
  if (rows.length < OWN_ROWS_A_WRITER && random.chance(0.5)) {
    const order = rows.find(({ table }) => table === "orders") ?? null;
    const table = random.pick(
      order === null ? (["notes", "tickets"] as const) : (["notes", "tickets", "lines"] as const),
    );
    return batchCreateOf(table, key, writer, random, table === "lines" ? order : null);
  }
  const own = rows.filter(({ table }) => table === (random.chance(0.7) ? "notes" : "tickets"));
  const [first] = own;
  const some = own.filter(({ table }) => table === first?.table).slice(0, random.between(2, 5));
  if (some.length < 2) return null;
  const act = random.chance(0.3) ? "delete" : "patch";
  return batchChangeOf(some, act, key, writer, random.chance(0.5) ? "filter" : "items");
}
