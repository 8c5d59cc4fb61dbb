/**
 * `npm run bench:read-model`: how fast the copies in D1 follow, beside D1's own batch inserts of the same rows (equal bytes asserted first);
 * how late they are at a steady rate of writes; what a copied commit costs, alone and in bursts; and reads of a view beside queries by
 * hand; how fast all objects are asked in turn. One workerd, D1 on the same disk. ROWS=, ROUNDS=, READS=, RATE=, SECONDS=, OBJECTS= change it; `--write` puts the tables into docs/benchmarks.md.
 */

import { deepStrictEqual } from "node:assert";
import { mkdtempSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "../../src/cli/generate/generate.ts";
import { youngCpuMicros } from "./cpu-time.ts";
import { type Item, itemAt } from "./items.ts";
import { row, table } from "./markdown-table.ts";
import { median } from "./median.ts";
import { type BareRow, CREATE_BARE } from "./read-model-bare.ts";
import { measureLag } from "./read-model-lag.ts";
import type { Spent } from "./read-model-worker.ts";
import { bundleWorker, LEDGE_BINDINGS, startWorker } from "./start-worker.ts";
import { writeReport } from "./write-report.ts";

const ROWS = Number(process.env.ROWS ?? 10_000);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const RATE = Number(process.env.RATE ?? 500);
const SECONDS = Number(process.env.SECONDS ?? 10);
const BATCH = 1000;
const SINGLES = 20;
const READS = Number(process.env.READS ?? 300);
const OBJECTS = Number(process.env.OBJECTS ?? 1000);

const folder = mkdtempSync(join(tmpdir(), "ledge-bench-read-model-"));
const root = join(import.meta.dirname, "../..");
const migrations = join(root, "test/.generated/bench-read-model");
const made = await generate({
  project: {
    root,
    app: join(import.meta.dirname, "read-model-app.ts"),
    migrations,
    state: join(root, "test/.generated"),
  },
  mode: "write",
  renames: [],
  consent: { kind: "withheld" },
  acceptedPlacements: [],
});
if (made.kind === "refused") throw new Error(made.problems.join("\n"));
const script = await bundleWorker(folder, {
  stdin: {
    contents: `
      import { migrations } from ${JSON.stringify(join(migrations, "migrations.ts"))};
      import { benchObject, worker } from "./read-model-worker.ts";
      export const TableObject = benchObject(migrations);
      export default worker;`,
    resolveDir: import.meta.dirname,
    sourcefile: "entry.ts",
    loader: "ts",
  },
  loader: { ".sql": "text" },
});
const bindings = {
  ...LEDGE_BINDINGS,
  bindings: { ...LEDGE_BINDINGS.bindings, LEDGE_ENV: "development" },
  d1Databases: { LEDGE_D1: "bench" },
};
const { miniflare, url, pid, stop } = await startWorker(folder, script, bindings);
const tables: string[] = [];
try {
  const database = await miniflare.getD1Database("LEDGE_D1");
  for (const sql of [...(await readMigrations(join(migrations, "d1"))), ...CREATE_BARE])
    await database.prepare(sql).run();
  await get("/pause?is=true");
  const projected = await projecting(database);
  // Before anything else is written: the views then stand on the same rows as the tables by hand.
  const read = await reads();
  await get("/pause?is=false");
  tables.push(projected, await lag(), await costs(), read, await walks());
} finally {
  await stop();
}
const machine = `Machine: ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0]?.toFixed(1)} at the end. \`npm run bench:read-model\`: ${ROWS} rows, ${ROUNDS} rounds, medians; workerd and Miniflare's D1, in one process, on one disk.`;
const report = [machine, ...tables].join("\n\n");
console.log(report);
if (process.argv.includes("--write")) writeReport("read-model", report);

/** Rows a second: back-filled, followed, and put in by hand, in turns. */
async function projecting(database: Awaited<ReturnType<typeof miniflare.getD1Database>>): Promise<string> {
  const times: Record<"fill" | "follow" | "row" | "many", number[]> = { fill: [], follow: [], row: [], many: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const box = `bulk${round}`;
    const items = Array.from({ length: ROWS }, (_, n) => itemAt(round * ROWS + n));
    const object = `t/bench/box_items/${box}`;
    const half = ROWS / 2;
    await create(box, items.slice(0, half));
    const fill = async () => times.fill.push((half / (await follow(object))) * 1000);
    const many = async () => times.many.push((half / (await byHand(box, items.slice(0, half), "many"))) * 1000);
    for (const run of round % 2 === 0 ? [fill, many] : [many, fill]) await run();
    await create(box, items.slice(half));
    const later = async () => times.follow.push((half / (await follow(object))) * 1000);
    const single = async () => times.row.push((half / (await byHand(box, items.slice(half), "row"))) * 1000);
    for (const run of round % 2 === 0 ? [later, single] : [single, later]) await run();
    await assertEqual(database, box);
  }
  const best = Math.max(median(times.row), median(times.many));
  const line = (name: string, values: readonly number[]) =>
    row([name, Math.round(median(values)), (median(values) / best).toFixed(2)]);
  return table(
    [`rows a second, ${ROWS / 2} rows`, "rows/s", "of the faster by hand"],
    [
      line("copied: rows that were there before (back-fill)", times.fill),
      line("copied: commits of 1,000 rows each (follow)", times.follow),
      line("by hand: a batch of prepared inserts, one a row", times.row),
      line("by hand: a batch of inserts of ten rows each", times.many),
    ],
  );
}

async function create(box: string, items: readonly Item[]): Promise<void> {
  for (let at = 0; at < items.length; at += BATCH)
    await post(`/api/@${box}/box_items/batch`, { items: items.slice(at, at + BATCH) });
}

/** Milliseconds until the copy has everything. */
async function follow(object: string): Promise<number> {
  return (await get<{ readonly ms: number }>(`/follow?object=${object}`)).ms;
}

async function byHand(box: string, items: readonly Item[], each: "row" | "many"): Promise<number> {
  let ms = 0;
  for (let at = 0; at < items.length; at += BATCH) {
    const rows = items.slice(at, at + BATCH).map((item) => bareRow(box, item));
    ms += (await post<{ readonly ms: number }>("/bare/insert", { rows, each })).ms;
  }
  return ms;
}

/** Byte for byte, or nothing was measured. */
async function assertEqual(database: Awaited<ReturnType<typeof miniflare.getD1Database>>, box: string): Promise<void> {
  const columns = "id, box, owner_id, title, status, rank, score, done, created_at, note";
  const read = async (from: string) =>
    (await database.prepare(`SELECT ${columns} FROM ${from} ORDER BY id`).bind(box).all()).results;
  const visible = "rm_box_items WHERE box = ? AND _copy NOT IN (SELECT id FROM rm_copies WHERE is_hidden = 1)";
  const [copied, byHand] = [await read(visible), await read("bare_items WHERE box = ?")];
  deepStrictEqual(copied, byHand);
  deepStrictEqual(copied.length, ROWS);
}

async function lag(): Promise<string> {
  const lines: string[] = [];
  for (const objects of [1, 10]) {
    const boxes = Array.from({ length: objects }, (_, n) => `lag${objects}x${n}`);
    const { perSecond, ms, commits } = await measureLag({ url, boxes, rate: RATE, seconds: SECONDS });
    const shown = ({ p50, p95, max }: { p50: number; p95: number; max: number }) =>
      [p50, p95, max].map((each) => each.toFixed(0));
    lines.push(row([objects, Math.round(perSecond), ...shown(ms), ...shown(commits)]));
  }
  return table(["objects", "writes/s", "ms behind, p50", "p95", "most", "commits behind, p50", "p95", "most"], lines);
}

/** What the platform bills, a commit. */
async function costs(): Promise<string> {
  await create("cost", [itemAt(0)]);
  await pause(500);
  await get("/cost");
  const patch = (n: number) => send("PATCH", `/api/@cost/box_items/${itemAt(0).id}`, { rank: n });
  for (let n = 0; n < SINGLES; n++) {
    await patch(n);
    await pause(250);
  }
  const alone = await get<Spent>("/cost");
  const burst = 500;
  await create(
    "burst",
    Array.from({ length: burst }, (_, n) => itemAt(n)),
  );
  await pause(1000);
  await get("/cost");
  await Promise.all(
    Array.from({ length: 10 }, async (_, lane) => {
      for (let n = lane; n < burst; n += 10)
        await send("PATCH", `/api/@burst/box_items/${itemAt(n).id}`, { rank: n + 1 });
    }),
  );
  await pause(1500);
  const together = await get<Spent>("/cost");
  const line = (name: string, spent: Spent, n: number) => {
    const each = (value: number) => (value / n).toFixed(2);
    // The commit itself writes two: its row and the ledger's.
    return row([
      name,
      each(spent.pulls + spent.alarms),
      each(spent.objectRowsWritten - 2 * n),
      each(spent.batches),
      each(spent.d1RowsRead),
      each(spent.d1RowsWritten),
    ]);
  };
  return table(
    [
      "what a copied commit of one row adds",
      "object requests (alarm, page)",
      "rows written in the object, without `setAlarm`",
      "batches of D1",
      "D1 rows read",
      "D1 rows written",
    ],
    [line(`alone (${SINGLES})`, alone, SINGLES), line(`one of ${burst}, ten writers`, together, burst)],
  );
}

async function reads(): Promise<string> {
  const words = ["garden", "fence", "rose", "paint", "stone"];
  const pages = Array.from({ length: 2000 }, (_, n) => ({
    id: `p${String(n).padStart(5, "0")}`,
    title: `${words[n % 5]} ${words[(n >> 3) % 5]} page ${n}`,
  }));
  for (let at = 0; at < pages.length; at += BATCH)
    await post("/api/pages/batch", { items: pages.slice(at, at + BATCH) });
  await follow("t/bench/pages");
  await post("/bare/pages", pages);
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      "list of 20 by an index",
      `/api/all_items?filter=${encodeURIComponent('ownerId=="owner-7"')}`,
      "/bare/list?owner=owner-7",
      "box_items",
    ],
    [
      "count over all rows",
      `/api/all_items/count?filter=${encodeURIComponent("rank<100")}`,
      "/bare/count?",
      "box_items",
    ],
    [
      "groups over all rows",
      "/api/all_items/aggregate?groupBy=status&count=true&sum=rank",
      "/bare/aggregate?",
      "box_items",
    ],
    [
      "search of 2,000 rows, ten best",
      "/api/search?resources=pages&q=garden%20fence&limit=10",
      `/bare/search?q=${encodeURIComponent('"garden" "fence"')}`,
      "pages",
    ],
  ];
  const lines: string[] = [];
  for (const [name, own, bare, group] of cases) {
    const [left, right] = [await get<Record<string, unknown>>(own), await get<Record<string, unknown>>(bare)];
    const ours = (left.results as { pages: Record<string, unknown> } | undefined)?.pages ?? left;
    for (const member of Object.keys(right)) {
      // Of rows that are equally good either may come first.
      if (name.startsWith("search"))
        deepStrictEqual((ours.items as unknown[]).length, (right.items as unknown[]).length);
      else deepStrictEqual(ours[member], right[member], name);
    }
    const aged = `${bare}&age=${group}`;
    deepStrictEqual(await get(aged), right);
    const paths = [own, bare, aged];
    const times = paths.map((): number[] => []);
    const cpu = paths.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++)
      for (let turn = 0; turn < paths.length; turn++) {
        const which = (round + turn) % paths.length;
        const [startedAt, spentMicros] = [performance.now(), youngCpuMicros(pid)];
        for (let n = 0; n < READS / ROUNDS; n++) await get(paths[which] ?? "");
        times[which]?.push((performance.now() - startedAt) / (READS / ROUNDS));
        cpu[which]?.push((youngCpuMicros(pid) - spentMicros) / 1000 / (READS / ROUNDS));
      }
    const shown = (each: readonly (readonly number[])[]) => {
      const [mine = 0, theirs = 0, withAge = 0] = each.map(median);
      return [mine.toFixed(2), theirs.toFixed(2), withAge.toFixed(2), (theirs / mine).toFixed(2)];
    };
    lines.push(row([name, ...shown(times), ...shown(cpu)]));
  }
  const columns = (unit: string) => [
    `view, ${unit}`,
    `by hand, ${unit}`,
    `by hand with the age, ${unit}`,
    "by hand by view",
  ];
  return table(["read, one connection", ...columns("ms"), ...columns("CPU ms")], lines);
}

