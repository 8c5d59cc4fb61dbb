/**
 * The full-text index over real SQLite: it equals an index built anew after any writes and rollbacks, no text is an error, and what it
 * finds is what a plain reading of the rows finds.
 */

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { searchExpression } from "../../durable-objects/sql/search-expression.ts";
import { createIndex, dropIndex, indexColumns, type SearchedTable } from "../../durable-objects/sql/search-index.ts";
import { marksIn, searchRows } from "../../durable-objects/sql/search-rows.ts";
import { highlightPieces } from "../../src/core/query/highlight.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { column, createTable, runs, tableOf, text } from "../core/query/sample-table.ts";

/** Column names that FTS5 and SQLite keep for themselves are ours to use. */
const NOTES: SearchedTable = {
  ...tableOf(
    [
      column("id", "text", { primaryKey: true, notNull: true }),
      column("title", "text", { notNull: true }),
      column("rank", "text"),
      column("rowid", "text"),
      column("size", "int"),
    ],
    { name: "notes" },
  ),
  search: {
    fields: [
      { name: "title", weight: 3 },
      { name: "rank", weight: 1 },
      { name: "rowid", weight: 1 },
    ],
  },
};

function open(): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run(createTable(NOTES));
  createIndex(sql, NOTES);
  return sql;
}

type Note = {
  readonly id: string;
  readonly title: string;
  readonly rank: string | null;
  readonly rowid: string | null;
  readonly size: number | null;
};

function insert(sql: Sql, { id, title, rank, rowid, size }: Note): void {
  sql.run('INSERT INTO notes (id, title, "rank", "rowid", size) VALUES (?, ?, ?, ?, ?)', [
    id,
    title,
    rank,
    rowid,
    size,
  ]);
}

/** Every word of the index with its place. */
function words(sql: Sql): unknown[] {
  sql.run("CREATE VIRTUAL TABLE words USING fts5vocab('_fts_notes', 'instance')");
  const found = sql.all("SELECT term, doc, col, offset FROM words ORDER BY term, doc, col, offset");
  sql.run("DROP TABLE words");
  return found.map((record) => ({ ...record }));
}

function find(
  sql: Sql,
  q: string,
  more: {
    readonly fields?: readonly string[];
    readonly filter?: Filter;
    readonly limit?: number;
    readonly offset?: number;
  } = {},
) {
  const { fields = ["title", "rank", "rowid"], filter, limit = 100, offset = 0 } = more;
  const expression = searchExpression(q, fields.length === 3 ? null : indexColumns(NOTES, fields));
  if (expression === null) return null;
  const search = { table: NOTES, where: filter === undefined ? [] : [filter], expression, fields };
  return { ...searchRows(sql, search, { limit, offset, totalCount: true }), search };
}

function ids(page: ReturnType<typeof find>): unknown[] {
  return page?.rows.map(({ row }) => row.id) ?? [];
}

const id = fc.constantFrom("a", "b", "c", "d", "e", "f");
const note = fc.record({
  id,
  title: text,
  rank: fc.option(text, { nil: null }),
  rowid: fc.option(text, { nil: null }),
  size: fc.option(fc.nat(5), { nil: null }),
});
const write = fc.oneof(
  fc.record({ kind: fc.constant("insert" as const), note }),
  fc.record({ kind: fc.constant("update" as const), note }),
  fc.record({ kind: fc.constant("resize" as const), note }),
  fc.record({ kind: fc.constant("delete" as const), note }),
  fc.record({ kind: fc.constant("all" as const), note }),
);
type Write = typeof write extends fc.Arbitrary<infer W> ? W : never;

function carryOut(sql: Sql, { kind, note: { id, title, rank, rowid, size } }: Write): void {
  switch (kind) {
    case "insert":
      sql.run(
        'INSERT INTO notes (id, title, "rank", "rowid", size) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title',
        [id, title, rank, rowid, size],
      );
      return;
    case "update":
      sql.run('UPDATE notes SET title = ?, "rank" = ?, "rowid" = ? WHERE id = ?', [title, rank, rowid, id]);
      return;
    case "resize":
      sql.run("UPDATE notes SET size = ? WHERE id = ?", [size, id]);
      return;
    case "delete":
      sql.run("DELETE FROM notes WHERE id = ?", [id]);
      return;
    case "all":
      sql.run('UPDATE notes SET "rank" = title WHERE size > 1');
  }
}

test("[SR1] after any writes and rollbacks the index equals one that is built anew", () => {
  let rolledBack = 0;
  fc.assert(
    fc.property(
      fc.array(fc.record({ writes: fc.array(write, { maxLength: 6 }), isKept: fc.boolean() }), { maxLength: 6 }),
      (transactions) => {
        const sql = open();
        for (const { writes, isKept } of transactions) {
          try {
            sql.transaction(() => {
              sql.transaction(() => {
                for (const each of writes) carryOut(sql, each);
              });
              if (!isKept) throw new RangeError();
            });
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
            rolledBack++;
          }
        }
        // Compares the index with the rows; throws when they differ.
        sql.run("INSERT INTO _fts_notes(_fts_notes, rank) VALUES ('integrity-check', 1)");
        const kept = words(sql);
        dropIndex(sql, "notes");
        createIndex(sql, NOTES);
        expect(kept).toEqual(words(sql));
      },
    ),
    runs(150),
  );
  expect(rolledBack).toBeGreaterThan(50);
});

