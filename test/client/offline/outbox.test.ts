/** The outbox of a client in Node: what is asked of the server, and what a person sees, with tabs and a storage of the test's own. */

import { expect, test, vi } from "vitest";
import { createClient } from "../../../src/client/ledge-client.ts";
import { createClient as createSignedIn } from "../../../src/client/ledge-client-auth.ts";
import { withCache } from "../../../src/client/ledge-client-cache.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import {
  memoryStorage,
  type OutboxOptions,
  statusLabel,
  withOutbox,
} from "../../../src/client/ledge-client-offline.ts";
import { etagOf } from "../../../src/client/tags.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { OUTBOX_LIMITS } from "../../../src/core/offline/outbox-port.ts";
import { type Answer, fakePlatform, problem, type Sent, type Serve } from "../fake-server.ts";
import { FakeBrowser } from "./fake-tabs.ts";

const DONE: Answer = { status: 200, body: { id: "a", title: "x" }, headers: { etag: '"e:2:s"', "ledge-seq": "e:2" } };

function open(serve: Serve, given: OutboxOptions & { readonly browser?: FakeBrowser } = {}) {
  const { browser = new FakeBrowser(), storage = memoryStorage(), ...rest } = given;
  const platform = fakePlatform(serve, () => 0.5);
  const tab = (more: OutboxOptions = {}) =>
    withOutbox(createClient({ url: "https://ledge.example", platform, timeoutMs: 0 }), {
      tabs: browser.tab(),
      storage,
      ...rest,
      ...more,
    });
  const client = tab();
  return { platform, browser, storage, client, tasks: client.resource("tasks"), tab, sent: platform.sent };
}

const until = (test: () => unknown) => vi.waitFor(() => expect(test()).toBeTruthy(), { timeout: 5_000, interval: 5 });
const line = ({ method, url, headers, body }: Sent) => [method, url.slice(26), headers["idempotency-key"], body];

test("[O2] a write is stored, leaves under its key, and is gone from what is pending once it is done", async () => {
  const { tasks, client, sent } = open(() => DONE);
  const { key, id } = await tasks.later.create({ title: "x" });
  expect(id).toMatch(/^[0-9a-f-]+|key-/);
  expect(client.outbox.pending()).toMatchObject([{ key, writes: [{ op: "create", id, values: { id, title: "x" } }] }]);
  await until(() => client.outbox.pending().length === 0);
  expect(sent.map(line)).toEqual([["POST", "tasks", key, { id, title: "x" }]]);
});

test("[O2] offline nothing leaves; online it does, in order for each row, each attempt under the same key", async () => {
  const answers: (Answer | "lost")[] = ["lost", problem(503, "OUTCOME_UNKNOWN"), DONE, DONE];
  const { tasks, client, sent, browser } = open((_sent, index) => answers[index] ?? DONE);
  browser.become(false);
  const first = await tasks.later.update("a", { title: "1" });
  const second = await tasks.later.update("a", { title: "2" });
  await until(() => client.sync.status.pause === "offline");
  expect([sent.length, client.sync.status.unsent, client.sync.status.heldUp]).toEqual([0, 2, 1]);
  browser.become(true);
  await until(() => client.outbox.pending().length === 0);
  expect(sent.map(line).map(([, , key, body]) => [key, (body as JsonObject).title])).toEqual([
    [first.key, "1"],
    [first.key, "1"],
    [first.key, "1"],
    [second.key, "2"],
  ]);
});

test("[O2] what was stored before is sent by the next start, under its key", async () => {
  const storage = memoryStorage();
  const before = open(() => "silent", { storage });
  const { key } = await before.tasks.later.update("a", { title: "1" });
  await until(() => before.sent.length === 1);
  before.client.outbox.close();
  const after = open(() => DONE, { storage });
  await after.client.outbox.ready;
  expect(after.client.outbox.pending().map((item) => item.key)).toEqual([key]);
  await until(() => after.client.outbox.pending().length === 0);
  expect(after.sent.map(line)).toEqual([["PATCH", "tasks/a", key, { title: "1" }]]);
});

