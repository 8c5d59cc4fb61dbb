/**
 * `npm run bench:transactions`: a transaction of one object against the same as three requests; over two and four objects against one
 * create and against a pair of single writes without guarantee (`transaction-floor-worker.ts`); with every transaction on one row of each
 * object; and what each costs. TMPDIR=/dev/shm takes the disk out. Contenders and cases in turns, medians of the ratios of each turn. Options: `USAGE`.
 */

import { cpus, tmpdir } from "node:os";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { type Contender, startContender, TRANSACTION_CONTENDERS } from "./contenders.ts";
import { median } from "./median.ts";
import type { BenchRequest } from "./operations.ts";
import { openLine } from "./send-alone.ts";
import {
  CASES,
  type CaseName,
  expectDone,
  fillBanks,
  HOT_CONNECTIONS,
  isHot,
  type Numbers,
  nextCreate,
  nextOfThree,
  nextTransaction,
  withoutNames,
} from "./transaction-cases.ts";
import { judgeTransactionCosts, measureTransactionCosts } from "./transaction-cost.ts";
import { reportTransactions, type Timing } from "./transaction-report.ts";
import { writeReport } from "./write-report.ts";

type TransactionContender = Contender<(typeof TRANSACTION_CONTENDERS)[number]>;

const USAGE = `npm run bench:transactions -- [options]
  --only "two objects"   cases, with commas: ${CASES.join(", ")}
  --rounds 9             turns of each measurement
  --seconds 1            of one measurement
  --write                puts the result into docs/benchmarks.md`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: CASES.join(",") },
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const PAUSE_MS = 15;
const cases = options.only.split(",").map((name) => {
  const found = CASES.find((each) => each === name.trim());
  if (found === undefined) throw new Error(`"${name}" is no case\n\n${USAGE}`);
  return found;
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
if (!(rounds >= 1 && seconds > 0)) throw new Error(USAGE);

/** Where storage lies: as `TMPDIR` says. */
const isInMemory = tmpdir().startsWith("/dev/shm");
const costs = await measureTransactionCosts(cases);
const broken = judgeTransactionCosts(costs);
if (broken.length > 0) throw new Error(broken.join("\n"));

const contenders: TransactionContender[] = [];
try {
  for (const name of TRANSACTION_CONTENDERS) contenders.push(await startContender(name, { seq: 0 }));
  for (const { url } of contenders) await fillBanks(url);
  const numbers: Numbers = { next: 0 };
  await assertSameBytes(numbers);
  const text = reportTransactions({ timings: await measureAll(numbers), costs, cases }, [
    `Storage ${isInMemory ? "in memory" : "on disk"}. Machine: ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}. ${new Date().toISOString().slice(0, 10)}.`,
    `\`npm run bench:transactions -- --rounds ${rounds} --seconds ${seconds}\`: medians of the ratios of ${rounds} turns.`,
  ]);
  console.log(text);
  if (options.write) writeReport(isInMemory ? "transactions-memory" : "transactions", text);
} finally {
  await Promise.all(contenders.map((contender) => contender.stop()));
}

async function measureAll(numbers: Numbers): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (let round = 0; round < rounds; round++) {
    // Another contender begins each turn, and the yardstick is measured beside what it is a yardstick of.
    for (const { name, url } of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      const note = async (what: Timing["what"], next: () => BenchRequest, connections: number) => {
        timings.push({ round, contender: name, what, ...(await measure(url, next, connections)) });
      };
      await note("create", () => nextCreate(numbers), 1);
      if (cases.includes("one object")) await note("one of three requests", () => nextOfThree(numbers), 1);
      for (const each of cases)
        await note(each, () => nextTransaction(each, numbers), isHot(each) ? HOT_CONNECTIONS : 1);
    }
  }
  return timings;
}

async function measure(
  url: string,
  next: () => BenchRequest,
  connections: number,
): Promise<Pick<Timing, "perSecond" | "slowestMs">> {
  if (connections === 1) return measureAlone(url, next);
  const { non2xx, errors, requests, duration, latency } = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
  });
  // A conflict that is answered is a failure of the bench, too: whoever waits has its turn.
  if (non2xx + errors > 0) throw new Error(`${non2xx} refused, ${errors} errors, of ${requests.total}`);
  return { perSecond: requests.total / duration, slowestMs: latency.max };
}

/** One request at a time, and a pause in which what it left to be done is done: the latency of a caller whom nobody disturbs. */
async function measureAlone(url: string, next: () => BenchRequest): Promise<Pick<Timing, "perSecond" | "slowestMs">> {
  const taken: number[] = [];
  const line = openLine(url);
  for (const endsAt = performance.now() + seconds * 1000; taken.length < 3 || performance.now() < endsAt; ) {
    const request = next();
    const startedAt = performance.now();
    await line.send(request);
    taken.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  line.close();
  return { perSecond: 1000 / median(taken), slowestMs: Math.max(...taken) };
}

/** All contenders answer the same requests with the same bytes, but for txids and positions, before anything is timed. */
async function assertSameBytes(numbers: Numbers): Promise<void> {
  const questions: readonly (() => BenchRequest)[] = [
    () => nextCreate(numbers),
    ...[0, 1, 2].map(() => () => nextOfThree(numbers)),
    ...CASES.map((name: CaseName) => () => nextTransaction(name, numbers)),
  ];
  for (const question of questions) {
    const request = question();
    const replies = await Promise.all(contenders.map(async ({ url }) => withoutNames(await expectDone(url, request))));
    if (new Set(replies).size > 1) throw new Error(`${request.path} differs:\n${replies.join("\n")}`);
  }
}
