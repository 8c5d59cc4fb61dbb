/** Aggregates over HTTP: parameters, scope, masks, soft delete, tags, the budget of residual filters, the position of the answer. */

import { beforeAll, describe, expect, it } from "vitest";
import { inspect, type Result, send } from "../support/scenario.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

const ADMIN = { user: "root,role=admin" };
const ALICE = { user: "alice" };

const SALES = [
  {
    ownerId: "alice",
    region: "north",
    amount: 3,
    price: 0.5,
    serial: "9223372036854775807",
    paid: true,
    soldAt: "2024-01-01T00:00:00.000Z",
    tags: ["a"],
    count: 7,
  },
  {
    ownerId: "alice",
    region: "north",
    amount: 4,
    price: 1.25,
    serial: "-5",
    paid: false,
    soldAt: "2024-03-01T00:00:00.000Z",
    tags: ["a"],
    count: 7,
  },
  {
    ownerId: "alice",
    region: "\u{1f600}",
    amount: null,
    price: null,
    serial: "12",
    paid: true,
    soldAt: null,
    tags: null,
    count: 1,
  },
  {
    ownerId: "alice",
    region: "\uffee",
    amount: 9007199254740991,
    price: 2,
    serial: null,
    paid: null,
    soldAt: "2023-01-01T00:00:00.000Z",
    tags: [],
    count: 1,
  },
  {
    ownerId: "bob",
    region: "north",
    amount: 1000,
    price: 1000,
    serial: "99",
    paid: true,
    soldAt: "2030-01-01T00:00:00.000Z",
    tags: ["b"],
    count: 9,
  },
  {
    ownerId: "alice",
    region: null,
    amount: 9007199254740991,
    price: -2,
    serial: "0",
    paid: false,
    soldAt: "2025-01-01T00:00:00.000Z",
    tags: null,
    count: null,
  },
] as const;

async function fill(room: Room, rows: readonly object[] = SALES): Promise<void> {
  for (const [index, row] of rows.entries()) {
    const made = await room.send("POST ", { id: uid(index), margin: index * 7, ...row }, ADMIN);
    if (made.status !== 201) throw new Error(made.text);
  }
  // Hidden from clients, so no client can write it.
  const [first] = rows;
  if (first !== undefined) await inspect(room.object, "UPDATE sales SET margin = 12345");
}

