/**
 * What an operation costs in the units that are billed: requests to objects, rows read, rows written; the mean of a few, in a
 * process of its own. Contenders with an object only: D1 has no cursor that we could ask.
 */

import { startContender } from "./contenders.ts";
import { itemAt } from "./items.ts";
import { type Counter, create, FIRST_NEW_ROW, type Operation, send } from "./operations.ts";

export interface OperationCost {
  readonly contender: "ledge" | "floor";
  readonly operation: string;
  readonly calls: number;
  readonly read: number;
  readonly written: number;
}

const ROWS = 200;
const TIMES = 64;
/** A ledger so short that each of its prunings has as much to remove as came since the last one. */
const SHORT_LEDGER = 128;

export async function measureCosts(operations: readonly Operation[]): Promise<OperationCost[]> {
  const costs: OperationCost[] = [];
  for (const name of ["ledge", "floor"] as const) costs.push(...(await costsOf(name, operations)));
  const creates = operations.filter((operation) => operation.name === "create");
  if (creates.length > 0) costs.push(...(await costsOf("ledge", creates, SHORT_LEDGER)));
  return costs;
}

async function costsOf(
  contender: "ledge" | "floor",
  operations: readonly Operation[],
  maxCommits?: number,
): Promise<OperationCost[]> {
  const { url, stop } = await startContender(contender, {
    seq: 0,
    variant: "counted",
    ...(maxCommits === undefined ? {} : { maxCommits }),
  });
  try {
    // More than the short ledger holds and one pruning besides, so that it is as full as it stays.
    for (let n = 0; n < ROWS; n++) await send(url, create(itemAt(n)));
    const counter: Counter = { k: 0, row: FIRST_NEW_ROW };
    const costs: OperationCost[] = [];
    for (const operation of operations) {
      await take(url);
      for (let n = 0; n < TIMES; n++) await send(url, operation.request(counter, ROWS));
      const { calls, read, written } = await take(url);
      costs.push({
        contender,
        operation: maxCommits === undefined ? operation.name : `${operation.name}, ledger full`,
        calls: calls / TIMES,
        read: read / TIMES,
        written: written / TIMES,
      });
    }
    return costs;
  } finally {
    await stop();
  }
}

async function take(url: string): Promise<{ calls: number; read: number; written: number }> {
  const reply = await send(url, { method: "GET", path: "/bench/cost" });
  return JSON.parse(reply.text) as { calls: number; read: number; written: number };
}

/** What the targets of the bench take for granted; in words, what does not hold. */
export function judgeCosts(costs: readonly OperationCost[]): string[] {
  return costs.flatMap(({ contender, operation, calls, written }) => {
    const floor = costs.find((each) => each.contender === "floor" && each.operation === operation);
    return [
      ...(calls === 1 ? [] : [`${operation}: ${contender} takes ${calls} object requests, not 1`]),
      ...(floor === undefined || floor.written === written
        ? []
        : [`${operation}: ${contender} writes ${written} rows, the floor ${floor.written}`]),
    ];
  });
}
