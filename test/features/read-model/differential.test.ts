/**
 * Whatever is asked, a view over a local D1 answers as the table's own object does on the same rows: the same items in the same order, the
 * same pages, counts, groups and refusals. Seeded: RUNS= for more rows and questions, SEED= for others, SHRINK=1 for a small counterexample.
 */

import fc from "fast-check";
import { expect, it } from "vitest";
import { printFilter } from "../../../src/core/query/print.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { filterOf, rowsOf } from "../../core/query/sample-table.ts";
import { type Sent, send, settle } from "./client.ts";
import { samples } from "./differential-tables.ts";

const RUNS = Number(process.env.RUNS ?? 4);
const SEED = Number(process.env.SEED ?? 20261129);
const QUESTIONS = 40;
const OBJECT = "t/test/samples";
let round = 0;

const { spec } = samples;
const names = spec.columns.map(({ name }) => name);
const rows = rowsOf({ ...spec, columns: spec.columns.filter(({ name }) => name !== "goneAt") }, 24, 8);

const some = (from: readonly string[], maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...from), { minLength: 1, maxLength }).map((list) => list.join(","));
const orderBy = fc
  .uniqueArray(fc.tuple(fc.constantFrom("", "-"), fc.constantFrom(...names, "nope")), {
    minLength: 1,
    maxLength: 3,
    selector: ([, name]) => name,
  })
  .map((terms) => terms.map((term) => term.join("")).join(","));
/** A filter that the parser takes, or one that it refuses. */
const filter = fc.oneof(
  { weight: 12, arbitrary: filterOf(spec).map(printFilter) },
  { weight: 1, arbitrary: fc.constantFrom("rank==", "nope==1", 'title=regex="a"', "rank=has=1", "(rank==1") },
);
const numbers = ["count", "rank", "price"];
const parameters = fc.record({
  filter,
  orderBy,
  select: some([...names, "length", "nope"], 4),
  limit: fc.constantFrom("1", "2", "5", "100", "0"),
  offset: fc.constantFrom("0", "3", "50"),
  totalCount: fc.constantFrom("true", "true", "yes"),
  groupBy: some([...names, "nope"], 3),
  count: fc.constantFrom("true", "true", "no"),
  sum: some([...numbers, "title"], 2),
  avg: some(numbers, 2),
  min: some(names, 2),
  max: some(names, 2),
  having: fc.constantFrom("count>=2", "count==1", "count<1"),
});
const OFFERED: Readonly<Record<string, readonly string[]>> = {
  "": ["filter", "orderBy", "select", "limit", "offset", "totalCount"],
  "/count": ["filter"],
  "/aggregate": ["filter", "groupBy", "count", "sum", "avg", "min", "max", "having", "limit"],
};
interface Question {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}
const question: fc.Arbitrary<Question> = fc.constantFrom("", "", "/count", "/aggregate").chain((path) =>
  fc.tuple(parameters, fc.subarray([...(OFFERED[path] ?? [])], { minLength: 1 })).map(([given, asked]) => ({
    path,
    query: Object.fromEntries(Object.entries(given).filter(([name]) => asked.includes(name))),
  })),
);

it("[RM1] a view answers every question as the object does on the same rows", async () => {
  const statuses: Record<string, number> = {};
  let [walked, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS }),
      async (list, questions) => {
        await replaceRows(list);
        for (const { path, query } of questions) {
          const [own, copied] = await askBoth(path, query);
          if (own.status === 400 && own.json.detail === copied.json.detail) refused++;
          statuses[own.status] = (statuses[own.status] ?? 0) + 1;
          // Of two things to refuse, each may name another.
          const isSame = own.status !== 400 || own.json.detail === copied.json.detail;
          const [expected, found] = isSame ? [comparable(own), comparable(copied)] : [own.status, copied.status];
          expect(found, JSON.stringify([path, query])).toEqual(expected);
          if (path === "" && own.status === 200 && !("offset" in query)) walked += await walk(query, own, copied);
        }
      },
    ),
    { numRuns: RUNS, seed: SEED, endOnFailure: process.env.SHRINK === undefined },
  );
  // A property that is only ever refused has not looked where it should.
  expect(statuses[200] ?? 0).toBeGreaterThan(RUNS * 10);
  expect(refused).toBeGreaterThan(RUNS);
  expect(walked).toBeGreaterThan(RUNS * 5);
}, 600_000);

