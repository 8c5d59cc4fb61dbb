/** The client against the test application on real workerd: every method, typed by `typeof app`. */

import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import {
  AuthError,
  ConflictError,
  createClient,
  createQuery,
  etagOf,
  fetchPaginated,
  NotFoundError,
  PreconditionError,
  safe,
  ValidationError,
  versionOf,
  type WithTraits,
} from "../../src/client/ledge-client.ts";
import { rsql } from "../../src/core/query/ledge-query.ts";
import type { app } from "../support/test-app.ts";

type Test = WithTraits<
  typeof app,
  {
    articles: { filled: "ownerId"; hidden: "secret"; computed: { shout: string; broken: null } };
    boxes: { partitionBy: "room" };
    sales: { partitionBy: "room" };
    pages: { partitionBy: "room" };
    bulks: { partitionBy: "room" };
  }
>;

const fetch = (url: string, init?: object) => SELF.fetch(url, init);
const open = (user: string | null = "alice") =>
  createClient<Test>({ url: "http://localhost", fetch, token: user === null ? () => null : `dev:${user}` });

let rooms = 0;
const newRoom = () => `client-${++rooms}`;

/** Boxes of a fresh room: titles b0, b1 …, rank their number. */
async function filled(count: number) {
  const boxes = open().boxes.in(newRoom());
  const { items } = await boxes.createMany(Array.from({ length: count }, (_, rank) => ({ title: `b${rank}`, rank })));
  return { boxes, items };
}

describe("rows", () => {
  it("[SDK1] create, get, update, replace, delete, restore", async () => {
    const { articles } = open();
    const made = await articles.create({ title: "one", ownerId: "alice" });
    expect(made).toMatchObject({ title: "one", shout: "ONE", published: false });
    expect(await articles.get(made.id)).toEqual(made);
    expect((await articles.update(made.id, { body: "text" })).body).toBe("text");
    const replaced = await articles.replace(made.id, { title: "two", ownerId: "alice" });
    expect([replaced.title, replaced.body]).toEqual(["two", null]);
    await articles.delete(made.id);
    await expect(articles.get(made.id)).rejects.toBeInstanceOf(NotFoundError);
    expect((await articles.get(made.id, { withDeleted: true })).title).toBe("two");
    expect((await articles.restore(made.id)).title).toBe("two");
  });

  it("[SDK1] every kind of column goes there and back", async () => {
    const { kinds } = open();
    const at = new Date("2026-11-01T12:00:00.123Z");
    const row = await kinds.create({
      title: "k",
      color: "red",
      ratio: 0.5,
      big: "9007199254740993",
      at,
      data: { a: [1] },
    });
    expect(row).toMatchObject({
      color: "red",
      ratio: 0.5,
      big: "9007199254740993",
      at: at.toISOString(),
      data: { a: [1] },
    });
    expect(await kinds.count({ filter: { id: row.id, at: { gte: at }, big: 9007199254740993n } })).toBe(1);
  });

  it("[SDK1] tags: a conditional write, a conditional read, a short reply", async () => {
    const { kinds } = open();
    const made = await kinds.create({ title: "t" });
    expect(etagOf(made)).toMatch(/^".+"$/);
    const read = await kinds.get(made.id);
    expect(await kinds.get(made.id, { ifNoneMatch: read })).toBeNull();
    expect(await kinds.update(made.id, { count: 8 }, { ifMatch: read, prefer: "minimal" })).toBeUndefined();
    const late = kinds.update(made.id, { count: 9 }, { ifMatch: read });
    await expect(late).rejects.toBeInstanceOf(PreconditionError);
    await expect(late).rejects.toMatchObject({ details: { currentETag: etagOf(await kinds.get(made.id)) } });
    await expect(kinds.replace(made.id, { title: "x" }, { ifNoneMatch: "*" })).rejects.toMatchObject({ status: 412 });
    const page = await kinds.list();
    expect(await kinds.list({ ifNoneMatch: page })).toBeNull();
  });

  it("[SDK6] the same key twice is one row", async () => {
    const { kinds } = open();
    const idempotencyKey = crypto.randomUUID();
    const [one, two] = [
      await kinds.create({ title: "once" }, { idempotencyKey }),
      await kinds.create({ title: "once" }, { idempotencyKey }),
    ];
    expect(two.id).toBe(one.id);
    await expect(kinds.create({ title: "other" }, { idempotencyKey })).rejects.toMatchObject({
      code: "IDEMPOTENCY_MISMATCH",
    });
  });

  it("[SDK6] a create whose reply is lost is there once", async () => {
    let losses = 2;
    const lossy = async (url: string, init?: object) => {
      const response = await SELF.fetch(url, init);
      if (losses-- > 0) {
        await response.text();
        throw new TypeError("connection reset");
      }
      return response;
    };
    const client = createClient<Test>({
      url: "http://localhost",
      fetch: lossy,
      token: "dev:alice",
      retry: { retryDelayMs: 1 },
    });
    const boxes = client.boxes.in(newRoom());
    const made = await boxes.create({ title: "once" });
    expect((await boxes.list()).items).toEqual([made]);
  });

  it("[SDK1] integer keys", async () => {
    const { counters } = open();
    const made = await counters.create({ name: "n" });
    expect((await counters.get(made.id)).name).toBe("n");
    await counters.delete(made.id);
  });
});

