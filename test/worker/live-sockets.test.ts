/** Live sockets on real objects: snapshot and commits, rights, resume, sleep, refusals. What the protocol decides is simulated in test/sim/live. */

import { env, evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { asUser, type Frame, openSocket, upgrade } from "../support/live-socket.ts";
import { inspect, send } from "../support/scenario.ts";

const rowsOf = (frame: Frame) => (frame.rows as { row: Record<string, unknown> }[]).map(({ row }) => row);
const changesOf = (frame: Frame) => (frame.watches as { changes: Record<string, unknown>[] }[])[0]?.changes ?? [];
const article = (user: string, title: string, more: object = {}) =>
  send({ user, to: "POST /api/articles", body: { ownerId: user, title, ...more } });

describe("a watch", () => {
  it("[LV3] [LV1] [LV2] [WS3] begins with the rows of one instant and is told each commit, a row that leaves by its id", async () => {
    const before = await article("ann", "first");
    const socket = await openSocket("/api/articles/live", "ann");
    socket.say({ type: "watch", id: 1, resource: "articles", filter: 'ownerId=="ann"' });
    const snapshot = await socket.next("snapshot");
    expect(snapshot).toMatchObject({ id: 1, object: "t/test/articles", last: true });
    expect(rowsOf(snapshot)).toMatchObject([{ id: before.body.id, title: "first", shout: "FIRST" }]);
    expect(JSON.stringify(snapshot)).not.toContain("secret");

    const second = await article("ann", "second");
    const added = await socket.next("commit");
    expect(added).toMatchObject({ prev: snapshot.seq, seq: Number(snapshot.seq) + 1 });
    expect(changesOf(added)).toMatchObject([{ op: "added", row: { id: second.body.id } }]);

    await send({ user: "ann", to: `PATCH /api/articles/${second.body.id}`, body: { title: "changed" } });
    expect(changesOf(await socket.next("commit"))).toMatchObject([{ op: "changed", row: { title: "changed" } }]);

    await send({ user: "ann", to: `DELETE /api/articles/${second.body.id}` });
    expect(changesOf(await socket.next("commit"))).toEqual([{ op: "removed", rowId: second.body.id }]);
  });

  it("[LV5] rows outside the caller's scope are not told, and one that enters it is", async () => {
    const socket = await openSocket("/api/articles/live", "reader1");
    socket.say({ type: "watch", id: 1, resource: "articles", filter: 'title=="scoped"' });
    expect(rowsOf(await socket.next("snapshot"))).toEqual([]);
    const hidden = await article("writer1", "scoped");
    const open = await article("writer1", "scoped", { published: true });
    const told = await socket.next("commit");
    expect(changesOf(told)).toMatchObject([{ op: "added", row: { id: open.body.id } }]);
    await send({ user: "writer1", to: `PATCH /api/articles/${open.body.id}`, body: { published: false } });
    expect(changesOf(await socket.next("commit"))).toEqual([{ op: "removed", rowId: open.body.id }]);
    expect(JSON.stringify(socket.frames)).not.toContain(String(hidden.body.id));
  });

  it("[LV12] [LV14] a live page holds the first rows: one is pushed out, one is drawn in", async () => {
    for (const title of ["b", "d", "f"]) await article("pager", title);
    const socket = await openSocket("/api/articles/live", "pager");
    socket.say({ type: "watch", id: 1, resource: "articles", filter: 'ownerId=="pager"', orderBy: "title", limit: 2 });
    const snapshot = await socket.next("snapshot");
    expect(rowsOf(snapshot).map(({ title }) => title)).toEqual(["b", "d"]);
    expect(snapshot.hasMore).toBe(true);
    const a = await article("pager", "a");
    expect(changesOf(await socket.next("commit"))).toMatchObject([
      { op: "added", row: { title: "a" } },
      { op: "removed", why: "window" },
    ]);
    await send({ user: "pager", to: `DELETE /api/articles/${a.body.id}` });
    expect(changesOf(await socket.next("commit"))).toMatchObject([
      { op: "removed", rowId: a.body.id },
      { op: "added", row: { title: "d" } },
    ]);
  });

  it("[LA1] [LA3] a live aggregate is told when it changes", async () => {
    await article("summer", "x");
    const socket = await openSocket("/api/articles/live", "summer");
    const aggregate = { count: true, groupBy: "published" };
    socket.say({ type: "watch", id: 7, resource: "articles", filter: 'ownerId=="summer"', aggregate });
    expect((await socket.next("snapshot")).aggregate).toEqual({ groups: [{ key: { published: false }, count: 1 }] });
    await article("other", "unseen");
    await article("summer", "y", { published: true });
    expect((await socket.next("commit")).watches).toEqual([
      {
        id: 7,
        changes: [],
        aggregate: {
          groups: [
            { key: { published: false }, count: 1 },
            { key: { published: true }, count: 1 },
          ],
        },
      },
    ]);
  });

  it("[LV10] [WS12] events are narrowed, and watches of one socket share a commit's frame", async () => {
    const socket = await openSocket("/api/articles/live", "narrow");
    socket.say({ type: "watch", id: 1, resource: "articles", filter: 'ownerId=="narrow"', events: "removed" });
    socket.say({ type: "watch", id: 2, resource: "articles", filter: 'title=="n"', select: "title" });
    await socket.next("snapshot", ({ id }) => id === 2);
    const made = await article("narrow", "n");
    const added = await socket.next("commit");
    expect(added.watches).toMatchObject([{ id: 2, changes: [{ op: "added", row: { id: made.body.id, title: "n" } }] }]);
    await send({ user: "narrow", to: `DELETE /api/articles/${made.body.id}` });
    expect((await socket.next("commit")).watches).toMatchObject([{ id: 1 }, { id: 2 }]);
  });
});

describe("a break", () => {
  it("[WS6] resumes with what was missed, and is reset when the question is another", async () => {
    const first = await openSocket("/api/articles/live", "resumer");
    first.say({ type: "watch", id: 1, resource: "articles", filter: 'ownerId=="resumer"' });
    const { epoch, seq, tag } = await first.next("snapshot");
    first.socket.close(1000);
    const made = await article("resumer", "missed");
    const since = `${epoch}:${seq}:${tag}`;
    const second = await openSocket("/api/articles/live", "resumer");
    second.say({ type: "watch", id: 1, resource: "articles", filter: 'ownerId=="resumer"', since });
    await second.next("resumed");
    const replayed = await second.next("commit");
    expect(replayed).toMatchObject({ replay: 1, last: true });
    expect(changesOf(replayed)).toMatchObject([{ op: "added", row: { id: made.body.id } }]);
    second.say({ type: "watch", id: 2, resource: "articles", filter: 'title=="missed"', since });
    expect(await second.next("reset")).toEqual({ type: "reset", id: 2, reason: "scope", purge: true });
    expect(rowsOf(await second.next("snapshot"))).toHaveLength(1);
  });

  it("[WS4] a socket sleeps and wakes with its watches, and the next frame stands on the last", async () => {
    const stub = env.LEDGE_TABLES.getByName("t/test/articles");
    const socket = await openSocket("/api/articles/live", "sleeper");
    socket.say({
      type: "watch",
      id: 1,
      resource: "articles",
      filter: 'ownerId=="sleeper"',
      orderBy: "title",
      limit: 1,
    });
    const snapshot = await socket.next("snapshot");
    await evictDurableObject(stub, { webSockets: "hibernate" });
    const made = await article("sleeper", "awake");
    const told = await socket.next("commit");
    expect(told).toMatchObject({ prev: snapshot.seq });
    expect(changesOf(told)).toMatchObject([{ op: "added", row: { id: made.body.id } }]);
    const [{ count } = { count: 0 }] = await inspect("t/test/articles", "SELECT count(*) AS count FROM _queries");
    expect(Number(count)).toBeGreaterThan(0);
  });
});

describe("refusals", () => {
  it("[WS1] a socket needs rights, an upgrade, and a page of this origin", async () => {
    expect((await upgrade("/api/diaries/live")).status).toBe(401);
    expect((await send({ user: "ann", to: "GET /api/articles/live" })).status).toBe(400);
    expect((await upgrade("/api/articles/live", { origin: "https://evil.example" })).status).toBe(403);
    expect((await upgrade("/api/articles/live", { ...asUser("ann"), origin: "https://evil.example" })).status).toBe(
      101,
    );
  });

  it("[WS1] a ticket opens one socket, of its resource, with the rights of its maker", async () => {
    const made = await send({ user: "ticketed", to: "POST /api/live/ticket", body: { resource: "articles" } });
    expect(made.body).toMatchObject({ expiresIn: 30 });
    await article("ticketed", "by ticket");
    const { ticket } = made.body;
    expect((await upgrade(`/api/diaries/live?ticket=${ticket}`)).status).toBe(401);
    expect((await upgrade(`/api/articles/live?ticket=${String(ticket).slice(0, -2)}AA`)).status).toBe(401);
    const socket = await openSocket(`/api/articles/live?ticket=${ticket}`);
    socket.say({ type: "watch", id: 1, resource: "articles", filter: 'title=="by ticket"' });
    expect(rowsOf(await socket.next("snapshot"))).toHaveLength(1);
    expect((await upgrade(`/api/articles/live?ticket=${ticket}`)).status).toBe(403);
  });

  it("[WS9] a socket that its client closes is closed on both sides", async () => {
    const socket = await openSocket("/api/articles/live", "ann");
    socket.socket.close(1000);
    expect((await socket.closed).code).toBe(1000);
  });

  it("[O8] tickets say who may share a socket: the same person in the same object, and nobody else", async () => {
    const shareOf = async (user: string | null, resource: string) => {
      const body = { resource };
      const { body: made } = await send({ ...(user !== null && { user }), to: "POST /api/live/ticket", body });
      return String(made.share);
    };
    const ann = await shareOf("ann", "articles");
    expect(ann).toMatch(/^[0-9a-f]{32}$/);
    expect(await shareOf("ann", "articles")).toBe(ann);
    const others = [await shareOf("bob", "articles"), await shareOf("ann", "diaries"), await shareOf(null, "articles")];
    expect(new Set([ann, ...others]).size).toBe(4);
  });

  it("[WS2] [WS9] what is not the protocol is closed with the code of its reason; a wrong watch is an error", async () => {
    const close = async (first: object | string) => {
      const response = await upgrade("/api/articles/live", asUser("ann"));
      const socket = response.webSocket as WebSocket;
      const code = new Promise<number>((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
      socket.accept();
      socket.send(typeof first === "string" ? first : JSON.stringify(first));
      return code;
    };
    expect(await close("hello")).toBe(4400);
    expect(await close({ type: "watch", id: 1, resource: "articles" })).toBe(4400);
    expect(await close({ type: "hello", v: 9, client: "x" })).toBe(4406);
    const socket = await openSocket("/api/articles/live", "ann");
    socket.say({ type: "watch", id: 1, resource: "articles", filter: "secret==1" });
    expect(await socket.next("error")).toMatchObject({ id: 1, problem: { code: "FILTER_PARSE_ERROR", status: 400 } });
    socket.say({ type: "watch", id: 2, resource: "diaries" });
    expect(await socket.next("error")).toMatchObject({ id: 2, problem: { code: "NOT_FOUND" } });
    socket.say({ type: "dance", id: 3 });
    expect(await socket.next("error")).toMatchObject({ id: 3, problem: { code: "VALIDATION_ERROR" } });
    socket.say("x".repeat(70_000));
    expect((await socket.closed).code).toBe(1009);
  });
});