it("[S9] [SR6] a search in the copies finds what a search in the object finds", async () => {
  const words = fc.constantFrom("garden", "Gartén", "rose", "red", "blue*", '"red rose"', "ros*", "nothing", "née");
  const texts = fc.array(words, { minLength: 1, maxLength: 4 }).map((list) => list.join(" ").replace(/["*]/g, ""));
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(texts, { minLength: 5, maxLength: 20 }),
      fc.array(words, { minLength: 6, maxLength: 9 }),
      async (titles, asked) => {
        await replaceRows(
          titles.map((title, index) => ({ id: `s${index}`, title, status: "x", rank: index, bornAt: 0 })),
        );
        for (const q of asked) {
          const query = new URLSearchParams({ q, limit: "100" });
          const own = await send("ann", `GET /api/samples/search?${query}`);
          const copied = await send("ann", `GET /api/search?resources=samples&${query}`);
          const { samples: answer } = copied.json.results as { samples: { items: Row[]; hasMore: boolean } };
          // How relevant a row is depends on all rows of the index, which holds those of older copies too.
          expect(byId(answer.items), q).toEqual(byId(own.json.items as Row[]));
          found += answer.items.length;
        }
      },
    ),
    { numRuns: RUNS, seed: SEED, endOnFailure: process.env.SHRINK === undefined },
  );
  expect(found).toBeGreaterThan(RUNS * 5);
}, 600_000);

/** The table holds these rows, one that was deleted, and those of the rounds before, deleted too. */
async function replaceRows(list: readonly Row[]): Promise<void> {
  const removed = await send("ann", "DELETE /api/samples/batch", { filter: "rank=isnull=false" });
  expect(removed.status, JSON.stringify(removed.json)).toBe(200);
  const gone = { id: "gone", title: "garden", status: "gone", rank: 1, bornAt: 0 };
  const items = [...list, gone].map((row) => ({ ...row, id: `${round}${row.id}` }));
  const made = await send("ann", "POST /api/samples/batch", { items });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  expect((await send("ann", `DELETE /api/samples/${round}gone`)).status).toBe(204);
  round++;
  await settle(OBJECT);
}

async function askBoth(path: string, query: Readonly<Record<string, string>>): Promise<readonly [Sent, Sent]> {
  const text = new URLSearchParams(query).toString();
  return [
    await send("ann", `GET /api/samples${path}?${text}`),
    await send("ann", `GET /api/all_samples${path}?${text}`),
  ];
}

/** Follows the cursors of both to the end; how many pages there were. */
async function walk(query: Readonly<Record<string, string>>, own: Sent, copied: Sent): Promise<number> {
  let pages = 0;
  let [left, right] = [own.json.nextCursor, copied.json.nextCursor];
  while (typeof left === "string" && typeof right === "string" && pages < 8) {
    const next = (path: string, cursor: string) =>
      send("ann", `GET /api/${path}?${new URLSearchParams({ ...query, cursor })}`);
    const [a, b] = [await next("samples", left), await next("all_samples", right)];
    expect(comparable(b), JSON.stringify([query, left])).toEqual(comparable(a));
    [left, right] = [a.json.nextCursor, b.json.nextCursor];
    pages++;
  }
  return pages;
}

/** The answer without what tells the two apart by right: positions and times, the path, signatures of cursors. */
function comparable({ status, json, headers }: Sent): unknown {
  const { seq: _seq, asOf: _asOf, instance: _instance, requestId: _requestId, nextCursor, ...kept } = json;
  return {
    status,
    total: headers.get("x-total-count"),
    cursor: typeof nextCursor === "string" ? placeIn(nextCursor) : nextCursor,
    ...kept,
  };
}

/** What a cursor holds, its time aside. */
function placeIn(cursor: string): unknown {
  const [payload = ""] = cursor.split(".");
  const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const { o, k } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  return [o, k];
}

function byId(list: readonly Row[]): readonly Row[] {
  return list.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
}
