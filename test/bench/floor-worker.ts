/**
 * The floor: what a careful person writes by hand on one Durable Object for exactly this table: the same SQL, the same durable
 * writes (row, ledger row with both images, version), and nothing else: no filters, scopes, validation, tags, problems.
 */

import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly ITEMS: DurableObjectNamespace<ItemsObject>;
}

const COLUMNS = "id, owner_id, title, status, rank, score, done, created_at, note";

type Stored = Record<string, SqlStorageValue>;
type Item = Record<string, string | number | boolean | null>;

export class ItemsObject extends DurableObject<Env> {
  readonly #sql = this.ctx.storage.sql;
  #seq: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS items (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, title text NOT NULL,
      status text NOT NULL, rank integer NOT NULL, score real, done integer NOT NULL, created_at integer NOT NULL, note text,
      _version integer NOT NULL)`);
    this.#sql.exec("CREATE INDEX IF NOT EXISTS items_by_owner ON items (owner_id)");
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, changes TEXT NOT NULL)",
    );
    this.#seq = Number(this.#sql.exec("SELECT coalesce(max(seq), 0) AS seq FROM log").one().seq);
  }

  get(id: string): string | null {
    const row = this.#find(id);
    return row === undefined ? null : JSON.stringify(row);
  }

  list(owner: string, limit: number): string {
    const rows = this.#sql
      .exec<Stored>(`SELECT ${COLUMNS} FROM items WHERE owner_id = ? ORDER BY id LIMIT ?`, owner, limit + 1)
      .toArray();
    const items = rows.slice(0, limit).map(decode);
    return JSON.stringify({ items, hasMore: rows.length > limit, seq: this.#seq, nextCursor: null });
  }

  create(item: Item): string {
    const seq = this.#seq + 1;
    this.ctx.storage.transactionSync(() => {
      const values = [
        item.id,
        item.ownerId,
        item.title,
        item.status,
        item.rank,
        item.score,
        item.done ? 1 : 0,
        Date.parse(String(item.createdAt)),
        item.note,
      ];
      this.#sql.exec(
        `INSERT INTO items (${COLUMNS}, _version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...(values as SqlStorageValue[]),
        seq,
      );
      this.#log(seq, { table: "items", id: item.id, op: "create", before: null, after: item });
    });
    this.#seq = seq;
    return JSON.stringify(item);
  }

  update(id: string, rank: number): string | null {
    const before = this.#find(id);
    if (before === undefined) return null;
    const after = { ...before, rank };
    const seq = this.#seq + 1;
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec("UPDATE items SET rank = ?, _version = ? WHERE id = ?", rank, seq, id);
      this.#log(seq, { table: "items", id, op: "update", before, after });
    });
    this.#seq = seq;
    return JSON.stringify(after);
  }

  #find(id: string): Item | undefined {
    const row = this.#sql.exec<Stored>(`SELECT ${COLUMNS} FROM items WHERE id = ?`, id).toArray()[0];
    return row === undefined ? undefined : decode(row);
  }

  #log(seq: number, change: object): void {
    this.#sql.exec("INSERT INTO log (seq, at, changes) VALUES (?, ?, ?)", seq, Date.now(), JSON.stringify([change]));
  }
}

function decode(row: Stored): Item {
  const {
    id,
    owner_id: ownerId,
    title,
    status,
    rank,
    score,
    done,
    created_at: createdAt,
    note,
  } = row as Record<string, string | number | null>;
  return {
    id,
    ownerId,
    title,
    status,
    rank,
    score,
    done: done === 1,
    createdAt: new Date(Number(createdAt)).toISOString(),
    note,
  } as Item;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const id = url.pathname.slice("/api/items/".length);
    const stub = env.ITEMS.getByName("items");
    const answer = (body: string | null, status = 200) =>
      body === null
        ? new Response("not found", { status: 404 })
        : new Response(body, { status, headers: { "content-type": "application/json" } });
    if (request.method === "POST") return answer(await stub.create(await request.json()), 201);
    if (request.method === "PATCH")
      return answer(await stub.update(id, ((await request.json()) as { rank: number }).rank));
    if (id !== "") return answer(await stub.get(id));
    const owner = /ownerId=="([^"]*)"/.exec(url.searchParams.get("filter") ?? "")?.[1] ?? "";
    return answer(await stub.list(owner, Number(url.searchParams.get("limit"))));
  },
};