test("[O4] tabs share an outbox: one sends what another wrote, and the other goes on when it is closed", async () => {
  let isSilent = true;
  const { client, tab, sent } = open(() => (isSilent ? "silent" : DONE));
  const follower = tab();
  const { key } = await follower.resource("tasks").later.update("a", { title: "1" });
  await until(() => sent.length === 1);
  await until(() => follower.outbox.pending()[0]?.status === "sending");
  expect(client.outbox.pending().map((item) => item.key)).toEqual([key]);
  isSilent = false;
  client.outbox.close();
  await until(() => follower.outbox.pending().length === 0);
  expect(sent.map(line)).toEqual([1, 2].map(() => ["PATCH", "tasks/a", key, { title: "1" }]));
});

test("[O2] a refused write is seen with its problem in every tab until somebody decides; others are not held up", async () => {
  const refusal = problem(400, "VALIDATION_ERROR", {
    detail: "title is too long",
    errors: [{ field: "title", message: "long" }],
  });
  const { tasks, client, tab, sent } = open(({ body }) => ((body as JsonObject).title === "bad" ? refusal : DONE));
  const other = tab();
  const { key } = await tasks.later.update("a", { title: "bad" });
  await tasks.later.update("a", { title: "behind" });
  await tasks.later.update("b", { title: "fine" });
  await until(() => other.outbox.refused().length === 1);
  await until(() => client.sync.status.unsent === 1);
  expect(other.outbox.refused()).toMatchObject([
    {
      key,
      status: "refused",
      problem: { code: "VALIDATION_ERROR", detail: "title is too long", fieldErrors: { title: ["long"] } },
    },
  ]);
  expect(client.sync.status).toMatchObject({ unsent: 1, heldUp: 1, refused: 1 });
  expect(sent.map(({ body }) => (body as JsonObject).title)).toEqual(["bad", "fine"]);
  expect(await other.outbox.edit(key, { title: "good" })).toBe(true);
  await until(() => client.outbox.pending().length === 0);
  expect(sent.map(line).slice(2)).toMatchObject([
    ["PATCH", "tasks/a", key, { title: "good" }],
    ["PATCH", "tasks/a", expect.anything(), { title: "behind" }],
  ]);
  expect([await client.outbox.retry(key), await client.outbox.discard(key)]).toEqual([false, false]);
});

test("[O2] each tab is told once of a write that is refused while it is open, with the problem; what was refused before is seen only", async () => {
  let status = 400;
  const told: (readonly [string, unknown])[] = [];
  const { client, tasks, tab, storage } = open(() => (status === 200 ? DONE : problem(status, "VALIDATION_ERROR")), {
    onWriteRejected: ({ key, status: stands, problem: why }) => void told.push([key, `${stands} ${why?.code}`]),
  });
  tab();
  const { key } = await tasks.later.update("a", { title: "1" });
  const refused = [key, "refused VALIDATION_ERROR"];
  await until(() => told.length === 2);
  expect(told).toEqual([refused, refused]);
  const late: string[] = [];
  const third = open(() => DONE, { storage, onWriteRejected: (item) => void late.push(item.key) }).client;
  await third.outbox.ready;
  expect([third.outbox.refused().length, late]).toEqual([1, []]);
  await client.outbox.edit(key, { title: "2" });
  await until(() => told.length === 4);
  expect(told[3]).toEqual(refused);
  status = 200;
  await client.outbox.retry(key);
  await until(() => client.outbox.pendingCount === 0);
  expect(told).toHaveLength(4);
});

test("[O7] how much is not on the server yet is counted, the refused among it, and said in one word", async () => {
  const { client, tasks, browser } = open(({ body }) =>
    (body as JsonObject).title === "bad" ? problem(400, "VALIDATION_ERROR") : DONE,
  );
  const label = () => statusLabel(client.sync.status);
  expect([client.outbox.pendingCount, label()]).toEqual([0, "saved"]);
  browser.become(false);
  await tasks.later.update("a", { title: "1" });
  await tasks.later.update("b", { title: "bad" });
  await until(() => label() === "offline");
  expect(client.outbox.pendingCount).toBe(2);
  browser.become(true);
  await until(() => label() === "refused");
  expect(client.outbox.pendingCount).toBe(client.outbox.pending().length);
  const [refused] = client.outbox.refused();
  await client.outbox.discard(refused?.key ?? "");
  await until(() => label() === "saved");
});

