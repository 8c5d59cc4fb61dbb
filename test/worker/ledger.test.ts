/** The ledger ([CL1]–[CL4]): one row a commit, images of every column, a seq without gaps, no row without an entry. */

import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { inspect, ledgerSeq, send } from "../support/scenario.ts";

interface Change {
  readonly table: string;
  readonly id: string;
  readonly op: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly optimisticId?: string;
}

async function newest(
  object: string,
): Promise<{ seq: number; at: number; actor: string | null; changes: Change[]; effects: unknown }> {
  const [row] = await inspect(object, "SELECT seq, at, actor, changes, effects FROM _log ORDER BY seq DESC LIMIT 1");
  return {
    ...(row as { seq: number; at: number; actor: string | null; effects: unknown }),
    changes: JSON.parse(String(row?.changes)) as Change[],
  };
}

const ARTICLES = "t/test/articles";

describe("entries", () => {
  it("[CL1] [CL2] a commit is one entry with time, actor, and images of all columns, hidden ones too", async () => {
    const made = await send({
      user: "alice",
      to: "POST /api/articles",
      body: { ownerId: "alice", title: "one", secret: "kept inside" },
      headers: { "ledge-optimistic-id": "opt-7" },
    });
    const created = await newest(ARTICLES);
    expect(created).toMatchObject({ actor: "alice", effects: null });
    expect(Math.abs(created.at - Date.now())).toBeLessThan(60_000);
    const image = {
      id: made.body.id,
      ownerId: "alice",
      title: "one",
      body: null,
      published: false,
      secret: "kept inside",
      score: 0,
      version: 1,
      deletedAt: null,
    };
    expect(created.changes).toEqual([
      { table: "articles", id: made.body.id, op: "create", before: null, after: image, optimisticId: "opt-7" },
    ]);

    await send({ user: "alice", to: `PATCH /api/articles/${made.body.id}`, body: { title: "two" } });
    expect((await newest(ARTICLES)).changes).toEqual([
      {
        table: "articles",
        id: made.body.id,
        op: "update",
        before: image,
        after: { ...image, title: "two", version: 2 },
      },
    ]);

    await send({ user: "alice", to: `DELETE /api/articles/${made.body.id}` });
    const soft = (await newest(ARTICLES)).changes[0];
    expect(soft).toMatchObject({ op: "update", before: { deletedAt: null }, after: { version: 3 } });
    expect(soft?.after?.deletedAt).toMatch(/^20/);

    await send({ user: "alice,role=admin", to: `DELETE /api/articles/${made.body.id}?hard=true` });
    expect((await newest(ARTICLES)).changes).toMatchObject([{ op: "delete", before: { title: "two" }, after: null }]);
    expect(await ledgerSeq(ARTICLES)).toBe(4);
  });

  it("[CL2] the actor of an anonymous write is nobody", async () => {
    await send({ to: "POST /api/kinds", body: { title: "anon" } });
    expect((await newest("t/test/kinds")).actor).toBeNull();
  });

  it("[CL1] tables of one group share one seq", async () => {
    const first = await send({ to: "POST /api/parents", body: { name: "p" } });
    const second = await send({ to: "POST /api/children", body: { parentId: first.body.id } });
    const [epoch, seq] = (first.headers.get("ledge-seq") ?? "").split(":");
    expect(second.headers.get("ledge-seq")).toBe(`${epoch}:${Number(seq) + 1}`);
  });

  it("[CL1] [HT24] refused and empty writes take no seq, and leave no gap", async () => {
    const made = await send({ to: "POST /api/items_alone", body: { name: "gap" } });
    const at = await ledgerSeq("t/test/items_alone");
    await send({ to: `PATCH /api/items_alone/${made.body.id}`, body: { name: "gap" } });
    await send({ to: `PATCH /api/items_alone/${made.body.id}`, body: { rank: "x" } });
    await send({ to: "POST /api/items_alone", body: { id: made.body.id, name: "again" } });
    await send({ to: "DELETE /api/items_alone/0198c0de-0000-7000-8000-000000000000" });
    expect(await ledgerSeq("t/test/items_alone")).toBe(at);
    const next = await send({ to: `PATCH /api/items_alone/${made.body.id}`, body: { name: "on" } });
    expect(next.headers.get("ledge-seq")?.split(":")[1]).toBe(String(at + 1));
  });

  it("[CL1] fifty writes at once take fifty seqs without a gap, each with its own row", async () => {
    const object = "t/test/posts";
    const before = await ledgerSeq(object);
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, count) =>
        send({ user: "alice", to: "POST /api/posts", body: { ownerId: "alice", title: `n ${count}` } }),
      ),
    );
    const seqs = replies.map(({ headers }) => Number(headers.get("ledge-seq")?.split(":")[1])).sort((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 50 }, (_, index) => before + 1 + index));
    const log = await inspect(object, `SELECT seq, changes FROM _log WHERE seq > ${before} ORDER BY seq`);
    expect(log.map(({ seq }) => seq)).toEqual(seqs);
    for (const entry of log) {
      const [change, ...rest] = JSON.parse(String(entry.changes)) as Change[];
      expect(rest).toEqual([]);
      expect(await inspect(object, `SELECT _version FROM posts WHERE id = '${change?.id}'`)).toEqual([
        { _version: entry.seq },
      ]);
    }
  });

  it("[CL2] an entry above 1.9 MB is refused before anything is written", async () => {
    const object = "t/test/family";
    const parent = await send({ to: "POST /api/parents", body: { name: "heavy" } });
    for (let count = 0; count < 5; count++) {
      const child = await send({
        to: "POST /api/children",
        body: { parentId: parent.body.id, name: "x".repeat(400_000) },
      });
      expect(child.status).toBe(201);
    }
    const at = await ledgerSeq(object);
    const refused = await send({ to: `DELETE /api/parents/${parent.body.id}` });
    expect(refused.status, refused.text).toBe(400);
    expect(refused.body).toMatchObject({ code: "BATCH_LIMIT_EXCEEDED", limit: "bytes" });
    expect(refused.text).not.toContain("xxx");
    expect(await ledgerSeq(object)).toBe(at);
    expect(
      await inspect(object, `SELECT count(*) AS count FROM children WHERE parent_id = '${parent.body.id}'`),
    ).toEqual([{ count: 5 }]);
    expect((await send({ to: `GET /api/parents/${parent.body.id}` })).status).toBe(200);
  });
});

