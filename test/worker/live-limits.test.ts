/** Live sockets on real objects: their limits, renewal, sync, transactions over two objects, and what a socket is told of commits it does not see. */

import { env, evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { asUser, type Frame, listen, openSocket, openStream, upgrade } from "../support/live-socket.ts";
import { inspect, send } from "../support/scenario.ts";

const changesOf = (frame: Frame) => (frame.watches as { changes: Record<string, unknown>[] }[])[0]?.changes ?? [];
const article = (user: string, title: string, more: object = {}) =>
  send({ user, to: "POST /api/articles", body: { ownerId: user, title, ...more } });
const ticketOf = async (user: string, resource = "articles") =>
  String((await send({ user, to: "POST /api/live/ticket", body: { resource } })).body.ticket);

describe("limits of a caller", () => {
  it("[WS13] one caller holds fifty sockets and streams of an object; another is served beside", async () => {
    const sockets: WebSocket[] = [];
    for (let count = 0; count < 50; count++) {
      const response = await upgrade("/api/notices/live", asUser("hoarder"));
      expect(response.status).toBe(101);
      response.webSocket?.accept();
      sockets.push(response.webSocket as WebSocket);
    }
    const refused = await upgrade("/api/notices/live", asUser("hoarder"));
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: "SUBSCRIPTION_LIMIT_EXCEEDED" }]);
    expect((await upgrade("/api/notices/live", asUser("modest"))).status).toBe(101);
    for (const socket of sockets) socket.close(1000);
  });

  it("[WS12] a socket holds a hundred watches", async () => {
    const socket = await openSocket("/api/articles/live", "watcher");
    for (let id = 1; id <= 101; id++) socket.say({ type: "watch", id, resource: "articles", filter: `title=="${id}"` });
    expect(await socket.next("error")).toMatchObject({ id: 101, problem: { code: "SUBSCRIPTION_LIMIT_EXCEEDED" } });
  });

  it("[WS15] a client that sends frames without end is closed", async () => {
    const socket = await openSocket("/api/articles/live", "talker");
    for (let count = 0; count < 400; count++) socket.say({ type: "unwatch", id: 1 });
    expect((await socket.closed).code).toBe(4429);
  });
});

describe("a session", () => {
  it("[WS1] a ticket that was used opens nothing, even after its socket, and the memory of the object, are gone", async () => {
    const ticket = await ticketOf("once");
    const { socket } = await openSocket(`/api/articles/live?ticket=${ticket}`);
    socket.close(1000);
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/articles"), { webSockets: "close" });
    expect((await upgrade(`/api/articles/live?ticket=${ticket}`)).status).toBe(403);
    const streamed = await ticketOf("once");
    const { response, next, abort } = await openStream(`/api/articles/subscribe?ticket=${streamed}`, null);
    expect([response.status, (await next())?.event]).toEqual([200, "connected"]);
    abort();
  });

  it("[RV6] auth renews it with a ticket of the same caller; of another, or none, it ends with 4401", async () => {
    const socket = await openSocket("/api/articles/live", "renewer");
    socket.say({ type: "auth", ticket: await ticketOf("renewer") });
    expect(await socket.next("welcome")).toMatchObject({ v: 1 });
    socket.say({ type: "auth", ticket: await ticketOf("somebody-else") });
    expect((await socket.closed).code).toBe(4401);
    const other = await openSocket("/api/articles/live", "renewer");
    other.say({ type: "auth", ticket: "nonsense" });
    expect((await other.closed).code).toBe(4401);
    const twice = await openSocket("/api/articles/live", "renewer");
    const ticket = await ticketOf("renewer");
    twice.say({ type: "auth", ticket });
    await twice.next("welcome");
    twice.say({ type: "auth", ticket });
    expect((await twice.closed).code).toBe(4401);
  });

  it("[RV3] under another scope what was held is purged, and what is there now is told", async () => {
    await article("mover", "mine");
    await article("mover", "open", { published: true });
    const first = await openSocket("/api/articles/live", "mover");
    first.say({ type: "watch", id: 1, resource: "articles", filter: 'title=="mine",title=="open"' });
    const { epoch, seq, tag } = await first.next("snapshot");
    const second = await openSocket("/api/articles/live", "stranger");
    const since = `${epoch}:${seq}:${tag}`;
    second.say({ type: "watch", id: 1, resource: "articles", filter: 'title=="mine",title=="open"', since });
    expect(await second.next("reset")).toEqual({ type: "reset", id: 1, reason: "scope", purge: true });
    const { rows } = await second.next("snapshot");
    expect((rows as { row: { title: string } }[]).map(({ row }) => row.title)).toEqual(["open"]);
  });
});

