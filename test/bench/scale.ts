/**
 * `npm run bench:scale`: whether a get and a keyset page cost the same in a table of a thousand rows and in one of a million. Two
 * Ledges side by side, one of each size, measured in turns; the ratio of time and of CPU time is what counts.
 *
 *   npm run bench:scale -- --rows 1000000 --seconds 2 --rounds 5 --write
 */

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { type Contender, startContender } from "./contenders.ts";
import { cpuMicros } from "./cpu-time.ts";
import { itemAt } from "./items.ts";
import { row, table } from "./markdown-table.ts";
import { median } from "./median.ts";
import { send } from "./operations.ts";
import { writeReport } from "./write-report.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    write: { type: "boolean", default: false },
  },
});
const SMALL = 1000;
const LARGE = Number(values.rows);
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
/** Rows of one filling call: a transaction of some tens of megabytes. */
const CHUNK = 20_000;

interface Table {
  readonly contender: Contender;
  readonly rows: number;
  /** Of a page that begins half-way. */
  readonly cursor: string;
}

interface Read {
  readonly name: string;
  readonly path: (k: number, table: Table) => string;
}

const READS: readonly Read[] = [
  { name: "get", path: (k, { rows }) => `/${itemAt((k * 7919) % rows).id}` },
  { name: "first page of 20", path: () => "?limit=20" },
  { name: "page of 20 half-way through", path: (_, { cursor }) => `?limit=20&cursor=${cursor}` },
  {
    name: "20 rows by an index",
    path: (k, { rows }) =>
      `?filter=${encodeURIComponent(`ownerId=="owner-${(k * 31) % Math.floor(rows / 20)}"`)}&limit=20`,
  },
];

const contenders: Contender[] = [];
try {
  const tables: Table[] = [];
  for (const rows of [SMALL, LARGE]) {
    const contender = await startContender("ledge", { seq: 0, variant: "filled" });
    contenders.push(contender);
    await fill(contender, rows);
    tables.push({ contender, rows, cursor: await cursorAt(contender, Math.floor(rows / 2)) });
  }
  const text = await measureAll(tables);
  console.log(text);
  if (values.write) writeReport("scale", text);
} finally {
  await Promise.all(contenders.map((contender) => contender.stop()));
}

async function measureAll(tables: readonly Table[]): Promise<string> {
  const lines: string[] = [];
  for (const read of READS) {
    const seen = tables.map(() => ({ perSecond: [] as number[], cpu: [] as number[] }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const [table, list] = [tables[index], seen[index]];
        if (table === undefined || list === undefined) continue;
        const { perSecond, cpu } = await measure(table, read);
        list.perSecond.push(perSecond);
        list.cpu.push(cpu);
      }
    }
    const [small = 0, large = 0] = seen.map(({ perSecond }) => median(perSecond));
    const [smallCpu = 0, largeCpu = 0] = seen.map(({ cpu }) => median(cpu));
    lines.push(
      row([
        read.name,
        small.toFixed(0),
        large.toFixed(0),
        judged(small / large),
        smallCpu.toFixed(0),
        largeCpu.toFixed(0),
        judged(largeCpu / smallCpu),
      ]),
    );
  }
  return [
    `Machine: ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}. ${new Date().toISOString().slice(0, 10)}. \`npm run bench:scale -- --rows ${LARGE} --seconds ${SECONDS} --rounds ${ROUNDS}\`: one connection, medians.`,
    table(
      [
        "read",
        `requests/s, ${SMALL} rows`,
        `requests/s, ${LARGE} rows`,
        "time, large by small (≤ 1.2)",
        `CPU µs, ${SMALL} rows`,
        `CPU µs, ${LARGE} rows`,
        "CPU, large by small (≤ 1.2)",
      ],
      lines,
    ),
  ].join("\n\n");
}

function judged(ratio: number): string {
  return `${ratio.toFixed(2)}${ratio <= 1.2 ? "" : " (missed)"}`;
}

async function fill({ url }: Contender, rows: number): Promise<void> {
  // The object opens, and makes its tables.
  await send(url, { method: "GET", path: "/api/items?limit=1" });
  for (let from = 0; from < rows; from += CHUNK) {
    const path = `/bench/fill?from=${from}&to=${Math.min(from + CHUNK, rows)}`;
    const { status, text } = await send(url, { method: "GET", path });
    if (status !== 200) throw new Error(`filling failed: ${status} ${text}`);
  }
  const { text } = await send(url, { method: "GET", path: "/api/items/count" });
  if ((JSON.parse(text) as { count: number }).count !== rows) throw new Error(`${rows} rows were written, not ${text}`);
}

/** A cursor is bound to order and table, not to the filter: one row found by its id gives the place to go on from. */
async function cursorAt({ url }: Contender, n: number): Promise<string> {
  const filter = encodeURIComponent(`id>="${itemAt(n).id}"`);
  const { text } = await send(url, { method: "GET", path: `/api/items?filter=${filter}&limit=1` });
  const { nextCursor } = JSON.parse(text) as { nextCursor: string };
  const page = await send(url, { method: "GET", path: `/api/items?limit=1&cursor=${nextCursor}` });
  if (!page.text.includes(itemAt(n + 1).id)) throw new Error(`the cursor leads elsewhere: ${page.text}`);
  return nextCursor;
}

async function measure(table: Table, read: Read): Promise<{ perSecond: number; cpu: number }> {
  const { url, pid } = table.contender;
  let k = 0;
  const before = cpuMicros(pid);
  const outcome = await autocannon({
    url,
    connections: 1,
    duration: SECONDS,
    requests: [
      { setupRequest: (request) => ({ ...request, method: "GET", path: `/api/items${read.path(k++, table)}` }) },
    ],
  });
  if (outcome.non2xx > 0 || outcome.errors > 0) throw new Error(`${outcome.non2xx} refused, ${outcome.errors} errors`);
  return {
    perSecond: outcome.requests.total / outcome.duration,
    cpu: (cpuMicros(pid) - before) / outcome.requests.total,
  };
}