describe("lists", () => {
  it("[P9] [SDK2] filter, order, projection, pages to the end", async () => {
    const { boxes } = await filled(7);
    const page = await boxes.list({
      filter: (q) => q.gte("rank", 2),
      orderBy: "-rank",
      select: ["rank"],
      limit: 2,
      totalCount: true,
      etags: true,
    });
    expect(page).toMatchObject({ items: [{ rank: 6 }, { rank: 5 }], hasMore: true, totalCount: 5, seq: 1 });
    expect(Object.keys(page.items[0]!).sort()).toEqual(["_etag", "id", "rank"]);
    const next = await boxes.nextPage(page, {
      filter: { rank: { gte: 2 } },
      orderBy: "-rank",
      select: ["rank"],
      limit: 2,
    });
    expect(next?.items.map(({ rank }) => rank)).toEqual([4, 3]);
    const ranks: number[] = [];
    for await (const row of boxes.rows({ filter: rsql`rank>=${2}`, orderBy: "rank", limit: 2 })) ranks.push(row.rank);
    expect(ranks).toEqual([2, 3, 4, 5, 6]);
    expect((await boxes.first({ orderBy: "-rank" }))?.title).toBe("b6");
    expect(await boxes.first({ filter: { title: "none" } })).toBeNull();
    expect(await boxes.count({ filter: "rank<3" })).toBe(3);
    expect([await boxes.exists({ filter: { rank: 3 } }), await boxes.exists({ filter: { rank: 99 } })]).toEqual([
      true,
      false,
    ]);
  });

  it("[P8] pages by number", async () => {
    const { boxes } = await filled(5);
    const page = await fetchPaginated(boxes, { page: 3, pageSize: 2, orderBy: "rank" });
    expect(page).toMatchObject({ count: 5, totalPages: 3, hasNextPage: false, hasPreviousPage: true });
    expect(page.data.map(({ rank }) => rank)).toEqual([4]);
  });

  it("[Q26] the fluent builder", async () => {
    const { boxes } = await filled(5);
    const query = createQuery(boxes)
      .where({ rank: { gte: 1 } })
      .filter('title!="b2"')
      .orderBy("-rank");
    expect((await query.select("rank").execute()).items.map(({ rank }) => rank)).toEqual([4, 3, 1]);
    expect(await query.count()).toBe(3);
    expect((await query.where({ title: "b3" }).single()).rank).toBe(3);
    expect((await query.paginate(2, 2).execute()).totalCount).toBe(3);
  });

  it("[SDK1] aggregate and search", async () => {
    const room = newRoom();
    const { sales } = open();
    await sales.in(room).createMany([
      { ownerId: "alice", region: "north", amount: 2 },
      { ownerId: "alice", region: "north", amount: 3 },
      { ownerId: "alice", region: null, amount: 5 },
    ]);
    const { groups } = await sales
      .in(room)
      .aggregate({ groupBy: ["region"], count: true, sum: ["amount"], max: ["amount"], orderBy: "-count" });
    expect(groups).toEqual([
      { key: { region: "north" }, count: 2, sum: { amount: 5 }, max: { amount: 3 } },
      { key: { region: null }, count: 1, sum: { amount: 5 }, max: { amount: 5 } },
    ]);
    const pages = open().pages.in(newRoom());
    const apple = await pages.create({ ownerId: "alice", title: "red apple" });
    await pages.create({ ownerId: "alice", title: "green pear" });
    const found = await pages.search("red", { select: ["title"], highlight: true, totalCount: true });
    expect(found).toMatchObject({ items: [{ id: apple.id, title: "red apple" }], hasMore: false, totalCount: 1 });
    expect(found.highlights?.[apple.id]?.title).toEqual(["<em>red</em> apple"]);
  });
});

