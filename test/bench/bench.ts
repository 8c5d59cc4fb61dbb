/**
 * `npm run bench`: Ledge, the hand-written floor, and Hono + Drizzle + D1, each in a workerd of its own, in turns; medians over the
 * rounds and ratios, of requests a second and of CPU time a request. Before anything is timed it asserts that all return the same
 * bytes, and that Ledge and the floor write as many rows (counted in a run of its own). Options: `options.ts`.
 */

import { cpus } from "node:os";
import autocannon from "autocannon";
import { type Contender, type ContenderName, startContender } from "./contenders.ts";
import { cpuMicros } from "./cpu-time.ts";
import { itemAt } from "./items.ts";
import { judgeCosts, measureCosts } from "./measure-cost.ts";
import { measureStarts } from "./measure-start.ts";
import {
  type Counter,
  create,
  FIRST_NEW_ROW,
  OPERATIONS,
  type Operation,
  sameBytesRequests,
  send,
} from "./operations.ts";
import { readOptions } from "./options.ts";
import { type Result, report } from "./report.ts";
import { writeReport } from "./write-report.ts";

const options = readOptions(process.argv.slice(2));
const { rows, rounds, seconds } = options;
const operations = OPERATIONS.filter(({ name }) => options.operations.includes(name));

const starts = options.starts === 0 ? [] : await measureStarts(options.contenders, options.starts);
const costs = await measureCosts(operations);
const broken = judgeCosts(costs);
if (broken.length > 0) throw new Error(broken.join("\n"));

const contenders: Contender[] = [];
try {
  for (const name of options.contenders) contenders.push(await startContender(name, { seq: rows }));
  for (const contender of contenders) await fill(contender);
  await assertSameBytes();
  const text = report({ results: await measureAll(), costs, starts }, options, {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, ""),
  });
  console.log(text);
  if (options.isWritten) writeReport("bench", text);
} finally {
  await Promise.all(contenders.map((contender) => contender.stop()));
}

async function measureAll(): Promise<Result[]> {
  const results: Result[] = [];
  const counters = new Map<ContenderName, Counter>(
    options.contenders.map((name) => [name, { k: 0, row: rows + FIRST_NEW_ROW }]),
  );
  for (const operation of operations) {
    for (const connections of options.connections) {
      for (let round = 0; round < rounds; round++) {
        // A different contender goes first each round, so that none always meets a warm or a tired machine.
        const turn = round % contenders.length;
        for (const contender of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
          const counter = counters.get(contender.name) ?? { k: 0, row: 0 };
          const measured = await measure(contender, operation, connections, counter);
          results.push({ operation: operation.name, contender: contender.name, connections, ...measured });
        }
      }
    }
  }
  return results;
}

async function measure(
  { url, pid }: Contender,
  operation: Operation,
  connections: number,
  counter: Counter,
): Promise<Pick<Result, "perSecond" | "cpuMicros">> {
  const before = cpuMicros(pid);
  const outcome = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [{ setupRequest: (request) => ({ ...request, ...operation.request(counter, rows) }) }],
  });
  if (outcome.non2xx > 0 || outcome.errors > 0)
    throw new Error(`${operation.name}: ${outcome.non2xx} refused, ${outcome.errors} errors`);
  return {
    perSecond: outcome.requests.total / outcome.duration,
    cpuMicros: (cpuMicros(pid) - before) / outcome.requests.total,
  };
}

async function fill({ name, url }: Contender): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < rows) {
      const { status, text } = await send(url, create(itemAt(next++)));
      if (status !== 201) throw new Error(`filling ${name} failed: ${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: 20 }, writer));
}

async function assertSameBytes(): Promise<void> {
  for (const request of sameBytesRequests(rows)) {
    const answers = await Promise.all(contenders.map(({ url }) => send(url, request)));
    const [first, ...rest] = answers.map(({ status, text }) => `${status} ${text}`);
    for (const other of rest) {
      if (other !== first) throw new Error(`${request.method} ${request.path} differs:\n${first}\n${other}`);
    }
  }
}
