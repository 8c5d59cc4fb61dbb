/** Effects ([TX40] [HT31] [CL4]): in the ledger row of their commit, delivered after it, at least once, none held up by another. */

import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { inspect, loggedWhile, send } from "../support/scenario.ts";
import { delivered, failing, holding } from "../support/test-tables.ts";

const HOOKED = "t/test/hooked";

afterEach(() => {
  failing.effects = 0;
  holding.effects = false;
});

/** Waits until something holds, running the object's alarm meanwhile as the platform would. */
async function until(object: string, holds: () => boolean | Promise<boolean>, withinMs = 6000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("did not come true in time");
    await runDurableObjectAlarm(env.LEDGE_TABLES.getByName(object));
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

const seqOf = (reply: { headers: Headers }) => Number(reply.headers.get("ledge-seq")?.split(":")[1]);
const of = (key: string) => delivered.filter((each) => each.key === key);
const create = (title: string) => send({ to: "POST /api/hooked", body: { title } });
const run = (object: string, ...statements: string[]) =>
  runInDurableObject(env.LEDGE_TABLES.getByName(object), (_, state) => {
    for (const statement of statements) state.storage.sql.exec(statement);
  });

describe("effects", () => {
  it("[TX40] an effect lies in the ledger row of its commit and is delivered after it, once, under its key", async () => {
    const seq = seqOf(await create("effect"));
    const [entry] = await inspect(HOOKED, `SELECT effects FROM _log WHERE seq = ${seq}`);
    expect(JSON.parse(String(entry?.effects))).toEqual([{ kind: "named", name: "ping", payload: { title: "effect" } }]);
    await until(HOOKED, () => of(`hooked:${seq}:0`).length > 0);
    expect(of(`hooked:${seq}:0`)).toEqual([{ key: `hooked:${seq}:0`, attempt: 1, payload: { title: "effect" } }]);
    expect(await inspect(HOOKED, "SELECT value FROM _meta WHERE name = 'outbox'")).toEqual([{ value: String(seq) }]);
  });

  it("[TX40] a rollback has no effects", async () => {
    const before = delivered.length;
    expect((await create("audit-then-throw")).status).toBe(409);
    const seq = seqOf(await create("effect"));
    await until(HOOKED, () => of(`hooked:${seq}:0`).length > 0);
    expect(delivered.slice(before)).toHaveLength(1);
    expect(await inspect(HOOKED, "SELECT 1 FROM _log WHERE effects LIKE '%audit-then-throw%'")).toEqual([]);
  });

  it("[HT31] a durable after-hook goes through the outbox with its change", async () => {
    const made = await create("durable");
    const seq = seqOf(await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "durable 2" } }));
    await until(HOOKED, () => of(`hooked:${seq}:0`).length > 0);
    expect(of(`hooked:${seq}:0`)).toEqual([{ key: `hooked:${seq}:0`, attempt: 1, payload: "durable 2" }]);
  });

  it("[HT24] a write that changes nothing leaves no effect", async () => {
    const made = await create("still");
    const before = delivered.length;
    await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "still" } });
    const seq = seqOf(await create("effect"));
    await until(HOOKED, () => of(`hooked:${seq}:0`).length > 0);
    expect(delivered).toHaveLength(before + 1);
  });

  it("[TX40] an effect that fails is set aside, holds nothing up, and is tried again under the same key", async () => {
    failing.effects = 1;
    const [first, second] = [seqOf(await create("effect")), seqOf(await create("effect"))];
    await until(HOOKED, () => of(`hooked:${second}:0`).length > 0);
    expect(of(`hooked:${first}:0`)).toEqual([]);
    const [held] = await inspect(HOOKED, `SELECT tries, error, next_at FROM _retries WHERE seq = ${first}`);
    expect(held).toMatchObject({ tries: 1, error: "Error: not now" });
    expect(Number(held?.next_at)).toBeGreaterThan(Date.now());
    await until(HOOKED, () => of(`hooked:${first}:0`).length > 0);
    expect(of(`hooked:${first}:0`)).toEqual([{ key: `hooked:${first}:0`, attempt: 2, payload: { title: "effect" } }]);
    await until(HOOKED, async () => (await inspect(HOOKED, "SELECT 1 FROM _retries")).length === 0);
  });

  it("[TX40] waits double from try to try, and after the tenth the effect is kept for an operator", async () => {
    failing.effects = 1;
    const seq = seqOf(await create("effect"));
    await until(HOOKED, async () => (await inspect(HOOKED, `SELECT 1 FROM _retries WHERE seq = ${seq}`)).length === 1);
    const tryAgain = async (tries: number) => {
      failing.effects = 1;
      await run(
        HOOKED,
        `UPDATE _retries SET tries = ${tries}, next_at = 0 WHERE seq = ${seq}`,
        "INSERT INTO _timers VALUES ('outbox', 0) ON CONFLICT (name) DO UPDATE SET at = 0",
      );
      await runInDurableObject(env.LEDGE_TABLES.getByName(HOOKED), (_, state) => state.storage.setAlarm(Date.now()));
      await until(HOOKED, () => failing.effects === 0);
      await until(
        HOOKED,
        async () =>
          (await inspect(HOOKED, `SELECT 1 FROM _retries WHERE seq = ${seq} AND tries = ${tries + 1}`)).length === 1,
      );
      return (await inspect(HOOKED, `SELECT next_at FROM _retries WHERE seq = ${seq}`))[0]?.next_at;
    };
    expect(Number(await tryAgain(3)) - Date.now()).toBeGreaterThan(6000);
    expect(Number(await tryAgain(4)) - Date.now()).toBeGreaterThan(14_000);
    const lines = await loggedWhile(async () => void expect(await tryAgain(9)).toBeNull());
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "error", message: "an effect was given up", seq, tries: 10 }),
    );
    expect(of(`hooked:${seq}:0`)).toEqual([]);
  });

  it("[TX40] a crash between an effect and the note that it was done delivers it again, under the same key", async () => {
    const seq = seqOf(await create("effect"));
    await until(HOOKED, () => of(`hooked:${seq}:0`).length === 1);
    await until(
      HOOKED,
      async () => (await inspect(HOOKED, "SELECT 1 FROM _timers WHERE name = 'outbox' AND at <= 0")).length === 0,
    );
    await run(
      HOOKED,
      `UPDATE _meta SET value = '${seq - 1}' WHERE name = 'outbox'`,
      "INSERT INTO _timers VALUES ('outbox', 0) ON CONFLICT (name) DO UPDATE SET at = 0",
    );
    await runInDurableObject(env.LEDGE_TABLES.getByName(HOOKED), (_, state) => state.storage.setAlarm(Date.now()));
    await until(HOOKED, () => of(`hooked:${seq}:0`).length === 2);
    expect(new Set(of(`hooked:${seq}:0`).map(({ attempt }) => attempt))).toEqual(new Set([1]));
  });
});