describe("what is answered", () => {
  let room: Room;
  beforeAll(async () => {
    room = openRoom("sales");
    await fill(room);
  });
  const ask = async (query: string, more = ALICE as { user: string }) =>
    (await room.send(`GET /aggregate?${query}`, undefined, more)).body;

  it("[AG3] without groupBy there is one group with a null key, and the position of the read", async () => {
    expect(await ask("count=true&sum=price&avg=price&min=region&max=soldAt")).toEqual({
      groups: [
        {
          key: null,
          count: 5,
          sum: { price: 1.75 },
          avg: { price: 0.4375 },
          min: { region: "north" },
          max: { soldAt: "2025-01-01T00:00:00.000Z" },
        },
      ],
      seq: 6,
    });
  });

  it("[AG3] also of no rows at all; a metric without input is left out, and its object with it", async () => {
    expect(await ask("count=true&sum=amount&min=region&filter=count==555")).toEqual({
      groups: [{ key: null, count: 0 }],
      seq: 6,
    });
    expect(await ask("sum=amount&filter=count==555")).toEqual({ groups: [{ key: null }], seq: 6 });
    expect(await ask("groupBy=region&count=true&filter=count==555")).toEqual({ groups: [], seq: 6 });
  });

  it("[AG3] a sum of reals beyond the finite is named as overflow", async () => {
    const huge = openRoom("sales");
    await fill(
      huge,
      [1, 2].map((serial) => ({ ownerId: "alice", price: 1.7e308, serial: String(serial) })),
    );
    const { body } = await huge.send("GET /aggregate?sum=price&avg=price&max=price", undefined, ALICE);
    expect(body.groups).toEqual([
      { key: null, avg: { price: 1.7e308 }, max: { price: 1.7e308 }, overflow: ["sum_price"] },
    ]);
  });

  it("[AG4] sums of int are exact: digits above 2^53−1", async () => {
    expect((await ask("groupBy=region&sum=amount&avg=amount")).groups).toEqual([
      { key: { region: "north" }, sum: { amount: 7 }, avg: { amount: 3.5 } },
      { key: { region: "\uffee" }, sum: { amount: 9007199254740991 }, avg: { amount: 9007199254740991 } },
      { key: { region: "\u{1f600}" } },
      { key: { region: null }, sum: { amount: 9007199254740991 }, avg: { amount: 9007199254740991 } },
    ]);
    expect((await ask("sum=amount")).groups).toEqual([{ key: null, sum: { amount: "18014398509481989" } }]);
  });

  it("[AG4] min and max have the JSON form of the column, 64-bit integers and booleans too", async () => {
    expect((await ask("min=serial,paid,soldAt,amount&max=serial,paid")).groups).toEqual([
      {
        key: null,
        min: { serial: "-5", paid: false, soldAt: "2023-01-01T00:00:00.000Z", amount: 3 },
        max: { serial: "9223372036854775807", paid: true },
      },
    ]);
  });

  it("[AG3] keys of every kind; NULL is a group, and comes last", async () => {
    expect((await ask("groupBy=paid&count=true")).groups).toEqual([
      { key: { paid: false }, count: 2 },
      { key: { paid: true }, count: 2 },
      { key: { paid: null }, count: 1 },
    ]);
    expect((await ask("groupBy=tags&count=true")).groups).toEqual([
      { key: { tags: ["a"] }, count: 2 },
      { key: { tags: [] }, count: 1 },
      { key: { tags: null }, count: 2 },
    ]);
    const keys = ((await ask("groupBy=serial,soldAt&count=true")).groups as { key: { serial: string } }[]).map(
      ({ key }) => key.serial,
    );
    expect(keys).toEqual(["-5", "0", "12", "9223372036854775807", null]);
  });

  it("[AG5] having keeps groups, and may take the only one away", async () => {
    expect((await ask("groupBy=region&count=true&having=count>=2")).groups).toEqual([
      { key: { region: "north" }, count: 2 },
    ]);
    expect(
      (await ask('groupBy=region&sum=amount&having=sum_amount>=9007199254740991;region!="x"')).groups,
    ).toHaveLength(2);
    expect((await ask("groupBy=region&sum=amount&having=sum_amount!=7")).groups).toHaveLength(3);
    expect((await ask('sum=amount&having=sum_amount=="18014398509481989"')).groups).toHaveLength(1);
    expect((await ask('sum=amount&having=sum_amount=="18014398509481988"')).groups).toEqual([]);
    expect((await ask('min=soldAt&having=min_soldAt<"2023-06-01"')).groups).toHaveLength(1);
  });

  it("[AG5] an alias of a metric comes before a column of that name", async () => {
    expect((await ask("groupBy=count&count=true&having=count==2")).groups).toEqual([
      { key: { count: 1 }, count: 2 },
      { key: { count: 7 }, count: 2 },
    ]);
    expect((await ask("groupBy=count&max=amount&having=count==7")).groups).toEqual([
      { key: { count: 7 }, max: { amount: 4 } },
    ]);
  });

  it("[AG6] orderBy over aliases, the key decides ties, what is missing comes last either way", async () => {
    const order = async (orderBy: string) =>
      (
        (await ask(`groupBy=region&count=true&sum=amount&orderBy=${orderBy}`)).groups as { key: { region: string } }[]
      ).map(({ key }) => key.region);
    expect(await order("-count")).toEqual(["north", "\uffee", "\u{1f600}", null]);
    expect(await order("sum_amount")).toEqual(["north", "\uffee", null, "\u{1f600}"]);
    expect(await order("-sum_amount")).toEqual(["\uffee", null, "north", "\u{1f600}"]);
    expect(await order("region:desc")).toEqual(["\u{1f600}", "\uffee", "north", null]);
  });

  it("[AG6] more groups than the limit are cut off and said to be", async () => {
    expect(await ask("groupBy=region&count=true&limit=2&orderBy=-count")).toEqual({
      groups: [
        { key: { region: "north" }, count: 2 },
        { key: { region: "\uffee" }, count: 1 },
      ],
      truncated: true,
      seq: 6,
    });
    expect((await ask("groupBy=region&count=true&limit=4")).truncated).toBeUndefined();
  });

  it("[AG7] rows outside the scope are in no group, no sum, no limit", async () => {
    const everything = await ask("groupBy=ownerId&count=true&max=amount,price", ADMIN);
    expect(everything.groups).toEqual([
      { key: { ownerId: "alice" }, count: 5, max: { amount: 9007199254740991, price: 2 } },
      { key: { ownerId: "bob" }, count: 1, max: { amount: 1000, price: 1000 } },
    ]);
    const mine = await ask("groupBy=ownerId&count=true&max=amount,price");
    expect(mine.groups).toEqual([{ key: { ownerId: "alice" }, count: 5, max: { amount: 9007199254740991, price: 2 } }]);
  });

  it("[AG7] a filter that memory has to finish gives the same groups", async () => {
    const odd = await ask("groupBy=region&count=true&sum=amount&filter=amount=odd=true");
    expect(odd.groups).toEqual([
      { key: { region: "north" }, count: 1, sum: { amount: 3 } },
      { key: { region: "\uffee" }, count: 1, sum: { amount: 9007199254740991 } },
      { key: { region: null }, count: 1, sum: { amount: 9007199254740991 } },
    ]);
    expect((await ask("sum=amount&filter=amount=odd=true;count==555")).groups).toEqual([{ key: null }]);
  });
});

