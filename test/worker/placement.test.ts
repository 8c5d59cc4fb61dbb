/** Placement ([PF2] [HT1]): the same requests have the same answers, whether a table has its own object, shares one, or is split. */

import { describe, expect, it } from "vitest";
import { inspect, ledgerSeq, send } from "../support/scenario.ts";

interface Place {
  readonly name: string;
  readonly path: string;
  readonly object: string;
}

const PLACES: readonly Place[] = [
  { name: "an object of its own", path: "/api/items_alone", object: "t/test/items_alone" },
  { name: "an object of a group", path: "/api/items_grouped", object: "t/test/family" },
  { name: "an object of a partition", path: "/api/@p1/items_split", object: "t/test/items_split/p1" },
];

/** `$` is the collection's path, `{n}` the id of the nth row created. */
const REQUESTS: readonly { readonly to: string; readonly body?: object; readonly headers?: Record<string, string> }[] =
  [
    { to: "POST $", body: { name: "a", rank: 3 } },
    { to: "POST $", body: { name: "b", rank: 1 } },
    { to: "POST $", body: { name: "c", rank: 2 } },
    { to: "POST $", body: { rank: "x" } },
    { to: "GET $?orderBy=rank&limit=2&totalCount=true&select=name,rank" },
    { to: "GET $?filter=rank>=2&orderBy=-rank&select=name" },
    { to: "GET $/count?filter=rank<3" },
    { to: "GET $/{0}?select=name,rank,place" },
    { to: "PATCH $/{1}", body: { rank: 9 } },
    { to: "PATCH $/{1}", body: { rank: 9 } },
    { to: "PATCH $/{1}", body: { name: "n" }, headers: { "if-match": '"stale"' } },
    { to: "PUT $/{2}", body: { name: "put" } },
    { to: "PUT $/{2}", body: { name: "put", place: "p1" } },
    { to: "PATCH $/{2}", body: { place: "p1" } },
    { to: "DELETE $/{0}" },
    { to: "GET $/{0}" },
    { to: "DELETE $/{0}" },
    { to: "POST $", body: { id: "{1}", name: "twin" } },
    { to: "PUT $/0198c0de-6666-7abc-8def-000000000001", body: { name: "made by put" } },
    { to: "GET $?filter=nope==1" },
    { to: "DELETE $" },
    { to: "POST $", body: { name: "k" }, headers: { "idempotency-key": "place" } },
    { to: "POST $", body: { name: "k" }, headers: { "idempotency-key": "place" } },
    { to: "POST $", body: { name: "other" }, headers: { "idempotency-key": "place" } },
    { to: "GET $?orderBy=name&select=name,rank,place&totalCount=true" },
  ];

/** Everything that a caller sees, with what must differ (ids, path, epoch, seq of the group) made equal. */
async function walk({ path, object }: Place): Promise<unknown[]> {
  const ids: string[] = [];
  const seen: unknown[] = [];
  const start = await ledgerSeq(object);
  for (const { to, body, headers = {} } of REQUESTS) {
    const fill = (text: string) =>
      text.replace("$", path).replace(/\{(\d)\}/g, (_, n: string) => ids[Number(n)] ?? "?");
    const reply = await send({
      to: fill(to),
      headers,
      ...(body === undefined ? {} : { body: JSON.parse(fill(JSON.stringify(body))) as object }),
    });
    if (to === "POST $" && reply.status === 201 && headers["idempotency-key"] === undefined)
      ids.push(String(reply.body.id));
    const blank = (text: string) =>
      ids.reduce(
        (all, id, n) => all.replaceAll(id, `id-${n}`),
        text.replaceAll(path, "$").replaceAll(path.split("/").at(-1) ?? "", "items"),
      );
    const { seq, requestId: _, detail: _detail, ...rest } = reply.body;
    const relative = seq === undefined ? {} : { seq: Number(seq) - start };
    const position = Number(reply.headers.get("ledge-seq")?.split(":")[1] ?? start) - start;
    const generated = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
    const shown = blank(JSON.stringify({ ...rest, ...relative }))
      .replaceAll(generated, "id-?")
      .replace(/"[a-z2-7]{16}:\d+:/g, '"epoch:')
      .replace(/\\"[a-z2-7]{16}:\d+:[0-9a-f]{6}\\"/g, "tag")
      .replace(/"nextCursor":"[^"]+"/, '"nextCursor":"cursor"');
    const location = reply.headers.get("location");
    seen.push({
      to,
      status: reply.status,
      position,
      shown,
      location: location === null ? null : blank(location).replaceAll(generated, "id-?"),
      replayed: reply.headers.get("idempotency-replayed"),
    });
  }
  return seen;
}

describe("placement", () => {
  it("[PF2] [HT1] the same requests have the same answers in all three placements", async () => {
    const walks = [];
    for (const place of PLACES) walks.push(await walk(place));
    const [alone, grouped, split] = walks;
    expect(grouped).toEqual(alone);
    expect(split).toEqual(alone);
    expect(alone?.filter((each) => (each as { status: number }).status < 400).length).toBeGreaterThan(12);
  });

  it("[PF2] each placement's rows lie in the object that its name says", async () => {
    for (const { path, object } of PLACES) {
      const made = await send({ to: `POST ${path}`, body: { name: `lies in ${object}` } });
      const table = path.split("/").at(-1);
      expect(await inspect(object, `SELECT name FROM ${table} WHERE id = '${made.body.id}'`)).toEqual([
        { name: `lies in ${object}` },
      ]);
    }
  });

  it("[HT1] partitions share nothing: rows, ids, keys, positions", async () => {
    const one = await send({
      to: "POST /api/@apart-1/items_split",
      body: { name: "one" },
      headers: { "idempotency-key": "apart" },
    });
    const two = await send({
      to: "POST /api/@apart-2/items_split",
      body: { id: one.body.id, name: "two" },
      headers: { "idempotency-key": "apart" },
    });
    expect([one.status, two.status]).toEqual([201, 201]);
    expect([one.body.place, two.body.place]).toEqual(["apart-1", "apart-2"]);
    expect(one.headers.get("ledge-seq")?.split(":")[0]).not.toBe(two.headers.get("ledge-seq")?.split(":")[0]);
    expect((await send({ to: `GET /api/@apart-2/items_split/${one.body.id}` })).body.name).toBe("two");
    expect((await send({ to: "GET /api/@apart-1/items_split" })).text).not.toContain("two");
  });
});
