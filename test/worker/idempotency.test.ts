/** Idempotency keys ([HT41] [HT43] [HT44]): whose they are, one effect under concurrency, a failure that frees the key, how long they last. */

import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { inspect, ledgerSeq, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const KINDS = "t/test/kinds";
let serial = 0;
const fresh = () => `key-${++serial}`;
/** A create under a key. */
const create = (key: string, title = "once", more: Partial<Step> = {}): Step => ({
  to: "POST /api/kinds",
  body: { title },
  headers: { "idempotency-key": key },
  as: "first",
  ...more,
});
const count = async () => Number((await inspect(KINDS, "SELECT count(*) AS count FROM kinds"))[0]?.count);
const run = (statement: string) =>
  runInDurableObject(env.LEDGE_TABLES.getByName(KINDS), (_, state) => void state.storage.sql.exec(statement));

describe("keys", () => {
  const malformed = (what: string, key: string): Scenario => ({
    name: `[HT41] a key ${what} is 400`,
    when: create(key),
    status: 400,
    json: { errors: [{ field: "Idempotency-Key" }] },
    seq: 0,
  });
  scenarios([
    malformed("of 129 characters", "k".repeat(129)),
    malformed("with a space", "a b"),
    malformed("outside ASCII", "schlüssel"),
    malformed("that is empty", ""),
    { name: "[HT41] a key of 128 characters is taken", when: create("k".repeat(128)), status: 201, seq: 1 },
    {
      name: "[HT41] a key belongs to its principal",
      given: [
        {
          user: "alice",
          to: "POST /api/kinds",
          body: { title: "once" },
          headers: { "idempotency-key": "p1" },
          as: "hers",
        },
      ],
      when: { user: "bob", to: "POST /api/kinds", body: { title: "once" }, headers: { "idempotency-key": "p1" } },
      status: 201,
      headers: { "idempotency-replayed": null },
      hasNot: ["{hers.id}"],
      seq: 1,
    },
    {
      name: "[HT41] an anonymous key is not that of a signed-in caller",
      given: [create("p2")],
      when: { ...create("p2"), user: "alice" },
      status: 201,
      headers: { "idempotency-replayed": null },
      seq: 1,
    },
    {
      name: "[HT41] a principal cannot take another's key by its name",
      given: [{ ...create("x"), user: "a|b" }],
      when: { ...create("b|x"), user: "a" },
      status: 201,
      headers: { "idempotency-replayed": null },
      seq: 1,
    },
    {
      name: "[HT41] an anonymous key belongs to its address",
      given: [{ ...create("p3"), headers: { "idempotency-key": "p3", "cf-connecting-ip": "192.0.2.1" } }],
      when: { ...create("p3"), headers: { "idempotency-key": "p3", "cf-connecting-ip": "192.0.2.2" } },
      status: 201,
      headers: { "idempotency-replayed": null },
      seq: 1,
    },
    {
      name: "[HT43] a refusal by validation frees the key",
      when: create("f1"),
      status: 201,
      headers: { "idempotency-replayed": null },
      seq: 1,
    },
  ]);

  it("[HT43] after a failure the key is free: the corrected request under it takes place", async () => {
    for (const bad of [{ title: 7 }, { id: "no", title: "t" }]) {
      const key = fresh();
      const refused = await send({ ...create(key), body: bad });
      expect(refused.status).toBe(400);
      expect(await inspect(KINDS, `SELECT 1 FROM _replies WHERE key LIKE '%${key}'`)).toEqual([]);
      const done = await send(create(key));
      expect([done.status, done.headers.get("idempotency-replayed")]).toEqual([201, null]);
    }
    const key = fresh();
    const made = await send({ to: "POST /api/kinds", body: { title: "m" } });
    const patch = (tag: string): Step => ({
      to: `PATCH /api/kinds/${made.body.id}`,
      body: { title: "n" },
      headers: { "idempotency-key": key, "if-match": tag },
    });
    expect((await send(patch('"stale"'))).status).toBe(412);
    expect((await send(patch(made.headers.get("etag") ?? ""))).status).toBe(200);
  });

  it("[HT43] a rollback inside the object frees the key", async () => {
    const key = fresh();
    const tries = await Promise.all(
      [1, 2].map(() =>
        send({ to: "POST /api/hooked", body: { title: "throw-inside" }, headers: { "idempotency-key": key } }),
      ),
    );
    expect(tries.map(({ status }) => status)).toEqual([409, 409]);
    expect(tries.map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, null]);
  });

  it("[HT42] ten requests at once under one key have one effect and one reply", async () => {
    const before = await count();
    const replies = await Promise.all(Array.from({ length: 10 }, () => send(create("race"))));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1);
    expect(await count()).toBe(before + 1);
  });

  it("[HT42] [HT31] with a before-hook too, ten requests at once have one effect", async () => {
    const before = await ledgerSeq("t/test/hooked");
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        send({ to: "POST /api/hooked", body: { title: "raced" }, headers: { "idempotency-key": "race" } }),
      ),
    );
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect((await ledgerSeq("t/test/hooked")) - before).toBe(1);
  });

  it("[HT41] [PF9] the stored reply survives the object", async () => {
    const first = await send(create("evicted"));
    await evictDurableObject(env.LEDGE_TABLES.getByName(KINDS));
    const again = await send(create("evicted"));
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.text).toBe(first.text);
  });

  it("[HT41] a stored reply is kept for 24 hours, then the key is free", async () => {
    await send(create("timed"));
    const [row] = await inspect(KINDS, "SELECT expires_at FROM _replies WHERE key LIKE '%timed'");
    expect(Math.abs(Number(row?.expires_at) - Date.now() - 86_400_000)).toBeLessThan(60_000);
    await run(`UPDATE _replies SET expires_at = ${Date.now() - 1} WHERE key LIKE '%timed'`);
    const before = await count();
    const later = await send(create("timed", "another body"));
    expect([later.status, later.headers.get("idempotency-replayed")]).toEqual([201, null]);
    expect(await count()).toBe(before + 1);
  });

  it("[HT44] a reply above 1 MB is stored in minimal form", async () => {
    const request: Step = {
      to: "POST /api/letters",
      body: { email: "big@example.com", size: 1_100_000 },
      headers: { "idempotency-key": "big" },
    };
    const first = await send(request);
    expect(first.status).toBe(201);
    expect(first.text.length).toBeGreaterThan(1_100_000);
    const again = await send(request);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body).toEqual({ ids: [first.body.id], seq: Number(first.headers.get("ledge-seq")?.split(":")[1]) });
    await send({ to: `DELETE /api/letters/${first.body.id}` });
  });

  it("[HT44] the size of a reply is counted in bytes, not in characters", async () => {
    const request: Step = {
      to: "POST /api/letters",
      body: { email: "wide@example.com", size: 700_000 },
      headers: { "idempotency-key": "wide" },
    };
    const first = await send(request);
    expect(first.status).toBe(201);
    const again = await send(request);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body).toMatchObject({ ids: [first.body.id] });
    await send({ to: `DELETE /api/letters/${first.body.id}` });
  });

  it("[HT41] without a key nothing is stored, and two equal requests are two", async () => {
    const [before] = await inspect(KINDS, "SELECT count(*) AS count FROM _replies");
    const [one, two] = await Promise.all([
      send({ to: "POST /api/kinds", body: { title: "twice" } }),
      send({ to: "POST /api/kinds", body: { title: "twice" } }),
    ]);
    expect(one.body.id).not.toBe(two.body.id);
    expect(await inspect(KINDS, "SELECT count(*) AS count FROM _replies")).toEqual([before]);
  });
});