describe("what is refused", () => {
  const refusals: readonly (readonly [query: string, field: string, message: RegExp])[] = [
    ["", "count", /is needed/],
    ["count=true&nothing=1", "nothing", /not a parameter/],
    ["count=true&count=true", "count", /more than once/],
    ["sum=margin", "sum", /unknown field: margin/],
    ["sum=absent", "sum", /unknown field: absent/],
    ["count=true&groupBy=margin", "groupBy", /unknown field: margin/],
    ["count=true&having=max_margin>1", "having", /unknown field: max_margin/],
    ["count=true&orderBy=margin", "orderBy", /unknown field: margin/],
    ["avg=region", "avg", /does not apply/],
    ["count=true&having=count>null", "having", /cannot compare with null/],
    ["count=true&limit=-1", "limit", /≥ 1/],
    ["count=true&withDeleted=maybe", "withDeleted", /true or false/],
    ["count=true&consistency=eventual", "consistency", /committed/],
  ];
  it.each(refusals)("[AG1] %s", async (query, field, message) => {
    const { status, body } = await openRoom("sales").send(`GET /aggregate?${query}`, undefined, ALICE);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: "VALIDATION_ERROR",
      errors: [{ field, message: expect.stringMatching(message) }],
    });
  });

  it("[AG2] a hidden column and one that does not exist are told apart by nothing", async () => {
    const room = openRoom("sales");
    for (const parameter of ["sum", "avg", "min", "max", "count=true&groupBy", "count=true&orderBy", "filter"]) {
      const ask = (name: string) =>
        room.send(`GET /aggregate?${parameter}=${name}`, undefined, { ...ALICE, headers: { "x-request-id": "same" } });
      const [hidden, absent] = [await ask("margin"), await ask("nirgam")];
      expect(hidden.status).toBe(400);
      expect(hidden.text.replaceAll("margin", "nirgam")).toBe(absent.text);
    }
  });

  it("[AG2] [G9] the table's lists narrow what may be aggregated", async () => {
    const room = openRoom("tickets");
    await room.send("POST ", { id: uid(1), kind: "x", note: "n", cost: 5, tip: 1 });
    expect((await room.send("GET /aggregate?groupBy=kind&sum=cost")).body.groups).toEqual([
      { key: { kind: "x" }, sum: { cost: 5 } },
    ]);
    expect((await room.send("GET /aggregate?groupBy=note&sum=cost")).status).toBe(400);
    expect((await room.send("GET /aggregate?groupBy=kind&sum=tip")).status).toBe(400);
  });

  it("[HT13] without the capability there is no such path; [HT11] another method is 405", async () => {
    expect((await openRoom("plain_tickets").send("GET /aggregate?count=true")).status).toBe(404);
    const other = await openRoom("sales").send("POST /aggregate", {}, ALICE);
    expect(other.status).toBe(405);
    expect(other.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it("[HT28] a caller without a read scope is refused before anything is parsed", async () => {
    expect((await openRoom("sales").send("GET /aggregate?sum=nothing")).status).toBe(401);
  });

  it("[QL55] deleted rows are counted for those who may see them, and only when asked for", async () => {
    const room = openRoom("sales");
    await fill(room);
    await room.send(`DELETE /${uid(0)}`, undefined, ADMIN);
    const sum = async (query: string, more: { user: string }) =>
      (await room.send(`GET /aggregate?count=true&${query}`, undefined, more)) as Result;
    expect((await sum("", ADMIN)).body.groups).toEqual([{ key: null, count: 5 }]);
    expect((await sum("withDeleted=true", ADMIN)).body.groups).toEqual([{ key: null, count: 6 }]);
    expect((await sum("withDeleted=true", ALICE)).status).toBe(403);
    expect((await openRoom("tickets").send("GET /aggregate?count=true&withDeleted=true")).status).toBe(400);
  });

  it("[QL42] a residual filter over more than 10 000 rows is too expensive", async () => {
    const room = openRoom("sales");
    await room.send("POST ", { id: uid(0), ownerId: "alice" }, ADMIN);
    await inspect(
      room.object,
      `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10000) INSERT INTO sales (id, room, owner_id, amount, _version) SELECT printf('x%05d', i), 'r', 'alice', i, 1 FROM c`,
    );
    const asked = await room.send("GET /aggregate?count=true&filter=amount=odd=true", undefined, ALICE);
    expect(asked.status).toBe(400);
    expect(asked.body).toMatchObject({ code: "QUERY_TOO_EXPENSIVE", examined: 10_000, limit: 10_000 });
    expect(
      (await room.send("GET /aggregate?count=true&sum=amount&filter=amount>0", undefined, ALICE)).body.groups,
    ).toEqual([{ key: null, count: 10_000, sum: { amount: 50_005_000 } }]);
    const most = await room.send("GET /aggregate?count=true&filter=amount=odd=true;amount>0", undefined, ALICE);
    expect(most.body.groups).toEqual([{ key: null, count: 5000 }]);
  });
});

describe("tags and positions", () => {
  it("[HT34] the tag covers query, scope and seq; [HT35] an equal one is 304 without a body", async () => {
    const room = openRoom("sales");
    await fill(room);
    const ask = (query: string, user: string, headers = {}) =>
      room.send(`GET /aggregate?${query}`, undefined, { user, headers });
    const first = await ask("count=true", "alice");
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[a-z2-7]{16}:6:[0-9a-f]{8}"$/);
    expect(first.headers.get("ledge-seq")).toMatch(/^[a-z2-7]{16}:6$/);
    expect((await ask("count=true", "alice", { "if-none-match": tag })).status).toBe(304);
    expect((await ask("count=true", "alice", { "if-none-match": tag })).text).toBe("");
    const others = await Promise.all([
      ask("count=true", "bob"),
      ask("count=true&groupBy=region", "alice"),
      ask("count=true&limit=3", "alice"),
      ask("count=true&filter=amount>1", "alice"),
      ask("count=true&groupBy=region&having=count>1", "alice"),
    ]);
    expect(new Set([tag, ...others.map(({ headers }) => headers.get("etag"))]).size).toBe(6);
    expect((await ask("count=true", "alice", { "if-match": '"other"' })).status).toBe(412);
    await room.send("POST ", { id: uid(90), ownerId: "alice" }, ADMIN);
    const after = await ask("count=true", "alice", { "if-none-match": tag });
    expect(after.status).toBe(200);
    expect(after.body).toEqual({ groups: [{ key: null, count: 6 }], seq: 7 });
  });

  it("[HT11] HEAD answers the headers alone", async () => {
    const room = openRoom("sales");
    const head = await send({ to: `HEAD ${room.path}/aggregate?count=true`, ...ALICE });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("etag")).not.toBeNull();
  });

  it("[HT15] totals fit the seq they come with, however writes and reads are mixed", async () => {
    const room = openRoom("sales");
    const work: Promise<Result>[] = [];
    for (let index = 0; index < 30; index++) {
      work.push(room.send("POST ", { id: uid(index), ownerId: "alice", amount: 1 }, ADMIN));
      work.push(room.send("GET /aggregate?count=true&sum=amount", undefined, ALICE));
    }
    const reads = (await Promise.all(work)).filter(({ body }) => body.groups !== undefined);
    expect(reads).toHaveLength(30);
    for (const { body } of reads) {
      const [group] = body.groups as { count: number; sum?: { amount: number } }[];
      expect(group?.count).toBe(body.seq);
      expect(group?.sum?.amount ?? 0).toBe(body.seq);
    }
  });
});
