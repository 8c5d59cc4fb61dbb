import { describe, expect, test, vi } from "vitest";
import { createClient } from "../../src/client/ledge-client.ts";
import { createClient as createAuthClient, type SessionStorageLike } from "../../src/client/ledge-client-auth.ts";
import {
  createQueryEngine,
  deriveCacheKey,
  deriveMutationKeys,
  QueryCache,
  withCache,
} from "../../src/client/ledge-client-cache.ts";
import { createClient as createLiveClient } from "../../src/client/ledge-client-live.ts";
import { transaction } from "../../src/client/transaction.ts";
import { type Answer, EMPTY_PAGE, fakePlatform, problem, type Serve } from "./fake-server.ts";

/** A server that counts: each list is another one, so that a kept result is told from a fresh one. */
const counting: Serve = ({ method, url }, index): Answer => {
  if (url.includes("/count")) return { body: { count: index, seq: index } };
  if (method === "GET") return { body: { ...EMPTY_PAGE, items: [{ id: `row-${index}` }], seq: index } };
  if (url.endsWith("/upsert")) return { body: { items: [{ id: "1" }], created: [], seq: index } };
  if (method === "DELETE" && !url.endsWith("/batch")) return { status: 204 };
  return { body: { id: "1", count: 1, data: null } };
};

interface Row {
  readonly id: string;
  readonly status?: string;
}

function board(serve: Serve = counting, options: Parameters<typeof withCache>[1] = {}) {
  const platform = fakePlatform(serve);
  const client = withCache(createClient({ url: "https://board.test", platform, retry: false }), options);
  const [tasks, projects, messages] = (["tasks", "projects", "messages"] as const).map((name) =>
    client.resource<Row>(name),
  );
  if (tasks === undefined || projects === undefined || messages === undefined) throw new Error("there are three");
  return { platform, client, tasks, projects, messages };
}

