/** The way by a queue: what objects say, what a consumer does with messages that are lost, doubled, late, of several objects, or of one that fails. */

import { createExecutionContext, createMessageBatch, env, getQueueResult, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { ObjectName } from "../../../src/core/ids.ts";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import { readCopies } from "../../../src/features/read-model/read-copies.ts";
import { app } from "./app.ts";
import { d1, ring, send, timerOf } from "./client.ts";

interface Hint {
  readonly body: unknown;
  readonly atMs: number;
}

const hints: Hint[] = [];
const queue = { send: async (body: unknown) => void hints.push({ body, atMs: Date.now() }) };
const bound = { ...env, LEDGE_READ_MODEL_QUEUE: queue, LEDGE_LOG_LEVEL: "silent" } as unknown as LedgeEnv;

/** A partition of its own for each test; `isBound`: its object has a queue from the beginning, so it must not be out of memory in between. */
async function room(name: string, { isBound }: { readonly isBound: boolean }) {
  const object = `t/test/notes/${name}`;
  const body = { ledgeReadModel: object };
  const heard = () => hints.filter((hint) => JSON.stringify(hint.body) === JSON.stringify(body));
  if (isBound)
    await runInDurableObject(env.LEDGE_TABLES.getByName(object), (instance) => {
      Object.assign(instance, { env: bound });
    });
  return {
    ...{ object, body, heard },
    write: (id: string) => send("ann", `POST /api/@${name}/notes`, { id, authorId: "ann", body: id }),
    told: (count: number) => expect.poll(() => heard().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count),
    copied: async () =>
      (await d1("SELECT id FROM rm_notes WHERE room = ? ORDER BY id", name)).map(({ id }) => String(id)),
  };
}

interface Delivered {
  readonly acked: readonly string[];
  readonly retried: readonly string[];
}

/** What the platform does with messages, ids `0`, `1` …; a Worker whose bindings may fail. */
async function deliver(bodies: readonly unknown[], bindings: LedgeEnv = bound): Promise<Delivered> {
  const batch = createMessageBatch(
    "ledge-read-model",
    bodies.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts: 1, body })),
  );
  const context = createExecutionContext();
  await app.queue(batch as MessageBatch, bindings, context);
  const result = await getQueueResult(batch, context);
  return {
    acked: [...result.explicitAcks].sort(),
    retried: result.retryMessages.map(({ msgId }) => msgId).sort(),
  };
}

describe("what an object says", () => {
  it("[RM2] commits that come together are one message, and later ones wait for whoever heard it", async () => {
    const { object, body, heard, told, write, copied } = await room("together", { isBound: true });
    await write("q");
    await told(1);
    for (let n = 0; n < 20; n++) await write(`q${n}`);
    // The hint stands for them as well: it is given again only where nobody takes it for seconds.
    expect(await timerOf(object)).toBeGreaterThanOrEqual((heard().at(-1)?.atMs ?? 0) + 5000);
    expect(await deliver([body])).toEqual({ acked: ["0"], retried: [] });
    expect((await copied()).length).toBe(21);
    expect(await timerOf(object)).toBeNull();
    // And so the next commit is told of soon.
    await write("r");
    expect((await timerOf(object)) ?? 0).toBeLessThanOrEqual(Date.now() + 50);
  });

  it("[RM2] a message that is lost is sent again; one that was taken is not, also by an object that was out of memory", async () => {
    const { object, body, heard, told, write, copied } = await room("lost", { isBound: true });
    await write("a");
    await told(1);
    await expect.poll(() => timerOf(object)).toBeGreaterThanOrEqual((heard()[0]?.atMs ?? 0) + 60_000);
    await ring(object);
    await told(2);
    await deliver([body]);
    expect(await copied()).toEqual(["a"]);
    await runInDurableObject(env.LEDGE_TABLES.getByName(object), (_, state) => state.abort("out of memory")).catch(
      () => undefined,
    );
    expect((await send("ann", "GET /api/@lost/notes/a")).status).toBe(200);
    expect(await timerOf(object)).toBeNull();
    expect(heard().length).toBe(2);
  });

  it("[RM2] a commit that comes while its copy is taken is told of, and a consumer of another version has taken nothing", async () => {
    const { object, body, heard, told, write } = await room("meanwhile", { isBound: true });
    await write("a");
    await told(1);
    await deliver([body]);
    const [copy] = await readCopies(env.LEDGE_D1, object as ObjectName);
    await write("b");
    await told(2);
    const stub = bound.LEDGE_TABLES.getByName(object);
    const taken = { epoch: copy?.epoch, seq: copy?.seq ?? 0, form: app.definition.news?.[0]?.form };
    const head = taken.seq + 1;
    await stub.newsTaken(JSON.stringify({ ...taken, seq: head, form: "another" }));
    await stub.newsTaken(JSON.stringify({ ...taken, seq: head, epoch: "another" }));
    await expect.poll(() => timerOf(object)).toBeGreaterThanOrEqual((heard()[1]?.atMs ?? 0) + 60_000);
    // It had all but the last one.
    await stub.newsTaken(JSON.stringify(taken));
    await told(3);
    await stub.newsTaken(JSON.stringify({ ...taken, seq: head }));
    await expect.poll(() => timerOf(object)).toBeNull();
  });
});