describe("batches", () => {
  it("[SDK1] by items", async () => {
    const { boxes, items } = await filled(3);
    const [first, second, third] = items as [(typeof items)[0], (typeof items)[0], (typeof items)[0]];
    const updated = await boxes.updateMany([
      { id: first.id, rank: 10, ifVersion: versionOf(await boxes.get(first.id))! },
      { id: second.id, rank: 11 },
    ]);
    expect(updated.items.map(({ rank }) => rank)).toEqual([10, 11]);
    const id = crypto.randomUUID().replace(/^(.{14})./, "$17");
    expect(
      await boxes.upsertMany([
        { id, title: "new" },
        { id: third.id, rank: 12 },
      ]),
    ).toMatchObject({ created: [id] });
    expect((await boxes.upsert({ id, rank: 13 })).rank).toBe(13);
    const replaced = await boxes.replaceMany([{ id, title: "again" }]);
    expect(replaced.items[0]).toMatchObject({ title: "again", rank: 0 });
    expect((await boxes.deleteMany([id, first.id])).count).toBe(2);
    expect(await boxes.createMany([{ title: "quiet" }], { prefer: "minimal" })).toBeUndefined();
    expect(await boxes.count()).toBe(3);
    await expect(boxes.updateMany([{ id: second.id, rank: 1, ifVersion: "aaaaaaaaaaaaaaaa:1" }])).rejects.toMatchObject(
      {
        name: "PreconditionError",
        details: { index: 0 },
      },
    );
  });

  it("[SDK1] by filter, with a dry run and its confirmation", async () => {
    const { boxes } = await filled(4);
    const target = { filter: { rank: { gte: 2 } } };
    const dry = await boxes.updateWhere(target, { title: "x" }, { dryRun: true });
    expect([dry.count, dry.sample.length, typeof dry.confirm]).toEqual([2, 2, "string"]);
    expect((await boxes.updateWhere(target, { title: "x" }, { confirm: dry.confirm })).count).toBe(2);
    expect(await boxes.count({ filter: { title: "x" } })).toBe(2);
    const page = await boxes.list();
    await boxes.create({ title: "between", rank: 3 });
    await expect(boxes.deleteWhere(target, { ifMatch: page })).rejects.toBeInstanceOf(PreconditionError);
    await expect(boxes.deleteWhere({ filter: {} })).rejects.toBeInstanceOf(ValidationError);
    expect((await boxes.deleteWhere({ all: true })).count).toBe(5);
    const bulks = open().bulks.in(newRoom());
    await bulks.createMany(Array.from({ length: 120 }, () => ({ rank: 1 })));
    const all = { filter: { rank: 1 } };
    await expect(bulks.deleteWhere(all)).rejects.toMatchObject({ code: "PRECONDITION_REQUIRED" });
    const { confirm } = await bulks.deleteWhere(all, { dryRun: true });
    expect((await bulks.deleteWhere(all, { confirm })).count).toBe(120);
  });
});

describe("failures", () => {
  it("[ER4] [ER5] each is the error of its kind, with what the server says of it", async () => {
    const { kinds, slugs } = open();
    const invalid = await safe(kinds.create({ title: "far too long for this column" }));
    expect(invalid.error).toBeInstanceOf(ValidationError);
    expect(invalid.error).toMatchObject({
      code: "VALIDATION_ERROR",
      status: 400,
      fieldErrors: { title: [expect.any(String)] },
    });
    expect(invalid.error?.requestId).toMatch(/./);
    await expect(kinds.list({ filter: "nonsense==1" })).rejects.toMatchObject({
      code: "FILTER_PARSE_ERROR",
      details: { reason: "unknown-field" },
    });
    await slugs.create({ id: "a", slug: "a" });
    await expect(slugs.create({ id: "b", slug: "a" })).rejects.toBeInstanceOf(ConflictError);
    await expect(open(null).diaries.list()).rejects.toBeInstanceOf(AuthError);
    await expect(open().denied.list()).rejects.toMatchObject({ name: "ForbiddenError" });
    await expect(open().resource("nowhere").list()).rejects.toBeInstanceOf(NotFoundError);
  });

  it("[SDK5] a token that is renewed is used for the repetition", async () => {
    const expired = "dev:alice,exp=1";
    const calls: string[] = [];
    const client = createClient<Test>({
      url: "http://localhost",
      token: expired,
      refreshToken: (refused) => {
        calls.push(refused);
        return "dev:alice";
      },
      // No server makes an expired development token, so its refusal is made here.
      fetch: async (url, init) =>
        new Headers(init?.headers as Record<string, string>).get("authorization") === `Bearer ${expired}`
          ? new Response(JSON.stringify({ code: "UNAUTHORIZED", status: 401, reason: "expired" }), { status: 401 })
          : SELF.fetch(url, init as RequestInit),
    });
    await client.diaries.list();
    expect(calls).toEqual([expired]);
  });
});