test("[SR1] removing the index leaves nothing behind", () => {
  const sql = open();
  dropIndex(sql, "notes");
  expect(sql.all("SELECT name FROM sqlite_master WHERE name LIKE '_fts%'")).toEqual([]);
});

const SYNTAX = [
  "AND",
  "OR",
  "NOT",
  "NEAR(",
  "NEAR",
  "(",
  ")",
  '"',
  "*",
  "^",
  ":",
  "-",
  "+",
  "{",
  "}",
  "title:",
  "c0 :",
  ",",
  "'",
  "\\",
  ";",
  "--",
  "\u0000",
  "a",
  "b",
  " ",
  "😀",
  "é",
  "e\u0301",
  "\ud800",
];
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.array(fc.constantFrom(...SYNTAX), { maxLength: 30 }).map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...SYNTAX), { maxLength: 30 }).map((parts) => parts.join(" ")),
);

test("[SR3] no text is an error, a row with that very text is found by its words", () => {
  const sql = open();
  for (const [index, title] of ["a", "b a", "AND", "near", "c0 a", "é", "title"].entries())
    insert(sql, { id: `r${index}`, title, rank: "a", rowid: null, size: index });
  fc.assert(
    fc.property(anyText, fc.subarray(["title", "rank", "rowid"], { minLength: 1 }), (q, fields) => {
      const page = find(sql, q, { fields });
      for (const found of page?.rows ?? []) if (page !== null) marksIn(sql, page.search, found, fields);
    }),
    runs(3000),
  );
  for (const q of ["AND", '"near"', "c0", "title"]) expect(ids(find(sql, q)).length, q).toBe(1);
  expect(ids(find(sql, "NOT AND"))).toEqual([]);
  for (const q of ["", "*", '"', '""', "-", "😀", "( )", "\u0000", "^ +"]) expect(ids(find(sql, q)), q).toEqual([]);
});

const vocabulary = ["red", "blue", "redder", "Crème", "brûlée", "x1", "ＡＢ", "straße"];
const phraseText = fc.array(fc.constantFrom(...vocabulary), { maxLength: 6 }).map((list) => list.join(" "));
const term = fc.oneof(
  fc.constantFrom(...vocabulary, "RED", "creme", "BRULEE", "nothing"),
  fc.constantFrom("re*", "B*", "cre*", "x*", "zz*"),
  fc
    .array(fc.constantFrom("red", "blue", "creme", "x1"), { minLength: 2, maxLength: 3 })
    .map((list) => `"${list.join(" ")}"`),
);

/** Folded as unicode61 folds these words. */
function tokens(value: string | null): string[] {
  return (value ?? "")
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .split(" ")
    .filter((word) => word !== "");
}

function isIn(written: string, value: string | null): boolean {
  const list = tokens(value);
  const wanted = tokens(written.replaceAll('"', "").replace(/\*$/, ""));
  const isSame = (word: string | undefined, index: number) =>
    written.endsWith("*") ? word?.startsWith(wanted[index] ?? "") === true : word === wanted[index];
  return list.some((_, start) => wanted.every((_word, index) => isSame(list[start + index], index)));
}

test("[SR3] finds the rows that hold every word, phrase and prefix; [SR5] under the filter, pages and total fitting together", () => {
  const filters = ["", "size>1", 'title%="%e_"', "!(size==2)"].map((written) =>
    parseFilter(written, { table: NOTES, fields: "client", parameter: "filter" }),
  );
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(phraseText, fc.option(phraseText, { nil: null }), fc.nat(4)), {
        minLength: 3,
        maxLength: 12,
        size: "max",
      }),
      fc.array(
        fc.tuple(
          term,
          fc.option(term, { nil: "", freq: 2 }),
          fc.subarray(["title", "rank"], { minLength: 1 }),
          fc.constantFrom(...filters),
        ),
        { minLength: 6, maxLength: 10 },
      ),
      (list, questions) => {
        const sql = open();
        const rows = list.map(
          ([title, rank, size], index): Note => ({
            id: `r${String(index).padStart(2, "0")}`,
            title,
            rank,
            rowid: null,
            size,
          }),
        );
        for (const row of rows) insert(sql, row);
        for (const [first, second, fields, filter] of questions) {
          const q = `${first} ${second}`.trim();
          const wanted = [first, second].filter((written) => written !== "");
          const meets = (row: Note) => {
            if (filter.kind === "not") return row.size !== 2;
            if (filter.kind !== "compare") return true;
            return filter.field === "size" ? (row.size ?? 0) > 1 : /e.$/u.test(row.title);
          };
          const expected = rows
            .filter(
              (row) =>
                meets(row) &&
                wanted.every((written) => fields.some((field) => isIn(written, row[field as "title" | "rank"]))),
            )
            .map((row) => row.id);
          const page = find(sql, q, { fields, filter });
          expect([...ids(page)].sort(), JSON.stringify({ q, fields })).toEqual(expected);
          expect(page?.totalCount).toBe(expected.length);
          hits += expected.length;
          const pages = [0, 2, 4, 6, 8, 10].flatMap((offset) =>
            ids(find(sql, q, { fields, filter, limit: 2, offset })),
          );
          expect(pages).toEqual(ids(page));
          expect(find(sql, q, { fields, filter, limit: 2 })?.hasMore).toBe(expected.length > 2);
        }
      },
    ),
    runs(60),
  );
  // Between 300 and 450 as a rule: it did find something.
  expect(hits).toBeGreaterThan(100);
});

