/**
 * D1 by hand, the yardstick of the read model: the same rows put in by batches of prepared inserts, as one writes them, or by several rows a
 * statement as far as D1's hundred parameters reach; and read by queries written for exactly one question each. With `age=<group>` the
 * same query goes along with what a view reads of its age, in a batch of a session, which tells what that costs.
 */

import { ageStatements } from "../../src/features/read-model/read-age.ts";

/** In the order of the table's columns. */
export type BareRow = readonly (string | number | null)[];

const COLUMNS = ["id", "box", "owner_id", "title", "status", "rank", "score", "done", "created_at", "note"] as const;
const ROWS_A_STATEMENT = Math.floor(100 / COLUMNS.length);

export const CREATE_BARE = [
  `CREATE TABLE bare_items (id text NOT NULL, box text NOT NULL, owner_id text, title text, status text, rank integer, score real,
 done integer, created_at integer, note text, PRIMARY KEY (box, id)) WITHOUT ROWID`,
  "CREATE INDEX bare_items_by_owner ON bare_items (owner_id)",
  "CREATE VIRTUAL TABLE bare_pages USING fts5(id UNINDEXED, title, tokenize = 'unicode61 remove_diacritics 2')",
];

export async function answerBare(request: Request, database: D1Database): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname.slice("/bare/".length)) {
    case "insert": {
      const { rows, each } = (await request.json()) as {
        readonly rows: readonly BareRow[];
        readonly each: "row" | "many";
      };
      const startedAt = performance.now();
      await database.batch(
        each === "row"
          ? rows.map((row) => insert(database, [row]))
          : chunks(rows).map((some) => insert(database, some)),
      );
      return Response.json({ ms: performance.now() - startedAt });
    }
    case "pages": {
      const rows = (await request.json()) as readonly { readonly id: string; readonly title: string }[];
      await database.batch(
        rows.map(({ id, title }) => database.prepare("INSERT INTO bare_pages VALUES (?, ?)").bind(id, title)),
      );
      return new Response(null, { status: 204 });
    }
    case "list": {
      const statement = database.prepare("SELECT * FROM bare_items WHERE owner_id = ? ORDER BY id, box LIMIT 21");
      const results = await read<BareItem>(database, statement.bind(searchParams.get("owner")), searchParams);
      return Response.json({ items: results.slice(0, 20).map(shown), hasMore: results.length > 20 });
    }
    case "count": {
      const statement = database.prepare("SELECT count(*) AS n FROM bare_items WHERE rank < 100");
      const [row] = await read<{ n: number }>(database, statement, searchParams);
      return Response.json({ count: row?.n });
    }
    case "aggregate": {
      const statement = database.prepare(
        "SELECT status, count(*) AS n, sum(rank) AS total FROM bare_items GROUP BY status ORDER BY status",
      );
      const results = await read<{ status: string; n: number; total: number }>(database, statement, searchParams);
      return Response.json({
        groups: results.map(({ status, n, total }) => ({ key: { status }, count: n, sum: { rank: total } })),
      });
    }
    case "search": {
      const statement = database.prepare(
        "SELECT id, title FROM bare_pages WHERE bare_pages MATCH ? ORDER BY rank LIMIT 11",
      );
      const results = await read(database, statement.bind(searchParams.get("q")), searchParams);
      return Response.json({ items: results.slice(0, 10), hasMore: results.length > 10 });
    }
    default:
      return new Response(null, { status: 404 });
  }
}

type BareItem = Record<string, string | number | null>;

async function read<T>(database: D1Database, statement: D1PreparedStatement, asked: URLSearchParams): Promise<T[]> {
  const group = asked.get("age");
  if (group === null) return (await statement.all<T>()).results;
  const along = ageStatements([group], []).map(({ sql, params }) => database.prepare(sql).bind(...params));
  const [found] = await database.withSession("first-unconstrained").batch<T>([statement, ...along]);
  return found?.results ?? [];
}

function insert(database: D1Database, rows: readonly BareRow[]): D1PreparedStatement {
  const places = `(${COLUMNS.map(() => "?").join(", ")})`;
  return database
    .prepare(`INSERT INTO bare_items (${COLUMNS.join(", ")}) VALUES ${rows.map(() => places).join(", ")}`)
    .bind(...rows.flat());
}

function chunks(rows: readonly BareRow[]): BareRow[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_A_STATEMENT) }, (_, at) =>
    rows.slice(at * ROWS_A_STATEMENT, (at + 1) * ROWS_A_STATEMENT),
  );
}

function shown(row: BareItem): object {
  const { owner_id, created_at, done, ...rest } = row;
  const { id, box, title, status, rank, score, note } = rest;
  const createdAt = new Date(Number(created_at)).toISOString();
  return { id, box, ownerId: owner_id, title, status, rank, score, done: done === 1, createdAt, note };
}
