/**
 * What a transaction costs in the units that are billed: requests to objects, rows written (indexes and alarms among them); the mean
 * of a few, in a process of its own. And what of it has to hold, since the design promises it.
 */

import { startContender, TRANSACTION_CONTENDERS } from "./contenders.ts";
import { send } from "./operations.ts";
import {
  type CaseName,
  expectDone,
  fillBanks,
  isHot,
  nextCreate,
  nextTransaction,
  objectsOf,
} from "./transaction-cases.ts";

export interface TransactionCost {
  readonly contender: (typeof TRANSACTION_CONTENDERS)[number];
  readonly what: CaseName | "create";
  readonly calls: number;
  readonly written: number;
  /** Of the rows written: alarms. */
  readonly alarms: number;
}

const TIMES = 64;
/** Commits are carried out and confirmed after the reply; that they are confirmed is written last. */
const SETTLE_MS = 2500;
/** Rows beside the user's own that a further object may cost; and an alarm where none is set, once in some seconds. */
const MAX_FURTHER_ROWS = 4;

export async function measureTransactionCosts(cases: readonly CaseName[]): Promise<TransactionCost[]> {
  const costs: TransactionCost[] = [];
  for (const contender of TRANSACTION_CONTENDERS) {
    const { url, stop } = await startContender(contender, { seq: 0, variant: "counted" });
    try {
      await fillBanks(url);
      const numbers = { next: 0 };
      // A first one of each: alarms that are set once a day are not the cost of one transaction.
      for (const name of cases) await expectDone(url, nextTransaction(name, numbers));
      for (const what of ["create" as const, ...cases.filter((each) => !isHot(each))]) {
        await pause(SETTLE_MS);
        await takeCost(url);
        for (let n = 0; n < TIMES; n++)
          await expectDone(url, what === "create" ? nextCreate(numbers) : nextTransaction(what, numbers));
        await pause(SETTLE_MS);
        const { calls, written, alarms } = await takeCost(url);
        costs.push({ contender, what, calls: calls / TIMES, written: written / TIMES, alarms: alarms / TIMES });
      }
    } finally {
      await stop();
    }
  }
  return costs;
}

/** In words, what does not hold. */
export function judgeTransactionCosts(costs: readonly TransactionCost[]): string[] {
  const own = costs.filter(({ contender }) => contender === "transactions");
  const of = (what: TransactionCost["what"]) => own.find((each) => each.what === what);
  const [two, four] = [of("two objects"), of("four objects")];
  const lasting = ({ written, alarms }: TransactionCost) => written - alarms;
  const further =
    two === undefined || four === undefined ? null : (lasting(four) - lasting(two)) / 2 - FURTHER_OWN_ROWS;
  return [
    ...own.flatMap(({ what, calls }) => {
      const due = what === "create" ? 1 : callsOf(objectsOf(what));
      return calls === due ? [] : [`${what}: ${calls} requests to objects, not ${due}`];
    }),
    ...(further === null || further <= MAX_FURTHER_ROWS
      ? []
      : [`a further object costs ${further} rows beside the user's own, not ${MAX_FURTHER_ROWS}`]),
  ];
}

/** The changed row: a promise runs its part and rolls it back, so it is written twice. */
const FURTHER_OWN_ROWS = 2;

/** `prepare` and `commit` for each but the one that decides, and `decide`. */
function callsOf(objects: number): number {
  return 2 * (objects - 1) + 1;
}

async function takeCost(url: string): Promise<{ calls: number; written: number; alarms: number }> {
  return JSON.parse((await send(url, { method: "GET", path: "/bench/cost" })).text) as never;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
