/** Searches by an engine outside: what it finds is read from the table, and nobody learns of a row that is not theirs. */

import { env, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { loggedWhile, type Result } from "../support/scenario.ts";
import { engine, engineMood } from "../support/search-tables.ts";
import { idsOf, openRoom, type Room, uid } from "./batch-support.ts";

const ADMIN = { user: "root,role=admin" };
const ALICE = { user: "alice" };
const RUNS = Number(process.env.RUNS ?? 40);

afterEach(() => {
  engineMood.search = null;
  engineMood.asked.length = 0;
});

let ids = 0;

async function write(room: Room, rows: readonly object[]): Promise<string[]> {
  const items = rows.map((row) => ({ id: uid(++ids), ownerId: "alice", key: "", ...row }));
  for (let at = 0; at < items.length; at += 100) {
    const made = await room.send("POST /batch", { items: items.slice(at, at + 100) }, ADMIN);
    if (made.status !== 201) throw new Error(made.text);
  }
  return items.map(({ id }) => id);
}

/** Runs the object's alarm until it has none: the engine then knows every row. */
async function feed(room: Room): Promise<void> {
  while (await runDurableObjectAlarm(env.LEDGE_TABLES.getByName(room.object)));
}

const search = (room: Room, query: string, more: object = ALICE) =>
  room.send(`GET /search?${query.replaceAll(" ", "+")}`, undefined, more);

describe("a table that is searched by an engine outside", () => {
  it("[S4] is fed from its ledger, and searched by the engine: its order, the rows as they stand", async () => {
    const room = openRoom("scrolls");
    const [first, second] = await write(room, [{ key: "red", value: "ink" }, { key: "red red" }, { key: "blue" }]);
    expect((await search(room, "q=red")).body).toMatchObject({ items: [], hasMore: false });
    await feed(room);
    const found = await search(room, "q=red&totalCount=true&select=key");
    expect(found.body).toEqual({
      items: [
        { id: second, key: "red red" },
        { id: first, key: "red" },
      ],
      hasMore: false,
      totalCount: 2,
      seq: 1,
    });
    expect(found.headers.get("x-total-count")).toBe("2");
    // The engine has not heard of this yet: what it finds is shown as it is now.
    await room.send(`PATCH /${first}`, { key: "green" }, ADMIN);
    await room.send(`DELETE /${second}`, undefined, ADMIN);
    expect((await search(room, "q=red&select=key")).body.items).toEqual([{ id: first, key: "green" }]);
    await feed(room);
    expect(idsOf(await search(room, "q=red"))).toEqual([]);
    expect(idsOf(await search(room, "q=red&withDeleted=true", ADMIN))).toEqual([second]);
  });

  it("[S4] gives the engine its fields, attributes and place, and the caller's scope and filter to narrow by", async () => {
    const room = openRoom("scrolls");
    const partition = room.path.split("@")[1]?.split("/")[0];
    const [id] = await write(room, [{ key: "red", value: null, secret: "hush", rank: 3 }]);
    await feed(room);
    expect([...engine.documents.values()].filter((each) => each.partition === partition)).toEqual([
      {
        kind: "put",
        table: "scrolls",
        partition,
        id,
        version: 1,
        fields: { key: "red", value: null },
        attributes: { ownerId: "alice", secret: "hush" },
      },
    ]);
    await search(room, "q=red ro*&fields=value&filter=rank>2&limit=7&offset=3");
    expect(engineMood.asked).toEqual([
      {
        table: "scrolls",
        partition,
        q: "red ro*",
        terms: [
          { kind: "phrase", text: "red" },
          { kind: "prefix", text: "ro*" },
        ],
        fields: [{ name: "value", weight: 1 }],
        scope: { kind: "compare", field: "ownerId", operator: "==", operand: "alice" },
        filter: { kind: "compare", field: "rank", operator: ">", operand: 2 },
        limitHits: 120,
      },
    ]);
  });

  it("[S4] [SR5] highlights what stands in the row, in its words or the engine's, escaped, in every field looked in", async () => {
    const room = openRoom("scrolls");
    const [id = ""] = await write(room, [{ key: "Réd & ready", value: "<red> running ran" }]);
    await feed(room);
    const found = await search(room, "q=red&highlight=true");
    expect(found.body.highlights).toEqual({
      [id]: { key: ["<em>Réd</em> &amp; ready"], value: ["&lt;<em>red</em>&gt; running ran"] },
    });
    expect((await search(room, "q=red rea*&highlight=true&select=key")).body.highlights).toEqual({
      [id]: { key: ["<em>Réd</em> &amp; <em>ready</em>"], value: ["&lt;<em>red</em>&gt; running ran"] },
    });
    engineMood.search = async () => [{ id, words: ["running", "RAN", "secret"] }];
    expect((await search(room, "q=run&highlight=true")).body.highlights).toEqual({
      [id]: { value: ["&lt;red&gt; <em>running</em> <em>ran</em>"] },
    });
  });

  it("[S4] [HT34] has a tag of what is shown, which changes with the engine's answer too", async () => {
    const room = openRoom("scrolls");
    const [id = ""] = await write(room, [{ key: "red" }]);
    await feed(room);
    const etag = (await search(room, "q=red")).headers.get("etag") ?? "";
    const again = await search(room, "q=red", { ...ALICE, headers: { "if-none-match": etag } });
    expect([again.status, again.text]).toEqual([304, ""]);
    const stale = await search(room, "q=red", { ...ALICE, headers: { "if-match": '"x"' } });
    expect(stale.status).toBe(412);
    engineMood.search = async () => [];
    expect((await search(room, "q=red", { ...ALICE, headers: { "if-none-match": etag } })).status).toBe(200);
    // Hits that the caller may not see change nothing about it.
    engineMood.search = async () => [{ id: uid(999_999) }, { id }];
    expect((await search(room, "q=red", { ...ALICE, headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it("[S4] goes through hits out of sight until the page is full, and tells nobody how many there were", async () => {
    const room = openRoom("scrolls");
    await write(
      room,
      Array.from({ length: 400 }, () => ({ key: "red red red", ownerId: "bob" })),
    );
    const own = await write(room, [{ key: "red" }, { key: "red" }, { key: "red" }]);
    await feed(room);
    const page = await search(room, "q=red&limit=2");
    expect(idsOf(page)).toEqual(own.slice(0, 2));
    expect(page.body.hasMore).toBe(true);
    expect(engineMood.asked.map(({ limitHits }) => limitHits)).toEqual([104, 10_000]);
    const rest = await search(room, "q=red&limit=2&offset=2");
    expect(idsOf(rest)).toEqual(own.slice(2));
    expect(rest.body.hasMore).toBe(false);
    expect((await search(room, "q=red&totalCount=true")).body.totalCount).toBe(3);
  });

  it("[S4] finishes in memory what SQL cannot decide, over pages and totals", async () => {
    const room = openRoom("scrolls");
    const made = await write(
      room,
      Array.from({ length: 70 }, (_, rank) => ({ key: "red", value: rank % 3 === 0 ? "a rod" : "a road", rank })),
    );
    await feed(room);
    const odd = made.filter((_, rank) => rank % 2 === 1);
    const some = await search(room, "q=red&filter=rank=odd=true&limit=10&offset=20&totalCount=true&highlight=true");
    expect(idsOf(some)).toEqual(odd.slice(20, 30));
    expect(some.body).toMatchObject({ hasMore: true, totalCount: 35 });
    expect(Object.keys(some.body.highlights as object)).toEqual(odd.slice(20, 30));
    engineMood.search = async () => made.map((id, rank) => ({ id, words: rank === 41 ? ["road"] : [] }));
    const marked = await search(room, "q=red&filter=rank=odd=true&limit=100&highlight=true");
    expect(marked.body.highlights).toEqual({ [made[41] ?? ""]: { value: ["a <em>road</em>"] } });
    engineMood.search = null;
    const last = await search(room, `q=red&limit=100&filter=${encodeURIComponent('value%="%r_d"')}`);
    expect(idsOf(last)).toEqual(made.filter((_, rank) => rank % 3 === 0));
    expect(last.body.hasMore).toBe(false);
  });

  it("[S4] [SR5] answers as if rows out of sight did not exist", async () => {
    const words = ["red", "blue", "ink", "réd"];
    const row = fc.record({
      ownerId: fc.constantFrom("alice", "alice", "bob", "carol"),
      key: fc.array(fc.constantFrom(...words), { maxLength: 3 }).map((list) => list.join(" ")),
      value: fc.option(fc.constantFrom(...words), { nil: null }),
      rank: fc.nat({ max: 3 }),
      isDeleted: fc.boolean(),
    });
    const query = fc
      .record({
        q: fc.constantFrom("red", "blue", "red blue", '"red ink"', "r*", "?!"),
        limit: fc.integer({ min: 1, max: 5 }),
        offset: fc.nat({ max: 4 }),
        totalCount: fc.boolean(),
        highlight: fc.boolean(),
        filter: fc.constantFrom("", "rank>0", "rank=odd=true", 'value%="%r_d%"'),
        fields: fc.constantFrom("key", "key,value"),
      })
      .map((parameters) =>
        Object.entries(parameters)
          .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
          .join("&"),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.array(query, { minLength: 3, maxLength: 6 }),
        async (rows, queries) => {
          const named = rows.map((each) => ({ ...each, id: uid(++ids) }));
          const fill = async (room: Room, list: typeof named) => {
            for (const { isDeleted, ...item } of list) {
              await room.send("POST ", item, ADMIN);
              if (isDeleted) await room.send(`DELETE /${item.id}`, undefined, ADMIN);
            }
            await feed(room);
          };
          const [whole, own] = [openRoom("scrolls"), openRoom("scrolls")];
          await fill(whole, named);
          await fill(
            own,
            named.filter(({ ownerId, isDeleted }) => ownerId === "alice" && !isDeleted),
          );
          for (const text of queries) {
            const [seen, alone] = [await search(whole, text), await search(own, text)];
            const shown = (body: Record<string, unknown>) =>
              JSON.stringify({ ...body, seq: null }).replaceAll(/"(room|_etag)":"[^"]*"/g, "");
            expect(seen.status, seen.text).toBe(200);
            expect(shown(seen.body), text).toBe(shown(alone.body));
          }
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);
});

describe("an engine that fails", () => {
  it("[S4] is 503, whatever it does, and what it said stays in the log", async () => {
    const room = openRoom("scrolls");
    await write(room, [{ key: "red" }]);
    const failures: (() => Promise<never>)[] = [
      () => Promise.reject(new Error("password=hunter2 refused")),
      () => {
        throw new TypeError("hunter2");
      },
      async () => "hunter2" as never,
      async () => null as never,
      async () => ({ hits: [] }) as never,
    ];
    for (const fail of failures) {
      engineMood.search = fail;
      let failed: Result | undefined;
      const log = await loggedWhile(async () => {
        failed = await search(room, "q=red");
      });
      if (failed === undefined) throw new Error("no reply");
      expect(failed.status).toBe(503);
      expect(failed.body).toMatchObject({ code: "UNAVAILABLE", retryAfter: 5 });
      expect(failed.headers.get("retry-after")).toBe("5");
      expect(failed.text).not.toContain("hunter2");
      expect(JSON.stringify(log)).toContain("search engine failed");
    }
  });

  it("[S4] and one that answers nonsense among its hits is heard as far as it makes sense", async () => {
    const room = openRoom("scrolls");
    const [one = "", two = ""] = await write(room, [{ key: "red" }, { key: "red" }]);
    const nonsense = [null, 7, "x", { id: {} }, { id: "' OR 1=1" }, { id: one, words: [7, null] }, { id: one }, {}];
    engineMood.search = async () => [...nonsense, { id: two, words: "red" }, { id: uid(888_888) }] as never;
    const found = await search(room, "q=red&highlight=true&totalCount=true");
    expect(found.status, found.text).toBe(200);
    expect(idsOf(found)).toEqual([one, two]);
    expect(found.body.totalCount).toBe(2);
    engineMood.search = async ({ limitHits }) => Array.from({ length: limitHits * 2 }, () => ({ id: one }));
    expect(idsOf(await search(room, "q=red"))).toEqual([one]);
  });

  it("[S4] is not asked by who may not search, or asks for what there is not", async () => {
    const room = openRoom("scrolls");
    await write(room, [{ key: "red" }]);
    expect((await room.send("GET /search?q=red")).status).toBe(401);
    expect((await search(room, "q=")).status).toBe(400);
    expect((await search(room, "q=red&filter=secret==1")).body.reason).toBe("unknown-field");
    expect((await search(room, "q=red&fields=secret")).status).toBe(400);
    expect((await search(room, "q=red&withDeleted=true")).status).toBe(403);
    expect(engineMood.asked).toEqual([]);
  });
});
