/**
 * D1 by hand, the yardstick of the read model: the same rows put in by batches of prepared inserts, as one writes them, or by several rows a
 * statement as far as D1's hundred parameters reach; and read by queries written for exactly one question each.
 */

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
      const { results } = await database
        .prepare("SELECT * FROM bare_items WHERE owner_id = ? ORDER BY id, box LIMIT 21")
        .bind(searchParams.get("owner"))
        .all<Record<string, string | number | null>>();
      return Response.json({ items: results.slice(0, 20).map(shown), hasMore: results.length > 20 });
    }
    case "count": {
      const row = await database
        .prepare("SELECT count(*) AS n FROM bare_items WHERE rank < 100")
        .first<{ n: number }>();
      return Response.json({ count: row?.n });
    }
    case "aggregate": {
      const { results } = await database
        .prepare("SELECT status, count(*) AS n, sum(rank) AS total FROM bare_items GROUP BY status ORDER BY status")
        .all<{ status: string; n: number; total: number }>();
      return Response.json({
        groups: results.map(({ status, n, total }) => ({ key: { status }, count: n, sum: { rank: total } })),
      });
    }
    case "search": {
      const { results } = await database
        .prepare("SELECT id, title FROM bare_pages WHERE bare_pages MATCH ? ORDER BY rank LIMIT 11")
        .bind(searchParams.get("q"))
        .all();
      return Response.json({ items: results.slice(0, 10), hasMore: results.length > 10 });
    }
    default:
      return new Response(null, { status: 404 });
  }
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

function shown(row: Record<string, string | number | null>): object {
  const { owner_id, created_at, done, ...rest } = row;
  const { id, box, title, status, rank, score, note } = rest;
  const createdAt = new Date(Number(created_at)).toISOString();
  return { id, box, ownerId: owner_id, title, status, rank, score, done: done === 1, createdAt, note };
}
