import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { runLedge } from "../support/run-ledge.ts";

const COLUMNS = ["id", "title", "points"].map((name) => ({
  name,
  kind: name === "points" ? "int" : "text",
  notNull: false,
  hasDefault: false,
  writable: true,
}));

/** A server that keeps the public contract of `POST /api/movies` and nothing else. */
interface Fake {
  readonly url: string;
  readonly rows: Map<string, Record<string, Json>>;
  /** Called before each create; may answer it. */
  before: (
    row: Record<string, Json>,
    count: number,
  ) => { status: number; body?: Json; headers?: Record<string, string> } | undefined;
  posts: number;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function fakeLedge(): Promise<Fake> {
  const fake: Fake = { url: "", rows: new Map(), before: () => undefined, posts: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const reply = (status: number, body: Json, headers: Record<string, string> = {}) =>
      response.writeHead(status, headers).end(JSON.stringify(body));
    if (request.url === "/_/schema") {
      return reply(200, {
        tables: [{ name: "movies", primaryKey: "id", idKind: "uuid", partitionBy: null, columns: COLUMNS }],
      });
    }
    const row = JSON.parse(await text(request)) as Record<string, Json>;
    fake.posts += 1;
    const early = fake.before(row, fake.posts);
    if (early !== undefined) return reply(early.status, early.body ?? {}, early.headers);
    if (fake.rows.has(String(row.id))) return reply(409, { code: "CONFLICT", reason: "exists", id: String(row.id) });
    if (row.points === -1)
      return reply(400, { code: "VALIDATION_ERROR", errors: [{ field: "points", message: "must be positive" }] });
    fake.rows.set(String(row.id), row);
    return reply(201, {});
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function folderWith(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ledge-import-"));
  writeFileSync(join(folder, name), content);
  return folder;
}

const runImport = (folder: string, args: readonly string[], onStart?: (stop: () => void) => void) =>
  runLedge(folder, ["import", ...args], (child) => onStart?.(() => child.kill("SIGINT")));

const json = (rows: readonly Json[]) => JSON.stringify(rows);

test("[CLI7] rows of a file arrive with their types; what was converted is counted; repeating finds them there", async () => {
  const ledge = await fakeLedge();
  const folder = folderWith(
    "movies.json",
    json([{ Title: "Alien", Points: 8, Extra: 1 }, { Title: 1776, Points: null }, { Title: null }]),
  );
  const args = ["movies.json", "--table", "movies", "--url", ledge.url];
  const first = await runImport(folder, args);
  expect(first).toMatchObject({ code: 0 });
  expect(first.output).toMatch(/no column for: Extra/);
  expect(first.output).toMatch(/created +3\n +already there +0\n +converted +1 +values: title 1/);
  expect([...ledge.rows.values()].map(({ title, points }) => [title, points])).toEqual([
    ["Alien", 8],
    ["1776", null],
    [null, undefined],
  ]);
  const second = await runImport(folder, args);
  expect(second).toMatchObject({ code: 0 });
  expect(second.output).toMatch(/created +0\n +already there +3/);
  expect(readdirSync(join(folder, ".ledge"))).toEqual([]);
});

test("[CLI7] CSV text becomes what the columns hold", async () => {
  const ledge = await fakeLedge();
  const folder = folderWith("movies.csv", 'name,Points\n"Once, twice",7\nEmpty,\n');
  expect(
    (await runImport(folder, ["movies.csv", "--table", "movies", "--url", ledge.url, "--map", "name=title"])).code,
  ).toBe(0);
  expect([...ledge.rows.values()].map(({ title, points }) => [title, points])).toEqual([
    ["Once, twice", 7],
    ["Empty", null],
  ]);
});

test("[CLI7] refused rows do not stop the others: they are grouped by reason, written down, and the exit code is 1", async () => {
  const ledge = await fakeLedge();
  const rows = Array.from({ length: 20 }, (_, index) => ({ title: `t${index}`, points: index % 2 === 0 ? -1 : index }));
  const folder = folderWith("movies.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
  const { code, output } = await runImport(folder, ["movies.jsonl", "--table", "movies", "--url", ledge.url]);
  expect(code).toBe(1);
  expect(output).toMatch(/created +10\n/);
  expect(output).toMatch(/points must be positive: 10 \(row (\d+, ){5}…\)/);
  const file = /reasons: (.*)\n/.exec(output)?.[1] ?? "";
  const written = readFileSync(join(folder, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { place: number; fields: Json });
  expect(written.map(({ place }) => place).sort((a, b) => a - b)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
  expect(written[0]?.fields).toMatchObject({ points: -1 });
});

test("[CLI7] an overloaded server is asked again when it says; a reply lost on the way makes no second row", async () => {
  const ledge = await fakeLedge();
  ledge.before = (row, count) => {
    if (count === 1) return { status: 503, headers: { "retry-after": "0" } };
    if (count === 2) {
      ledge.rows.set(String(row.id), row); // Written, but the reply is lost.
      return { status: 503, headers: { "retry-after": "0" } };
    }
    return undefined;
  };
  const folder = folderWith("movies.json", json(Array.from({ length: 10 }, (_, index) => ({ title: `t${index}` }))));
  expect((await runImport(folder, ["movies.json", "--table", "movies", "--url", ledge.url])).code).toBe(0);
  expect(ledge.rows.size).toBe(10);
});

test("[CLI7] an interrupted import goes on where it stopped", async () => {
  const ledge = await fakeLedge();
  const rows = Array.from({ length: 400 }, (_, index) => ({ title: `t${index}` }));
  const folder = folderWith("movies.json", json(rows));
  const args = ["movies.json", "--table", "movies", "--url", ledge.url];
  let stop = () => {};
  ledge.before = (_row, count) => {
    if (count === 150) stop();
    return undefined;
  };
  const first = await runImport(folder, args, (kill) => {
    stop = kill;
  });
  expect(first).toMatchObject({ code: 130 });
  expect(first.output).toMatch(/stopped after row \d+; the same command goes on/);
  const before = ledge.posts;
  expect(before).toBeLessThan(400);
  const second = await runImport(folder, args);
  expect(second).toMatchObject({ code: 0 });
  expect(second.output).toMatch(/going on after row \d+/);
  expect(ledge.rows.size).toBe(400);
  expect(ledge.posts - before).toBeLessThanOrEqual(400 - before + 8);
});

test("[CLI7] what would meet every row is said once, with the mend", async () => {
  const ledge = await fakeLedge();
  ledge.before = () => ({ status: 403, body: { detail: "no" } });
  const folder = folderWith("movies.json", json([{ title: "a" }]));
  const run = (...args: string[]) => runImport(folder, ["movies.json", "--url", ledge.url, ...args]);
  expect(await run("--table", "movies")).toMatchObject({
    code: 1,
    output: expect.stringMatching(/answered 403: no\. Say who imports: --token/) as unknown,
  });
  expect(await run("--table", "films")).toMatchObject({
    code: 1,
    output: expect.stringMatching(/no table "films".*Tables are: movies/) as unknown,
  });
  expect(await run("--table", "movies", "--partition", "p")).toMatchObject({
    code: 1,
    output: expect.stringMatching(/not partitioned/) as unknown,
  });
  expect(await run("--table", "movies", "--id-from", "nr")).toMatchObject({
    code: 1,
    output: expect.stringMatching(/no field "nr"/) as unknown,
  });
  expect(await run("--tabel", "movies")).toMatchObject({ code: 2 });
  const foreign = folderWith("bodies.json", json([{ body: "a" }]));
  expect(await runImport(foreign, ["bodies.json", "--table", "movies", "--url", ledge.url])).toMatchObject({
    code: 1,
    output: expect.stringMatching(
      /No field of the file has a column in "movies".*Fields are: body.*Columns are: id, title, points/s,
    ) as unknown,
  });
});