describe("reads that are kept", () => {
  test("[K1] the same question asks once, until its time is over; another question asks again", async () => {
    let nowMs = 0;
    const { platform, tasks } = board(counting, { ttlMs: 1000, now: () => nowMs });
    const first = await tasks.list({ filter: { status: "todo" }, limit: 5 });
    expect(await tasks.list({ limit: 5, filter: 'status=="todo"' })).toBe(first);
    expect(platform.sent).toHaveLength(1);
    await tasks.list({ filter: { status: "done" }, limit: 5 });
    await tasks.count({ filter: { status: "todo" } });
    expect(platform.sent).toHaveLength(3);
    nowMs = 1000;
    await tasks.list({ filter: { status: "todo" }, limit: 5 });
    expect(platform.sent).toHaveLength(4);
  });

  test("[K1] ttlMs of a call; 0 keeps nothing; bypassCache asks whatever is kept and keeps the answer", async () => {
    let nowMs = 0;
    const { platform, tasks } = board(counting, { now: () => nowMs });
    await tasks.list({ ttlMs: 0 });
    await tasks.list({ ttlMs: 10 });
    nowMs = 10;
    await tasks.list();
    expect(platform.sent).toHaveLength(3);
    const fresh = await tasks.list({ bypassCache: true });
    expect(platform.sent).toHaveLength(4);
    expect(await tasks.list()).toBe(fresh);
    // Neither is a parameter of the server.
    expect(platform.sent.map(({ url }) => url)).toEqual(Array(4).fill("https://board.test/api/tasks"));
  });

  test("[K2] keys hold all that decides a result, in one order, and nothing else", () => {
    const key = (options: Readonly<Record<string, unknown>>, operation = "list", path = "tasks") =>
      deriveCacheKey({ path, operation, options });
    expect(key({ filter: { a: 1 }, limit: 5, select: ["b", "a"] })).toBe(
      key({ select: ["a", "b", "a"], limit: 5, filter: "a==1" }),
    );
    expect(key({ signal: {}, timeoutMs: 5, retries: 1 })).toBe(key({}));
    const different = [
      key({}),
      key({ limit: 5 }),
      key({}, "first"),
      key({}, "list", "@lobby/tasks"),
      key({ orderBy: "-a" }),
      key({ filter: "a==2" }),
    ];
    expect(new Set(different).size).toBe(different.length);
    expect(key({})).toMatch(/^qb:tasks list /);
    expect(deriveMutationKeys("tasks").some((beginning) => key({ limit: 5 }).startsWith(beginning))).toBe(true);
    expect(deriveMutationKeys("task").some((beginning) => key({}).startsWith(beginning))).toBe(false);
    const of = (subject: string | number) => deriveCacheKey({ path: "tasks", operation: "get", subject });
    expect(of(1)).not.toBe(of("1"));
  });

  test("[K4] equal reads in flight are one request; a caller who leaves ends it only as the last one", async () => {
    const held = Promise.withResolvers<Answer>();
    const { platform, tasks } = board(() => held.promise);
    const leaving = new AbortController();
    const [early, other] = [tasks.list({ signal: leaving.signal }), tasks.list()];
    leaving.abort();
    await expect(early).rejects.toMatchObject({ code: "ABORTED" });
    held.resolve({ body: EMPTY_PAGE });
    expect((await other).items).toEqual([]);
    expect(platform.sent).toHaveLength(1);

    const silent = board(() => "silent");
    const ends = [new AbortController(), new AbortController()];
    const both = ends.map(({ signal }) => silent.tasks.list({ signal, timeoutMs: 0 }));
    await vi.waitUntil(() => silent.platform.sent.length === 1);
    for (const end of ends) end.abort();
    await Promise.all(both.map((one) => expect(one).rejects.toMatchObject({ code: "ABORTED" })));
    expect(silent.client.cache.getStats()).toMatchObject({ size: 0 });
    void silent.tasks.list({ timeoutMs: 0 });
    await vi.waitUntil(() => silent.platform.sent.length === 2);
  });

  test("[K4] a read with other limits than the one in flight keeps its own, and its result is the one that is kept", async () => {
    const held = Promise.withResolvers<Answer>();
    const { platform, tasks } = board((sent, index) => (index === 0 ? held.promise : counting(sent, index)));
    const patient = tasks.list({ timeoutMs: 0 });
    await vi.waitUntil(() => platform.sent.length === 1);
    expect((await tasks.list({ timeoutMs: 5 })).items).toEqual([{ id: "row-1" }]);
    held.resolve({ body: { ...EMPTY_PAGE, items: [{ id: "row-0" }] } });
    expect((await patient).items).toEqual([{ id: "row-0" }]);
    expect((await tasks.list()).items).toEqual([{ id: "row-1" }]);

    const silent = board(() => "silent");
    void silent.tasks.list({ timeoutMs: 0 });
    await expect(silent.tasks.list({ timeoutMs: 5 })).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  test("[K1] a failure is not kept, and a conditional read goes by", async () => {
    let fails = true;
    const { platform, tasks } = board((sent, index) => (fails ? problem(404, "NOT_FOUND") : counting(sent, index)));
    await expect(tasks.get("1")).rejects.toMatchObject({ status: 404 });
    fails = false;
    await tasks.get("1");
    await tasks.get("1", { ifNoneMatch: '"v1"' });
    await tasks.list({ headers: { "x-as": "somebody" } });
    await tasks.list();
    expect(platform.sent).toHaveLength(5);
  });

  test("[K1] what several hold cannot be changed by one of them", async () => {
    const { tasks } = board();
    const { items } = await tasks.list();
    expect(() => Object.assign(items[0] ?? {}, { id: "mine" })).toThrow(TypeError);
    expect((await tasks.list()).items[0]?.id).toBe("row-0");
  });

  test("[P9] the next page is kept by its cursor", async () => {
    const { platform, tasks } = board(({ url }) => ({
      body: { ...EMPTY_PAGE, nextCursor: url.includes("cursor") ? null : "c-1" },
    }));
    const page = await tasks.list({ limit: 1 });
    const next = await tasks.nextPage(page, { limit: 1 });
    expect(await tasks.nextPage(page, { limit: 1 })).toBe(next);
    expect(platform.sent).toHaveLength(2);
    expect(next === null ? undefined : await tasks.nextPage(next)).toBeNull();
  });
});

describe("what makes a result stale", () => {
  test("[K3] [SDK12] every write of a table drops what was read of it, and nothing of another", async () => {
    const { client, tasks, projects, platform } = board();
    const engine = createQueryEngine(client);
    const writes: (() => Promise<unknown>)[] = [
      () => tasks.create({}),
      () => tasks.update("1", {}),
      () => tasks.replace("1", {}),
      () => tasks.delete("1"),
      () => tasks.restore("1"),
      () => tasks.upsert({ id: "1" }),
      () => tasks.createMany([{}]),
      () => tasks.updateMany([{ id: "1" }]),
      () => tasks.replaceMany([{ id: "1" }]),
      () => tasks.upsertMany([{ id: "1" }]),
      () => tasks.deleteMany(["1"]),
      () => tasks.updateWhere({ all: true }, {}),
      () => tasks.deleteWhere({ all: true }),
      () => tasks.rpc("close"),
      () => engine.create("tasks", {}),
      () => engine.update("tasks", "1", {}),
      () => engine.updateWhere("tasks", 'id=="1"', {}),
      () => engine.upsert("tasks", { id: "1" }),
      () => engine.remove("tasks", "1"),
      () => transaction(client, [{ op: "create", resource: "tasks", data: {} }]),
    ];
    const other = await projects.list();
    for (const write of writes) {
      const before = await tasks.list();
      await write();
      expect([String(write), (await tasks.list()) === before]).toEqual([String(write), false]);
    }
    expect(await projects.list()).toBe(other);
    expect(platform.sent.filter(({ method, url }) => method === "GET" && url.includes("projects"))).toHaveLength(1);
  });

  test("[K3] a write that fails drops it too: without an answer it may have taken place", async () => {
    const { tasks, platform } = board((sent, index) => (sent.method === "POST" ? "lost" : counting(sent, index)));
    await tasks.list();
    await expect(tasks.create({})).rejects.toMatchObject({ code: "NETWORK_ERROR" });
    await tasks.list();
    expect(platform.sent).toHaveLength(3);
  });

  test("[K3] a read that was on its way while a write ended is given to its callers and not kept", async () => {
    const held = Promise.withResolvers<void>();
    const { tasks, platform } = board(async (sent, index) => {
      if (index === 0) await held.promise;
      return counting(sent, index) as Answer;
    });
    const early = tasks.list();
    await tasks.create({});
    const late = tasks.list();
    expect((await late).items[0]?.id).toBe("row-2");
    held.resolve();
    expect((await early).items[0]?.id).toBe("row-0");
    expect((await tasks.list()).items[0]?.id).toBe("row-2");
    expect(platform.sent).toHaveLength(3);
  });

  test("[K7] [SDK11] invalidate takes a path, a table, or a function; a table without a partition is all of them", async () => {
    const { client, tasks, messages, platform } = board();
    const read = () =>
      Promise.all([tasks.list(), tasks.count(), messages.in("lobby").list(), messages.in("attic").list()]);
    const readAgain = async () => {
      const before = platform.sent.length;
      await read();
      return platform.sent.slice(before).map(({ url }) => url.slice("https://board.test/api".length));
    };
    await read();
    expect(await readAgain()).toEqual([]);
    client.invalidate("tasks");
    expect(await readAgain()).toEqual(["/tasks", "/tasks/count"]);
    client.invalidate(messages.in("lobby"));
    expect(await readAgain()).toEqual(["/@lobby/messages"]);
    client.invalidate("messages");
    expect(await readAgain()).toEqual(["/@lobby/messages", "/@attic/messages"]);
    client.invalidate(({ operation }) => operation === "count");
    expect(await readAgain()).toEqual(["/tasks/count"]);
    await messages.in("attic").create({});
    expect(await readAgain()).toEqual(["/@attic/messages"]);
    expect(() => client.invalidate({})).toThrow("no table of this client");
  });

  test("[K9] prefetch reads a list or a row in advance, of a partition too, and never fails", async () => {
    const { client, tasks, messages, platform } = board((sent, index) =>
      sent.url.includes("broken") ? problem(500, "INTERNAL_ERROR") : counting(sent, index),
    );
    await client.prefetch("tasks", { filter: { status: "todo" } });
    await client.prefetch("tasks", { id: "7" });
    await client.prefetch("@lobby/messages");
    await client.prefetch("broken");
    expect(platform.sent).toHaveLength(4);
    await tasks.list({ filter: { status: "todo" } });
    await tasks.get("7");
    await messages.in("lobby").list();
    expect(platform.sent).toHaveLength(4);
  });

  test("[K3] [A6] whoever signs in or out finds nothing of whom was there before; a renewed token keeps it", async () => {
    let people = 0;
    const platform = fakePlatform((sent, index) => {
      if (sent.url.endsWith("/logout")) return { status: 204 };
      if (!sent.url.includes("/auth/")) return counting(sent, index);
      if (sent.url.endsWith("/login")) people += 1;
      return { body: { user: { id: `u-${people}` }, accessToken: "a", refreshToken: "s.1", expiresIn: 900 } };
    });
    const client = withCache(createAuthClient({ url: "https://board.test", platform, auth: { carrier: "token" } }));
    const login = () => client.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    await client.auth.getSession();
    const tasks = client.resource("tasks");
    const seen = [await tasks.list()];
    await login();
    seen.push(await tasks.list());
    await client.auth.refreshSession();
    expect(await tasks.list()).toBe(seen[1]);
    await client.auth.signOut();
    seen.push(await tasks.list());
    await login();
    seen.push(await tasks.list());
    expect(new Set(seen).size).toBe(4);
  });
});

describe("whose reads they are", () => {
  /** By cookie, which may be one of before the page was loaded: then nothing here names who is there. */
  const byCookie = (name: string, storage?: SessionStorageLike) => {
    let person = name;
    const platform = fakePlatform(({ url }) => {
      if (url.endsWith("/logout")) person = "nobody";
      if (url.endsWith("/login")) person = "bob";
      return { body: { ...EMPTY_PAGE, items: [{ id: person }], user: { id: person } } };
    });
    const auth = { carrier: "cookie", readCookies: () => "", ...(storage && { storage }) } as const;
    const client = withCache(createAuthClient({ url: "https://board.test", platform, auth }));
    const seen = async () => (await client.resource<Row>("tasks").list()).items[0]?.id;
    return { client, seen };
  };

  test("[K3] [A3] signing out leaves nothing behind, also of a person whom only the cookie knew", async () => {
    const { client, seen } = byCookie("alice");
    await client.auth.getSession();
    expect([await seen(), await seen()]).toEqual(["alice", "alice"]);
    await client.auth.signOut();
    expect(await seen()).toBe("nobody");
  });

  test("[K3] [A2] what was read before the storage had answered is not the next person's", async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let kept: string | null = null;
    const storage: SessionStorageLike = {
      getItem: () => opened.then(() => kept),
      setItem: (_, text) => {
        kept = text;
      },
      removeItem: () => {},
    };
    const { client, seen } = byCookie("nobody", storage);
    expect(await seen()).toBe("nobody");
    await client.auth.signInWithPassword({ email: "bob@example.com", password: "p" });
    open();
    expect((await client.auth.getSession())?.user.id).toBe("bob");
    expect(await seen()).toBe("bob");
  });
});

test("[SDK11] around a live client its subscriptions stay, in partitions too", async () => {
  const platform = fakePlatform(counting);
  const client = withCache(createLiveClient({ url: "https://board.test", platform }));
  const [tasks, lobby] = [client.resource("tasks"), client.resource("messages").in("lobby")];
  const before = await lobby.list();
  expect([await lobby.list(), await client.resource("messages").in("lobby").list()]).toEqual([before, before]);
  expect([typeof tasks.subscribe, typeof lobby.subscribe, typeof client.realtime.destroy]).toEqual(
    Array(3).fill("function"),
  );
  client.realtime.destroy();
  expect(platform.sent).toHaveLength(1);
});

describe("the cache itself", () => {
  test("[K5] [K6] set, get and three ways to invalidate; what was found is counted", () => {
    const cache = new QueryCache();
    for (const key of ["report:1", "report:2", "other"]) cache.set(key, { key });
    expect(cache.get("report:1")).toEqual({ key: "report:1" });
    expect(cache.get("absent")).toBeUndefined();
    expect(cache.getStats()).toMatchObject({ hits: 1, misses: 1, size: 3, hitRate: 0.5 });
    cache.invalidate("report:1");
    expect(cache.getStats().keys).toEqual(["report:2", "other"]);
    cache.invalidatePattern(/^report:/g);
    expect(cache.getStats().keys).toEqual(["other"]);
    cache.invalidatePattern("the");
    expect(cache.getStats().size).toBe(0);
    cache.set("more", 1);
    cache.invalidateAll();
    expect(cache.getStats().size).toBe(0);
    expect(QueryCache.getInstance()).toBe(QueryCache.getInstance());
  });

  test("[K8] one too many, and the fifth that is nearest to its end goes", () => {
    let nowMs = 0;
    const cache = new QueryCache({ maxEntries: 10, now: () => nowMs });
    for (let k = 0; k < 10; k++) cache.set(`k${k}`, k, { ttlMs: k === 4 ? 1 : 1000 - k });
    cache.set("k0", "again");
    expect(cache.getStats().size).toBe(10);
    cache.set("new", 1);
    expect(cache.getStats().keys).toEqual(["k1", "k2", "k3", "k5", "k6", "k7", "k8", "k0", "new"]);
    nowMs = 996;
    expect(cache.getStats().keys).toEqual(["k1", "k2", "k3", "k0", "new"]);
  });
});