test("[O2] a write that is given up goes nowhere, and lets the next of its row go", async () => {
  const { tasks, client, sent } = open((_sent, index) => (index === 0 ? problem(403, "FORBIDDEN") : DONE));
  const { key } = await tasks.later.delete("a");
  await until(() => client.outbox.refused().length === 1);
  await tasks.later.replace("a", { title: "x" });
  expect(await client.outbox.discard(key)).toBe(true);
  await until(() => client.outbox.pending().length === 0);
  expect(sent.map(({ method }) => method)).toEqual(["DELETE", "PUT"]);
});

test.each([
  ["merge", "note", ["PATCH", "GET", "PATCH"]],
  ["merge", "title", ["PATCH", "GET"]],
  ["client-wins", "title", ["PATCH", "GET", "PATCH"]],
  ["server-wins", "note", ["PATCH", "GET"]],
] as const)(
  "[O3] %s, where another has changed %s: the row is read, and the write sent on top or set aside",
  async (conflicts, column, methods) => {
    const seen = { id: "a", title: "old", note: "old" };
    const theirs = { ...seen, [column]: "theirs" };
    const { tasks, client, sent } = open(
      ({ method, headers }) => {
        if (method === "GET") return { status: 200, body: theirs, headers: { etag: '"e:5:s"', "ledge-seq": "e:5" } };
        return headers["if-match"] === '"e:5:s"' ? DONE : problem(412, "PRECONDITION_FAILED");
      },
      { conflicts: { tasks: conflicts } },
    );
    await tasks.later.update("a", { title: "mine" }, { on: { ...seen, _etag: '"e:2:s"' } });
    await until(() => client.sync.status.unsent === 0);
    expect(sent.map(({ method }) => method)).toEqual(methods);
    expect(sent[0]?.headers["if-match"]).toBe('"e:2:s"');
    expect(
      new Set(sent.filter(({ method }) => method === "PATCH").map(({ headers }) => headers["idempotency-key"])).size,
    ).toBe(1);
    const isSetAside = methods.length === 2;
    expect(client.outbox.refused()).toMatchObject(
      isSetAside ? [{ present: theirs, problem: { fields: column === "title" ? ["title"] : [] } }] : [],
    );
    if (isSetAside) return;
    expect(sent[2]?.body).toEqual({ title: "mine" });
  },
);

test("[O3] what is changed after a conflict is sent on top of the row that stands there, as what is retried", async () => {
  const { tasks, client, sent } = open(
    ({ method, headers }) => {
      if (method === "GET")
        return { body: { id: "a", title: "theirs" }, headers: { etag: '"e:5:s"', "ledge-seq": "e:5" } };
      return headers["if-match"] === undefined ? DONE : problem(412, "PRECONDITION_FAILED");
    },
    { conflicts: "server-wins" },
  );
  const { key } = await tasks.later.update("a", { title: "mine" }, { on: { id: "a", title: "old", _etag: '"e:2:s"' } });
  await until(() => client.outbox.refused().length === 1);
  await client.outbox.edit(key, { title: "both" });
  await until(() => client.outbox.pendingCount === 0);
  expect(sent.slice(2).map(line)).toEqual([["PATCH", "tasks/a", key, { title: "both" }]]);
});