describe("effects and retention", () => {
  it("[CL4] entries whose effects are not delivered are kept up to ten times the limits, then set aside: none is lost", async () => {
    const object = "t/test/shortlog";
    holding.effects = true;
    for (let count = 1; count <= 130; count++)
      await send({ to: "POST /api/shortlog", body: { title: `held ${count}` } });
    const [log] = await inspect(object, "SELECT min(seq) AS low, max(seq) AS high, count(*) AS count FROM _log");
    expect(log).toEqual({ low: 29, high: 130, count: 102 });
    expect(await inspect(object, "SELECT count(*) AS count, min(tries) AS tries FROM _retries")).toEqual([
      { count: 28, tries: 0 },
    ]);
    holding.effects = false;
    const keys = () => new Set(delivered.filter(({ key }) => key.startsWith("shortlog:")).map(({ key }) => key));
    await until(object, () => keys().size === 130, 20_000);
    await until(object, async () => (await inspect(object, "SELECT 1 FROM _retries")).length === 0, 20_000);
    for (let count = 131; count <= 192; count++) await send({ to: "POST /api/shortlog", body: { title: "quiet" } });
    expect(await inspect(object, "SELECT min(seq) AS low, max(seq) AS high, count(*) AS count FROM _log")).toEqual([
      { low: 183, high: 192, count: 10 },
    ]);
  }, 60_000);
});