describe("epoch and position", () => {
  it("[CL3] [CL1] epoch and seq go on after the object was evicted", async () => {
    const before = await send({ to: "POST /api/kinds", body: { title: "evict" } });
    const [epoch, seq] = (before.headers.get("ledge-seq") ?? "").split(":");
    expect(epoch).toMatch(/^[a-z2-7]{16}$/);
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/kinds"));
    const after = await send({ to: "POST /api/kinds", body: { title: "evict" } });
    expect(after.headers.get("ledge-seq")).toBe(`${epoch}:${Number(seq) + 1}`);
    expect((await send({ to: `GET /api/kinds/${before.body.id}` })).headers.get("etag")).toBe(
      before.headers.get("etag"),
    );
  });

  it("[CL3] each object has an epoch of its own", async () => {
    const epochs = await Promise.all(
      ["kinds", "slugs", "narrow"].map(
        async (table) => (await send({ to: `GET /api/${table}` })).headers.get("ledge-seq")?.split(":")[0],
      ),
    );
    expect(new Set(epochs).size).toBe(3);
  });
});

describe("retention", () => {
  const run = (object: string, statement: string) =>
    runInDurableObject(env.LEDGE_TABLES.getByName(object), (_, state) => void state.storage.sql.exec(statement));

  it("[CL4] entries beyond the bytes a table allows go, the newest stay", async () => {
    const object = "t/test/heavylog";
    for (let count = 0; count < 64; count++)
      await send({ to: "POST /api/heavylog", body: { title: "x".repeat(1000) } });
    const [log] = await inspect(
      object,
      "SELECT min(seq) AS low, max(seq) AS high, sum(length(changes)) AS bytes FROM _log",
    );
    expect(log?.high).toBe(64);
    expect(Number(log?.bytes)).toBeLessThanOrEqual(11_500);
    expect(Number(log?.bytes)).toBeGreaterThan(8000);
    expect(await inspect(object, "SELECT count(*) AS count FROM heavylog")).toEqual([{ count: 64 }]);
  });

  it("[CL4] entries older than their time go, the newest stay, and seq goes on", async () => {
    const object = "t/test/archived";
    for (let count = 0; count < 63; count++) await send({ to: "POST /api/archived", body: { name: `aged ${count}` } });
    await run(object, `UPDATE _log SET at = at - ${8 * 86_400_000} WHERE seq <= 40`);
    expect(await inspect(object, "SELECT count(*) AS count FROM _log")).toEqual([{ count: 63 }]);
    const last = await send({ to: "POST /api/archived", body: { name: "aged last" } });
    expect(last.headers.get("ledge-seq")).toMatch(/:64$/);
    expect(await inspect(object, "SELECT min(seq) AS low, max(seq) AS high FROM _log")).toEqual([
      { low: 41, high: 64 },
    ]);
  });
});