test("[S6] the order of two rows depends on nothing but them and the query", () => {
  fc.assert(
    fc.property(
      fc.array(phraseText, { minLength: 2, maxLength: 8 }),
      fc.array(phraseText, { maxLength: 8 }),
      fc.array(term, { minLength: 1, maxLength: 3 }),
      (mine, hidden, wanted) => {
        const alone = open();
        const among = open();
        for (const [index, title] of mine.entries())
          for (const sql of [alone, among]) insert(sql, { id: `m${index}`, title, rank: null, rowid: null, size: 1 });
        for (const [index, title] of hidden.entries())
          insert(among, { id: `h${index}`, title, rank: title, rowid: title, size: 0 });
        const filter = parseFilter("size==1", { table: NOTES, fields: "client", parameter: "filter" });
        expect(ids(find(among, wanted.join(" "), { filter }))).toEqual(ids(find(alone, wanted.join(" "))));
      },
    ),
    runs(100),
  );
});

test("[SR5] a field's weight, more occurrences and shorter texts count; equal rows come by id", () => {
  const sql = open();
  const filler = " and".repeat(60);
  insert(sql, { id: "z", title: `red${filler}`, rank: null, rowid: null, size: 1 });
  insert(sql, { id: "y", title: `none${filler}`, rank: `red${filler}`, rowid: null, size: 1 });
  insert(sql, { id: "x", title: `red red red${filler}`, rank: null, rowid: null, size: 1 });
  insert(sql, { id: "b", title: "red", rank: null, rowid: null, size: 1 });
  insert(sql, { id: "a", title: "red", rank: null, rowid: null, size: 1 });
  expect(ids(find(sql, "red"))).toEqual(["a", "b", "x", "z", "y"]);
});

test("[SR5] highlights: three pieces of 160 code points at most, escaped, and nothing but the text", () => {
  const sql = open();
  const parts = fc.constantFrom(
    "red",
    "Red",
    "<b>",
    "</em>",
    "<em>",
    "&amp;",
    '"',
    "'",
    "😀",
    " ",
    " ",
    " ",
    "word",
    "\ue000",
    "\ue001",
    "e\u0301",
    "x".repeat(170),
  );
  let marked = 0;
  fc.assert(
    fc.property(
      fc.array(parts, { minLength: 5, maxLength: 120, size: "max" }),
      fc.constantFrom("red", "re*", '"red word"', "word red", "xx*"),
      (list, q) => {
        const title = list.join("");
        sql.run("DELETE FROM notes");
        insert(sql, { id: "a", title, rank: null, rowid: null, size: 1 });
        const page = find(sql, q);
        const [found] = page?.rows ?? [];
        if (page === null || found === undefined) return;
        const marks = marksIn(sql, page.search, found, ["title", "rank"]);
        expect([...marks.keys()]).toEqual(["title"]);
        const pieces = highlightPieces(title, marks.get("title") ?? []);
        expect(pieces.length).toBeGreaterThan(0);
        expect(pieces.length).toBeLessThanOrEqual(3);
        for (const piece of pieces) {
          marked++;
          const shown = piece.replaceAll(/<em>([^<]+)<\/em>/g, "$1");
          expect(piece).toContain("<em>");
          expect(shown).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
          const plain = shown
            .replaceAll("&lt;", "<")
            .replaceAll("&gt;", ">")
            .replaceAll("&quot;", '"')
            .replaceAll("&#39;", "'")
            .replaceAll("&amp;", "&");
          expect([...plain].length).toBeLessThanOrEqual(160);
          const bare = plain.replace(/^… /, "").replace(/ …$/, "");
          expect(title.includes(bare) || title.includes(plain)).toBe(true);
        }
      },
    ),
    runs(300),
  );
  expect(marked).toBeGreaterThan(100);
});

test("[QL42] a residual filter that would have to examine more than 10 000 found rows is refused", () => {
  const sql = open();
  sql.run(
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10001) INSERT INTO notes (id, title, size) SELECT printf('r%05d', i), 'red', 1 FROM c",
  );
  const filter: Filter = parseFilter('title%="r__d"', { table: NOTES, fields: "client", parameter: "filter" });
  expect(() => find(sql, "red", { filter })).toThrow("query-too-expensive");
  sql.run("DELETE FROM notes WHERE id = 'r00001'");
  expect(find(sql, "red", { filter })?.totalCount).toBe(0);
});