describe("where the object stands", () => {
  it("[WS7] is told on request, and after many commits that a socket did not see", async () => {
    const socket = await openSocket("/api/nullable/live", "asker");
    socket.say({ type: "watch", id: 1, resource: "nullable", filter: 'id=="none"' });
    const seq = Number((await socket.next("snapshot")).seq);
    socket.say({ type: "sync", obj: "1" });
    expect(await socket.next("at")).toMatchObject({ prev: seq, seq });
    const commit = () => send({ user: "asker", to: "POST /api/nullable", body: {} });
    for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 10 }, commit));
    const at = Number((await socket.next("at")).seq);
    expect([at - seq >= 256, at - seq <= 300]).toEqual([true, true]);
    socket.say({ type: "sync", obj: "1", seq: seq + 300 });
    expect(await socket.next("at")).toMatchObject({ seq: seq + 300 });
  }, 30_000);

  it("[LA4] an aggregate that is still the present one is resumed without a word", async () => {
    await article("resumed", "one");
    const aggregate = { count: true };
    const watch = { type: "watch", id: 1, resource: "articles", filter: 'ownerId=="resumed"', aggregate };
    const first = await openSocket("/api/articles/live", "resumed");
    first.say(watch);
    const { epoch, seq, tag } = await first.next("snapshot");
    await article("other", "unseen");
    const second = await openSocket("/api/articles/live", "resumed");
    second.say({ ...watch, since: `${epoch}:${seq}:${tag}` });
    expect(await second.next("resumed")).toMatchObject({ id: 1, last: true });
    expect(second.frames.map(({ type }) => type)).toEqual(["welcome", "resumed"]);
    await article("resumed", "two");
    const third = await openSocket("/api/articles/live", "resumed");
    third.say({ ...watch, since: `${epoch}:${seq}:${tag}` });
    expect(await third.next("snapshot")).toMatchObject({ aggregate: { groups: [{ key: null, count: 2 }] } });
  });

  it("[LV13] without a limit all of a set comes, whatever its order", async () => {
    for (const title of ["a", "b", "c"]) await article("whole", title);
    const socket = await openSocket("/api/articles/live", "whole");
    socket.say({ type: "watch", id: 1, resource: "articles", filter: 'ownerId=="whole"', orderBy: "-title" });
    expect((await socket.next("snapshot")).rows).toHaveLength(3);
  });
});

describe("transactions", () => {
  it("[CC1] [CC3] a commit names its transaction and the objects that may be read; sync settles and tells where it was applied", async () => {
    const open = async (resource: string, user: string) => {
      const socket = await openSocket(`/api/${resource}/live`, user);
      socket.say({ type: "watch", id: 1, resource });
      await socket.next("snapshot");
      return socket;
    };
    const [articles, notices, stranger] = [
      await open("articles", "pair"),
      await open("notices", "pair"),
      await open("articles", "nobody-else"),
    ];
    const result = await send({
      user: "pair",
      to: "POST /api/transaction",
      body: {
        operations: [
          { op: "create", resource: "articles", data: { ownerId: "pair", title: "both", published: true } },
          { op: "create", resource: "notices", data: { title: "both" } },
        ],
      },
    });
    expect(result.status, result.text).toBe(200);
    const { txid } = result.body;
    const parts = ["t/test/articles", "t/test/notices"];
    const [here, there] = [await articles.next("commit"), await notices.next("commit")];
    for (const frame of [here, there]) {
      expect(frame).toMatchObject({ txid });
      expect((frame.parts as string[]).toSorted()).toEqual(parts);
    }
    expect(changesOf(there)).toMatchObject([{ op: "added", row: { title: "both" } }]);
    notices.say({ type: "sync", obj: "1", txid });
    expect(await notices.next("at")).toMatchObject({ txid, txSeq: there.seq });
    notices.say({ type: "sync", obj: "1", txid: "no-such-transaction" });
    expect(await notices.next("at")).toMatchObject({ txSeq: null });
    expect(await stranger.next("commit")).toMatchObject({ txid });
  });

  it("[LV6] a transaction that is rolled back is not told", async () => {
    const socket = await openSocket("/api/notices/live", "undone");
    socket.say({ type: "watch", id: 1, resource: "notices", filter: 'title=="undone",title=="done"' });
    await socket.next("snapshot");
    const failed = await send({
      user: "undone",
      to: "POST /api/transaction",
      body: {
        operations: [
          { op: "create", resource: "notices", data: { title: "undone" } },
          { op: "create", resource: "articles", data: { ownerId: "somebody", title: "forbidden" } },
        ],
      },
    });
    expect(failed.status).toBeGreaterThanOrEqual(400);
    await send({ user: "undone", to: "POST /api/notices", body: { title: "done" } });
    expect(changesOf(await socket.next("commit"))).toMatchObject([{ row: { title: "done" } }]);
  });
});

describe("memory of the object", () => {
  it("[WS4] following a query that is known writes no row", async () => {
    const socket = await openSocket("/api/slugs/live", "writer");
    socket.say({ type: "watch", id: 1, resource: "slugs" });
    await socket.next("snapshot");
    const written = () => inspect("t/test/slugs", "SELECT count(*) AS count FROM _queries");
    const before = await written();
    const again = await openSocket("/api/slugs/live", "writer");
    again.say({ type: "watch", id: 1, resource: "slugs" });
    await again.next("snapshot");
    expect(await written()).toEqual(before);
  });

  it("[WS2] a socket that never says hello is closed", async () => {
    const response = await upgrade("/api/slugs/live", asUser("silent"));
    expect((await listen(response.webSocket as WebSocket).closed).code).toBe(4408);
  }, 20_000);
});