describe("what a consumer does", () => {
  it("[RM2] doubled and late messages, in any order and to several at once, leave a copy that is right", async () => {
    const one = await room("one", { isBound: false });
    const two = await room("two", { isBound: false });
    for (const id of ["a", "b", "c"]) await one.write(id);
    await two.write("n");
    const both = [one.body, two.body];
    const outcomes = await Promise.all([deliver([...both, ...both]), deliver([...both].reverse()), deliver(both)]);
    // Who comes second at a step goes on from where the first one got to; nobody gives up.
    expect(outcomes.flatMap(({ retried }) => retried)).toEqual([]);
    await send("ann", "DELETE /api/@one/notes/b");
    await Promise.all([deliver(both), deliver(both)]);
    expect(await one.copied()).toEqual(["a", "c"]);
    // One from long ago.
    expect(await deliver(both)).toEqual({ acked: ["0", "1"], retried: [] });
    expect(await one.copied()).toEqual(["a", "c"]);
    expect(await two.copied()).toEqual(["n"]);
    const copies = await d1("SELECT status FROM rm_copies WHERE object IN (?, ?)", one.object, two.object);
    expect(copies).toEqual([{ status: "serving" }, { status: "serving" }]);
  });

  it("[RM2] an object that fails has its messages retried, and stops no other; what is nobody's message is left alone", async () => {
    const ill = await room("ill", { isBound: false });
    const well = await room("well", { isBound: true });
    await ill.write("n");
    await well.write("a");
    const failing = {
      ...bound,
      LEDGE_TABLES: {
        getByName(name: string) {
          if (name === ill.object) throw new Error("it is not well");
          return env.LEDGE_TABLES.getByName(name);
        },
      },
    } as unknown as LedgeEnv;
    const bodies = [ill.body, well.body, { ledgeReadModel: "t/other/notes" }, { kind: "ledge.jobs" }, null];
    expect(await deliver(bodies, failing)).toEqual({ acked: ["1"], retried: ["0"] });
    expect(await well.copied()).toEqual(["a"]);
    expect(await deliver([ill.body])).toEqual({ acked: ["0"], retried: [] });
    expect(await ill.copied()).toEqual(["n"]);
  });

  it("[RM2] a D1 that fails has every message retried, and the next delivery finds nothing half done", async () => {
    const { body, write, copied } = await room("away", { isBound: true });
    await write("a");
    let batches = 0;
    const database = new Proxy(env.LEDGE_D1, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name === "batch")
          return async (statements: D1PreparedStatement[]) => {
            batches += 1;
            // The first one is lost; the others take place, and nobody hears of it.
            if (batches > 1) await target.batch(statements);
            throw new Error("the network is away");
          };
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const failing = { ...bound, LEDGE_D1: database } as unknown as LedgeEnv;
    expect(await deliver([body, body], failing)).toEqual({ acked: [], retried: ["0", "1"] });
    expect(batches).toBeGreaterThan(1);
    expect(await deliver([body])).toEqual({ acked: ["0"], retried: [] });
    expect(await copied()).toEqual(["a"]);
  });

  it("[RM2] a copy that takes longer than a message has goes on with another one, which is no failure", async () => {
    const { body, heard, told, write, copied } = await room("long", { isBound: true });
    await write("a");
    await told(1);
    const clock = Date.now;
    let hours = 0;
    let first: Delivered;
    Date.now = () => clock() + 3_600_000 * ++hours;
    try {
      first = await deliver([body]);
    } finally {
      Date.now = clock;
    }
    expect(first).toEqual({ acked: ["0"], retried: [] });
    expect(heard().length).toBe(2);
    await deliver([body]);
    expect(await copied()).toEqual(["a"]);
  });
});