/** All objects of the group in turn, none of which has news: as they are, and after all have been out of memory. */
async function walks(): Promise<string> {
  const boxes = Array.from({ length: OBJECTS }, (_, n) => `walk${n}`);
  for (let at = 0; at < boxes.length; at += 20)
    await Promise.all(boxes.slice(at, at + 20).map((box, n) => create(box, [itemAt(at + n)])));
  const walk = () => get<{ readonly ms: number; readonly stretches: number }>("/walk?group=box_items");
  const first = await walk();
  const times = [];
  for (let round = 0; round < ROUNDS; round++) times.push((await walk()).ms);
  // Objects leave memory after ten seconds without a request.
  await pause(15_000);
  const line = (name: string, ms: number) => row([name, ms.toFixed(0), Math.round((OBJECTS * 1000) / ms)]);
  return table(
    [`asked in turn, ${OBJECTS} objects and more, ${first.stretches} stretches`, "ms", "objects/s"],
    [
      line("the first time, each with a copy to be brought on", first.ms),
      line("none with news", median(times)),
      line("none with news, all out of memory", (await walk()).ms),
    ],
  );
}

function bareRow(box: string, item: Item): BareRow {
  const { id, ownerId, title, status, rank, score, done, createdAt, note } = item;
  return [id, box, ownerId, title, status, rank, score, done ? 1 : 0, Date.parse(createdAt), note];
}

async function readMigrations(path: string): Promise<string[]> {
  const { readdirSync, readFileSync } = await import("node:fs");
  const files = readdirSync(path)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return files
    .flatMap((name) => readFileSync(join(path, name), "utf8").split("--> statement-breakpoint"))
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

async function send(method: string, path: string, body: unknown): Promise<Response> {
  const reply = await fetch(url + path, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply;
}

async function post<T = unknown>(path: string, body: unknown): Promise<T> {
  const text = await (await send("POST", path, body)).text();
  return (text === "" ? null : JSON.parse(text)) as T;
}

async function get<T = unknown>(path: string): Promise<T> {
  const reply = await fetch(url + path);
  if (!reply.ok) throw new Error(`GET ${path}: ${reply.status} ${await reply.text()}`);
  return (await reply.json()) as T;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
