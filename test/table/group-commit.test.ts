/** Group commit over node:sqlite, with a disk that is durable when the test says so. */

import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { groupCommit } from "../../durable-objects/table/group-commit.ts";
import type { LedgerHead } from "../../durable-objects/table/ledger.ts";
import { Fault } from "../../src/core/fault.ts";
import { seqOf } from "../../src/core/ids.ts";

function setUp() {
  const inner = nodeSql(new DatabaseSync(":memory:"));
  inner.run("CREATE TABLE notes (id TEXT PRIMARY KEY, seq INTEGER NOT NULL)");
  let depth = 0;
  const outermost: number[] = [];
  const sql: typeof inner = {
    ...inner,
    transaction: (work) => {
      if (depth === 0) outermost.push(1);
      depth++;
      try {
        return inner.transaction(work);
      } finally {
        depth--;
      }
    },
  };
  const store: { sql: typeof sql; head: LedgerHead } = { sql, head: { seq: seqOf(0), total: 0 } };
  const disk: (() => void)[] = [];
  const clock = { nowMs: 0 };
  const group = groupCommit({
    store,
    durable: () => new Promise((resolve) => disk.push(resolve)),
    clock: () => clock.nowMs,
  });
  const durable = async () => {
    disk.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  };
  /** A write as `transact` does it: its own savepoint, head moved when it is released. */
  const write =
    (id: string, fails = false) =>
    () => {
      const head = sql.transaction(() => {
        const next = { seq: seqOf(store.head.seq + 1), total: 0 };
        sql.run("INSERT INTO notes (id, seq) VALUES (?, ?)", [id, next.seq]);
        if (fails) throw new Fault({ slug: "conflict", reason: "unique" });
        return next;
      });
      store.head = head;
      return head.seq;
    };
  const rows = () => inner.all("SELECT id, seq FROM notes ORDER BY seq").map((row) => `${row.id}:${row.seq}`);
  return { store, group, durable, write, rows, outermost, sql, clock };
}

describe("group commit", () => {
  it("[CL1] a write to an idle object waits for nothing", () => {
    const { group, write, rows } = setUp();
    expect(group.submit(write("a"))).toBe(1);
    expect(rows()).toEqual(["a:1"]);
  });

  it("[CL1] writes that come meanwhile share one transaction, in order, each with its own seq", async () => {
    const { group, write, rows, durable, outermost } = setUp();
    group.submit(write("a"));
    const waiting = ["b", "c", "d"].map((id) => group.submit(write(id)));
    expect(rows()).toEqual(["a:1"]);
    await durable();
    expect(await Promise.all(waiting)).toEqual([2, 3, 4]);
    expect(rows()).toEqual(["a:1", "b:2", "c:3", "d:4"]);
    expect(outermost).toHaveLength(2);
  });

  it("[CL1] a failing write fails alone and takes no seq", async () => {
    const { group, write, rows, durable } = setUp();
    group.submit(write("a"));
    const good = group.submit(write("b"));
    const bad = Promise.resolve(group.submit(write("c", true))).catch((error: unknown) => error);
    const twin = Promise.resolve(group.submit(write("a"))).catch((error: unknown) => error);
    const last = group.submit(write("d"));
    await durable();
    expect(await good).toBe(2);
    expect(await bad).toBeInstanceOf(Fault);
    expect(String(await twin)).toMatch(/UNIQUE/);
    expect(await last).toBe(3);
    expect(rows()).toEqual(["a:1", "b:2", "d:3"]);
  });

  it("[CL1] when the transaction around a group fails, none of it happened and memory goes back", async () => {
    const { group, write, rows, durable, store, sql } = setUp();
    group.submit(write("a"));
    const lost = ["b", "c"].map((id) =>
      Promise.resolve(group.submit(write(id))).catch((error: unknown) => String(error)),
    );
    const { transaction } = sql;
    sql.transaction = (work) => {
      sql.transaction = transaction;
      return transaction(() => {
        work();
        throw new Error("disk I/O error");
      });
    };
    await durable();
    expect(await Promise.all(lost)).toEqual(["Error: disk I/O error", "Error: disk I/O error"]);
    expect(rows()).toEqual(["a:1"]);
    expect(store.head.seq).toBe(1);
    await durable();
    expect(group.submit(write("e"))).toBe(2);
  });

  it("[HT72] a flood is refused at once, and what was admitted is carried out", async () => {
    const { group, write, durable } = setUp();
    group.submit(write("first"));
    const admitted: (number | Promise<number>)[] = [];
    let refused = 0;
    for (let n = 0; n < 1200; n++) {
      try {
        admitted.push(group.submit(write(`n${n}`)));
      } catch (error) {
        expect((error as Fault).data).toEqual({ slug: "overloaded", retryAfter: 1 });
        refused++;
      }
    }
    expect(refused).toBe(200);
    for (let turn = 0; turn < 20; turn++) await durable();
    expect(await Promise.all(admitted)).toHaveLength(1000);
  });

  it("[HT72] slow groups are waited for no longer than a few seconds, however few writes wait", async () => {
    const { group, write, durable, clock } = setUp();
    group.submit(write("first"));
    const admitted = Array.from({ length: 64 }, (_, n) => group.submit(write(`a${n}`)));
    clock.nowMs += 3000;
    await durable();
    for (let n = 0; n < 65; n++) admitted.push(group.submit(write(`b${n}`)));
    expect(() => group.submit(write("late"))).toThrow(Fault);
    clock.nowMs += 100;
    for (let turn = 0; turn < 5; turn++) await durable();
    expect(await Promise.all(admitted)).toHaveLength(129);
  });

  it("[HT72] large batches do not share a turn beyond a bound: readers get in between; small writes still do", async () => {
    const { group, write, rows, durable } = setUp();
    group.submit(write("first"));
    const weights = [600, 300, 200, 5000, 10, 10];
    const waiting = weights.map((weight, n) => group.submit(write(`n${n}`), () => weight));
    const seen: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      await durable();
      seen.push(rows().length);
    }
    // 600 and 300; 200 alone, since 5000 does not fit beside it; 5000 alone; the rest.
    expect(seen).toEqual([3, 4, 5, 7]);
    expect(await Promise.all(waiting)).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it("[HT72] writes that wait are bounded by what they weigh, too, and what has gone weighs nothing any more", async () => {
    const { group, write, durable } = setUp();
    group.submit(write("first"));
    const admitted = Array.from({ length: 33 }, (_, n) => group.submit(write(`n${n}`), () => 1000));
    expect(() => group.submit(write("late"), () => 1)).toThrow(Fault);
    await durable();
    admitted.push(group.submit(write("next"), () => 1));
    for (let turn = 0; turn < 40; turn++) await durable();
    expect(await Promise.all(admitted)).toHaveLength(34);
  });

  it("[CL1] nobody is asked for a weight who need not wait", () => {
    const { group, write } = setUp();
    expect(group.submit(write("a"), () => expect.unreachable("the object is idle"))).toBe(1);
  });
});