test("[O2] an expired sign-in is no refusal: the write waits, is asked for, and goes when there is another", async () => {
  let isSignedIn = false;
  const { tasks, client, sent } = open(() => (isSignedIn ? DONE : problem(401, "UNAUTHORIZED")));
  await tasks.later.update("a", { title: "1" });
  await until(() => client.sync.status.pause === "signed-out");
  expect(client.outbox.refused()).toEqual([]);
  isSignedIn = true;
  await until(() => client.outbox.pending().length === 0);
  expect(new Set(sent.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
});

/** By cookie: whose it is, the test says; the page was made for `user`. */
function openSigned(cookie: { of: string | null }, user?: { readonly id: string }, browser = new FakeBrowser()) {
  const served = fakePlatform(({ url, headers }) => {
    const meant = headers["ledge-user"] ?? cookie.of;
    const person = cookie.of === null ? null : { id: cookie.of };
    if (url.endsWith("/auth/me")) return { status: 200, body: { user: person } };
    if (url.endsWith("/auth/login") || url.endsWith("/auth/logout")) return { status: 200, body: { user: person } };
    if (person === null || meant !== person.id) return problem(401, "UNAUTHORIZED");
    return url.endsWith("/auth/refresh") ? { status: 200, body: { user: person } } : DONE;
  });
  // What waits for a minute waits for ever.
  const platform = { ...served, after: () => () => {} };
  const auth = { carrier: "cookie", readCookies: () => "", ...(user && { user }) } as const;
  const storage = memoryStorage();
  const tab = () => {
    const bare = createSignedIn({ url: "https://ledge.example", platform, auth });
    const client = withOutbox(bare, { tabs: browser.tab(), storage });
    return { client, tasks: client.resource("tasks"), auth: bare.auth };
  };
  const posts = () => platform.sent.filter(({ url }) => url.endsWith("/tasks"));
  return { ...tab(), tab, posts, sent: platform.sent };
}

test.each([undefined, { id: "ann" }])(
  "[O2] a session by cookie that has ended (page of %o): asked for once, then the outbox waits",
  async (user) => {
    const { client, tasks, sent } = openSigned({ of: null }, user);
    const changes: string[] = [];
    client.auth.onAuthStateChange((change) => changes.push(change));
    await tasks.later.create({ title: "1" });
    await until(() => client.sync.status.pause === "signed-out");
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    expect(sent.map(({ url }) => url.slice(26))).toEqual(["tasks", "auth/refresh"]);
    expect(changes).toEqual(user === undefined ? ["INITIAL_SESSION"] : ["INITIAL_SESSION", "SIGNED_OUT"]);
  },
);

test("[O2] [LS11] a page of one person sends nothing as another: it waits, until that person is back", async () => {
  const cookie = { of: "bob" };
  const { client, tasks, posts, auth } = openSigned(cookie, { id: "ann" });
  await tasks.later.create({ title: "Ann's" });
  await until(() => client.sync.status.pause === "signed-out");
  expect(posts().map(({ headers }) => headers["ledge-user"])).toEqual(["ann"]);
  expect(await auth.getUser()).toEqual({ id: "bob" });
  expect(await auth.getSession()).toBeNull();
  expect(client.sync.status).toMatchObject({ unsent: 1, pause: "signed-out" });
  cookie.of = "ann";
  await auth.getUser();
  await until(() => client.outbox.pending().length === 0);
  expect(posts()).toHaveLength(2);
});

test("[O2] what is written after a sign-out is kept for the person who was there; where nobody ever was, it is not taken", async () => {
  const cookie: { of: string | null } = { of: "ann" };
  const { client, tasks, posts, auth } = openSigned(cookie);
  await auth.signOut();
  await expect(tasks.later.create({ title: "whose?" })).rejects.toMatchObject({ code: "SIGNED_OUT" });
  await auth.signInWithPassword({ email: "a", password: "p" });
  await auth.signOut();
  await tasks.later.create({ title: "Ann's" });
  cookie.of = "bob";
  await auth.signInWithPassword({ email: "b", password: "p" });
  await until(() => client.sync.status.foreign === 1);
  expect(posts()).toEqual([]);
  cookie.of = "ann";
  await auth.signInWithPassword({ email: "a", password: "p" });
  await until(() => client.outbox.pending().length === 0);
  expect(posts()).toHaveLength(1);
});

const signIn = { email: "a", password: "p" };
const settled = async () => {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
};

test.each([undefined, { id: "ann" }])(
  "[O2] [O4] where the tab that leads (page of %o) is signed out, another in which the person signs in again leads",
  async (user) => {
    const cookie: { of: string | null } = { of: "ann" };
    const { tab, posts, ...first } = openSigned(cookie, user);
    await first.auth.getUser();
    // The one that waits longest for the lock has heard of nobody either.
    const second = tab();
    const third = tab();
    await third.auth.getUser();
    await first.auth.signOut();
    await second.auth.signOut();
    cookie.of = null;
    await third.auth.refreshSession();
    cookie.of = "ann";
    await third.auth.signInWithPassword(signIn);
    await third.tasks.later.create({ title: "1" });
    await until(() => posts().length === 1);
    await until(() => first.client.sync.status.unsent === 0);
    expect(first.client.sync.status.pause).toBeNull();
    third.client.outbox.close();
    await second.auth.signInWithPassword(signIn);
    await second.tasks.later.create({ title: "2" });
    await until(() => posts().length === 2);
  },
);

test("[O2] [O4] a tab that leads and has nothing of its own to send lets another person's go first, and never while it has", async () => {
  const platform = fakePlatform(
    ({ url, headers }) => {
      if (url.endsWith("/auth/login")) return { status: 200, body: LOGINS.shift() };
      return headers.authorization === "Bearer ann" ? "silent" : DONE;
    },
    () => 0.5,
  );
  const session = (id: string) => ({ user: { id }, accessToken: id, refreshToken: `${id}.1`, expiresIn: 900 });
  const LOGINS = [session("ann"), session("bob")];
  const [browser, storage] = [new FakeBrowser(), memoryStorage()];
  const tab = async () => {
    const bare = createSignedIn({ url: "https://ledge.example", platform, auth: { carrier: "token" }, timeoutMs: 0 });
    const client = withOutbox(bare, { tabs: browser.tab(), storage });
    await bare.auth.signInWithPassword(signIn);
    return client;
  };
  const ann = await tab();
  const bob = await tab();
  const posts = () =>
    platform.sent.filter(({ url }) => url.includes("/tasks")).map((each) => each.headers.authorization);
  await bob.resource("tasks").later.update("b", { title: "Bob's" });
  await until(() => ann.sync.status.unsent === 0);
  await ann.resource("tasks").later.update("a", { title: "Ann's" });
  await until(() => posts().length === 2);
  await bob.resource("tasks").later.update("b", { title: "2" });
  await settled();
  expect([posts(), bob.sync.status.unsent]).toEqual([["Bearer bob", "Bearer ann"], 2]);
  ann.outbox.close();
  await until(() => posts().length === 3);
  expect([posts()[2], bob.sync.status.unsent, bob.sync.status.foreign]).toEqual(["Bearer bob", 1, 1]);
});

test("[O2] an answer of success that is not Ledge's ends nothing: the write is tried again under its key", async () => {
  const notOurs: readonly Answer[] = [
    { status: 200 },
    { status: 204 },
    { status: 200, body: {} },
    { status: 200, body: "<html>Sign in to this network</html>" },
  ];
  const { tasks, client, sent } = open((_sent, index) => notOurs[index] ?? DONE);
  await tasks.later.update("a", { title: "1" });
  await until(() => client.outbox.pending().length === 0);
  expect(sent).toHaveLength(5);
  expect(new Set(sent.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
});

test("[O3] a row that somebody else's answer tells of a conflict is no row", async () => {
  const { tasks, client, sent } = open(
    ({ method }, index) => {
      if (method === "GET")
        return index < 2
          ? { body: {} }
          : { body: { id: "a", title: "x" }, headers: { etag: '"e:5:s"', "ledge-seq": "e:5" } };
      return problem(412, "PRECONDITION_FAILED");
    },
    { conflicts: "server-wins" },
  );
  await tasks.later.update("a", { title: "mine" }, { on: { id: "a", title: "old", _etag: '"e:2:s"' } });
  await until(() => client.outbox.refused().length === 1);
  expect(sent.map(({ method }) => method)).toEqual(["PATCH", "GET", "PATCH", "GET"]);
  expect(client.outbox.refused()[0]?.present).toEqual({ id: "a", title: "x" });
});

test("[O2] several writes stand together as a transaction", async () => {
  const { client, sent } = open(() => ({ status: 200, body: { ok: true }, headers: { "ledge-seq": "e:3, f:8" } }));
  const row = { id: "a", title: "old", _etag: '"e:2:s"' };
  const { key } = await client.outbox.transaction([
    { op: "update", table: "tasks", id: "a", values: { title: "x" }, on: row },
    { op: "create", table: "notes", partition: "p", values: { id: "n", text: "y" } },
    { op: "delete", table: "labels", id: 7 },
  ]);
  await until(() => client.outbox.pending().length === 0);
  expect(sent.map(line)).toEqual([
    [
      "POST",
      "transaction",
      key,
      {
        operations: [
          { op: "update", resource: "tasks", id: "a", data: { title: "x" }, ifVersion: "e:2:s" },
          { op: "create", resource: "notes", partition: "p", data: { id: "n", text: "y" } },
          { op: "delete", resource: "labels", id: 7 },
        ],
      },
    ],
  ]);
  expect(etagOf(row)).toBe('"e:2:s"');
});

test("[O2] a storage that cannot be written rejects the write, and an id that can be none is refused at once", async () => {
  const storage = { ...memoryStorage(), add: async () => Promise.reject(new Error("full")) };
  const { tasks, client } = open(() => DONE, { storage });
  await expect(tasks.later.update("a", { title: "1" })).rejects.toThrow("full");
  await expect(tasks.later.update("..", { title: "1" })).rejects.toThrow('no row ".."');
  expect(client.outbox.pending()).toEqual([]);
});

test("[O5] while the storage fails the status says so, and of what a person has had cleared nothing is left to be sent", async () => {
  let isFull = true;
  let held = memoryStorage();
  const storage: typeof held = {
    add: (draft) => (isFull ? Promise.reject(new Error("full")) : held.add(draft)),
    commit: (changes) => held.commit(changes),
    all: () => held.all(),
  };
  const { tasks, client, browser, sent } = open(() => DONE, { storage });
  await client.outbox.ready;
  expect(client.sync.status.canStore).toBe(true);
  await expect(tasks.later.update("a", { title: "1" })).rejects.toThrow("full");
  expect(client.sync.status).toMatchObject({ canStore: false, unsent: 0 });
  isFull = false;
  browser.become(false);
  await tasks.later.update("a", { title: "2" });
  expect(client.sync.status).toMatchObject({ canStore: true, unsent: 1 });
  held = memoryStorage();
  browser.become(true);
  await until(() => client.sync.status.unsent === 0);
  expect([client.outbox.pending(), sent]).toEqual([[], []]);
});

test("[O2] a storage that fails for a moment loses nothing", async () => {
  const inner = memoryStorage();
  let failures = 2;
  const failing = <T>(run: () => Promise<T>) => (failures-- > 0 ? Promise.reject(new Error("busy")) : run());
  const storage = {
    ...inner,
    commit: (changes: Parameters<typeof inner.commit>[0]) => failing(() => inner.commit(changes)),
  };
  const { tasks, client, sent } = open(() => DONE, { storage });
  await tasks.later.update("a", { title: "1" });
  await until(() => client.outbox.pending().length === 0);
  expect(sent).toHaveLength(1);
});

test("[O2] the outbox goes on whatever else is on the client, and leaves its tables as they are", async () => {
  const platform = fakePlatform(() => DONE);
  const live = withLive(createClient({ url: "https://ledge.example", platform }));
  for (const client of [live, withCache(live)]) {
    const both = withOutbox(client, { tabs: new FakeBrowser().tab(), storage: memoryStorage() });
    expect(typeof both.resource("tasks").subscribe).toBe("function");
    expect(typeof both.resource("tasks").in("p").later.create).toBe("function");
    await both.resource("tasks").later.update("a", { title: "1" });
    await until(() => both.outbox.pending().length === 0);
    both.outbox.close();
  }
  live.realtime.destroy();
});

test("[O2] a refused transaction is mended: one of its writes is changed, or given up, and the rest goes under its key", async () => {
  const refusal = (index: number) => problem(422, "VALIDATION_ERROR", { index });
  const { client, sent } = open(({ body }) => {
    const { operations = [] } = body as { operations?: readonly { readonly data?: JsonObject }[] };
    const at = operations.findIndex(({ data }) => data?.title === "bad");
    return at < 0 ? DONE : refusal(at);
  });
  const update = (id: string, title: string) => ({ op: "update", table: "tasks", id, values: { title } }) as const;
  const make = async () => {
    const { key } = await client.outbox.transaction([update("a", "1"), update("b", "bad"), update("c", "3")]);
    await until(() => client.outbox.refused().length === 1);
    return key;
  };
  const first = await make();
  expect([await client.outbox.edit(first, {}, { index: 3 }), await client.outbox.discard(first, { index: 3 })]).toEqual(
    [false, false],
  );
  await client.outbox.edit(first, { title: "2" });
  await until(() => client.outbox.pendingCount === 0);
  const second = await make();
  await client.outbox.discard(second, { index: 1 });
  await until(() => client.outbox.pendingCount === 0);
  const titles = sent.map(({ headers, body }) => {
    const { operations } = body as { operations: readonly { readonly data: JsonObject }[] };
    return [headers["idempotency-key"], operations.map(({ data }) => data.title).join()];
  });
  expect(titles).toEqual([
    [first, "1,bad,3"],
    [first, "1,2,3"],
    [second, "1,bad,3"],
    [second, "1,3"],
  ]);
  const third = await make();
  expect(await client.outbox.discard(third)).toBe(true);
  expect(client.outbox.pendingCount).toBe(0);
});

test("[A6] [O2] a page of one person in which another signs in is that person's, also once the server is asked", async () => {
  const cookie: { of: string | null } = { of: "ann" };
  const { client, tasks, posts, auth } = openSigned(cookie, { id: "ann" });
  await auth.signOut();
  cookie.of = "bob";
  await auth.signInWithPassword(signIn);
  expect(await auth.getUser()).toEqual({ id: "bob" });
  expect((await auth.getSession())?.user.id).toBe("bob");
  await tasks.later.create({ title: "Bob's" });
  await until(() => client.outbox.pendingCount === 0);
  expect(posts().map(({ headers }) => headers["ledge-user"])).toEqual(["bob"]);
  // From here on another's cookie signs it out.
  cookie.of = "ann";
  await auth.getUser();
  expect(await auth.getSession()).toBeNull();
});

test("[O4] a tab that leads and does not run gives its place to one that waits for it, and takes no other part when it runs again", async () => {
  const browser = new FakeBrowser();
  const [first, second] = [browser.tab(), browser.tab()];
  const { client, tasks, sent, tab } = open(() => DONE, { browser, tabs: first });
  await client.outbox.ready;
  browser.suspend(first);
  const other = tab({ tabs: second });
  await other.resource("tasks").later.create({ title: "1" });
  await until(() => other.outbox.pendingCount === 0);
  expect([sent.length, browser.stolen]).toEqual([1, 1]);
  browser.resume(first);
  await tasks.later.create({ title: "2" });
  await until(() => client.outbox.pendingCount + other.outbox.pendingCount === 0);
  expect([sent.length, browser.stolen]).toEqual([2, 1]);
  // It waits for its turn again.
  other.outbox.close();
  await tasks.later.create({ title: "3" });
  await until(() => sent.length === 3);
});

test("[O4] one that leads, runs, and only has no answer keeps its place, however long others wait", async () => {
  const { tab, platform, browser, sent } = open(() => "silent");
  const other = tab();
  await other.resource("tasks").later.create({ title: "1" });
  const asked = () => platform.fired.filter((ms) => ms === OUTBOX_LIMITS.leaderMs).length;
  await until(() => asked() >= 4);
  expect([sent.length, browser.stolen, other.sync.status.sending]).toEqual([1, 0, 1]);
});
