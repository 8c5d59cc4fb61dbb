/** Scopes that depend on memberships, on real objects ([RV2] [RV3]): read, followed live, withdrawn and given, in one object and across two. */

import { env, evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Frame, openSocket, openStream } from "../support/live-socket.ts";
import { inspect, send } from "../support/scenario.ts";

const newsOf = (frame: Frame) => (frame.watches as { changes: Record<string, unknown>[]; tag?: string }[])[0];
const rowsOf = (frame: Frame) => (frame.rows as { row: { id: string } }[]).map(({ row }) => row.id);
const row = async (table: string, body: object) =>
  expect((await send({ user: "boss,role=admin", to: `POST /api/${table}`, body })).status).toBe(201);
const join = (table: string, id: string, userId: string, projectId: string) => row(table, { id, userId, projectId });
const leave = (table: string, id: string) => send({ user: "boss,role=admin", to: `DELETE /api/${table}/${id}` });

const places = [
  { where: "in the same object", members: "squad", tasks: "errands" },
  { where: "in another object", members: "crew", tasks: "chores" },
] as const;

describe.each(places)("memberships $where", ({ members, tasks }) => {
  it(`[RV2] ${members}: a request is answered under the memberships of now`, async () => {
    const user = "reader";
    await row(tasks, { id: "r1", projectId: "read", title: "one" });
    expect((await send({ user, to: `GET /api/${tasks}` })).status).toBe(403);
    await join(members, "m-read", user, "read");
    const listed = await send({ user, to: `GET /api/${tasks}` });
    expect((listed.body.items as { id: string }[]).map(({ id }) => id)).toEqual(["r1"]);
    await leave(members, "m-read");
    expect((await send({ user, to: `GET /api/${tasks}` })).status).toBe(403);
  });

  it(`[RV2] [RV3] ${members}: who leaves is told of what leaves before the removal is answered, by id only; who comes back, of what enters`, async () => {
    const user = "mover";
    await join(members, "m-a", user, "pa");
    await join(members, "m-b", user, "pb");
    await row(tasks, { id: "a1", projectId: "pa", title: "in a" });
    await row(tasks, { id: "b1", projectId: "pb", title: "in b" });
    const socket = await openSocket(`/api/${tasks}/live`, user);
    socket.say({ type: "watch", id: 1, resource: tasks });
    const snapshot = await socket.next("snapshot");
    expect(rowsOf(snapshot).sort()).toEqual(["a1", "b1"]);

    expect((await leave(members, "m-b")).status).toBe(204);
    // A row of the project that was left says nothing any more, whatever becomes of it after the answer.
    await send({ user: "boss,role=admin", to: `PATCH /api/${tasks}/b1`, body: { title: "secret" } });
    const left = await socket.next("commit");
    expect(newsOf(left)?.changes).toEqual([{ op: "removed", rowId: "b1", why: "scope" }]);
    expect(newsOf(left)?.tag).toMatch(/^[0-9a-f]{8}$/);
    expect(newsOf(left)?.tag).not.toBe(snapshot.tag);

    expect((await send({ user: "boss,role=admin", to: `POST /api/${members}/m-b/restore` })).status).toBe(200);
    const entered = await socket.next("commit");
    expect(newsOf(entered)?.changes).toMatchObject([{ op: "added", row: { id: "b1", title: "secret" } }]);
    // The same rows again, but another membership.
    expect(newsOf(entered)?.tag).not.toBe(snapshot.tag);

    await row(tasks, { id: "b2", projectId: "pb", title: "later" });
    expect(newsOf(await socket.next("commit"))?.changes).toMatchObject([{ op: "added", row: { id: "b2" } }]);
    expect(JSON.stringify(socket.frames)).not.toContain('"op":"changed"');
  });

  it(`[RV3] ${members}: a window and an aggregate begin anew, with purge`, async () => {
    const user = "counter";
    await join(members, "m-c", user, "pc");
    await join(members, "m-d", user, "pd");
    for (const id of ["c1", "c2"]) await row(tasks, { id, projectId: "pc", title: id });
    await row(tasks, { id: "d1", projectId: "pd", title: "d1" });
    const socket = await openSocket(`/api/${tasks}/live`, user);
    socket.say({ type: "watch", id: 1, resource: tasks, orderBy: "id", limit: 2 });
    expect(rowsOf(await socket.next("snapshot"))).toEqual(["c1", "c2"]);
    socket.say({ type: "watch", id: 2, resource: tasks, aggregate: { count: true } });
    expect(await socket.next("snapshot")).toMatchObject({ aggregate: { groups: [{ count: 3 }] } });
    await leave(members, "m-c");
    const resets = [await socket.next("reset"), await socket.next("reset")];
    expect(resets).toMatchObject([
      { id: 1, reason: "scope", purge: true },
      { id: 2, reason: "scope", purge: true },
    ]);
    expect(rowsOf(await socket.next("snapshot"))).toEqual(["d1"]);
    expect(await socket.next("snapshot")).toMatchObject({ aggregate: { groups: [{ count: 1 }] } });
  });

  it(`[RV2] ${members}: the last membership takes all rows, and the watch goes on without any`, async () => {
    const user = "sole";
    await join(members, "m-e", user, "pe");
    await row(tasks, { id: "e1", projectId: "pe", title: "e1" });
    const socket = await openSocket(`/api/${tasks}/live`, user);
    socket.say({ type: "watch", id: 1, resource: tasks });
    await socket.next("snapshot");
    await leave(members, "m-e");
    expect(newsOf(await socket.next("commit"))?.changes).toEqual([{ op: "removed", rowId: "e1", why: "scope" }]);
    socket.say({ type: "watch", id: 2, resource: tasks });
    expect(await socket.next("error")).toMatchObject({ id: 2, problem: { code: "FORBIDDEN" } });
  });

  it(`[RV2] ${members}: an event stream is told likewise, and its position has the new tag`, async () => {
    const user = "streamer";
    await join(members, "m-f", user, "pf");
    await row(tasks, { id: "f1", projectId: "pf", title: "f1" });
    const { response, next, abort } = await openStream(`/api/${tasks}/subscribe`, user);
    expect(response.status).toBe(200);
    let tag = "";
    for (let event = await next(); event?.event !== "ready"; event = await next())
      if (event?.event === "connected") tag = String(event.data.tag);
    await leave(members, "m-f");
    const removed = await next();
    expect(removed?.data).toMatchObject({ type: "removed", objectId: "f1", meta: { why: "scope" } });
    expect(removed?.id).toMatch(/^[a-z2-7]{16}:\d+:[0-9a-f]{8}$/);
    expect(removed?.id?.endsWith(tag)).toBe(false);
    abort();
  });

  it(`[RV2] ${members}: an object that slept resolves the scope before the first frame it computes`, async () => {
    const user = "sleeper";
    await join(members, "m-g", user, "pg");
    await join(members, "m-h", user, "ph");
    await row(tasks, { id: "g1", projectId: "pg", title: "g1" });
    const socket = await openSocket(`/api/${tasks}/live`, user);
    socket.say({ type: "watch", id: 1, resource: tasks });
    await socket.next("snapshot");
    await evictDurableObject(env.LEDGE_TABLES.getByName(`t/test/${members === "squad" ? "squad" : tasks}`));
    await leave(members, "m-g");
    expect(newsOf(await socket.next("commit"))?.changes).toEqual([{ op: "removed", rowId: "g1", why: "scope" }]);
    await row(tasks, { id: "h1", projectId: "ph", title: "h1" });
    expect(newsOf(await socket.next("commit"))?.changes).toMatchObject([{ op: "added", row: { id: "h1" } }]);
  });
});

/** More rows of a user than a scope may use. */
const crowd = (table: string, user: string) =>
  inspect(
    `t/test/${table}`,
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
     INSERT INTO ${table} (id, user_id, project_id, _version) SELECT '${user}-' || i, '${user}', 'p' || i, 1 FROM n`,
  );

describe("a socket beside tables whose rights are not its own", () => {
  it("[RV5] opens, and gets a ticket, where rights in another object cannot be read", async () => {
    await join("crew", "m-w", "worker", "pw");
    await crowd("crew", "worker");
    expect((await send({ user: "worker", to: "GET /api/chores" })).status).toBe(400);
    const socket = await openSocket("/api/squad/live", "worker");
    socket.say({ type: "watch", id: 1, resource: "squad", filter: 'id=="none"' });
    await socket.next("snapshot");
    const ticket = await send({ user: "worker", to: "POST /api/live/ticket", body: { resource: "squad" } });
    expect([ticket.status, ticket.body]).toMatchObject([200, { ticket: expect.any(String) }]);
  });

  it("[RV5] a watch whose rule throws ends, and others of its socket are answered", async () => {
    await join("squad", "m-x", "many", "px");
    await crowd("squad", "many");
    const socket = await openSocket("/api/squad/live", "many");
    socket.say({ type: "watch", id: 1, resource: "errands" });
    socket.say({ type: "watch", id: 2, resource: "squad", filter: 'id=="m-x"' });
    expect(await socket.next("error")).toMatchObject({ id: 1, problem: { code: "UNAVAILABLE" } });
    expect(rowsOf(await socket.next("snapshot"))).toEqual(["m-x"]);
  });

  it("[RV2] of a partition: rows that scopes use are read where they lie, and no object is made for them in the partition", async () => {
    await join("squad", "m-y", "guest", "py");
    await openSocket("/api/@corner/items_split/live", "guest");
    const made = await inspect("t/test/_registry", "SELECT name FROM _objects WHERE name LIKE '%/corner'");
    expect(made).toEqual([{ name: "t/test/items_split/corner" }]);
  });
});

describe("who depends on rows elsewhere", () => {
  const registered = () =>
    inspect("t/test/crew", "SELECT tbl, user, object, due FROM _dependents WHERE user = 'holder'");

  it("[RV2] is registered once, and struck when its object says that nobody needs it", async () => {
    await join("crew", "m-k", "holder", "pk");
    await row("chores", { id: "k1", projectId: "pk", title: "k1" });
    const socket = await openSocket("/api/chores/live", "holder");
    socket.say({ type: "watch", id: 1, resource: "chores" });
    await socket.next("snapshot");
    expect(await registered()).toEqual([{ tbl: "crew", user: "holder", object: "t/test/chores", due: null }]);
    socket.socket.close(1000);
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/chores"), { webSockets: "close" });
    await leave("crew", "m-k");
    expect(await registered()).toEqual([]);
  });

  it("[RV2] is told before a transaction is answered that withdraws something in one of its objects", async () => {
    await join("crew", "m-t", "actor", "pt");
    await row("chores", { id: "t1", projectId: "pt", title: "t1" });
    const socket = await openSocket("/api/chores/live", "actor");
    socket.say({ type: "watch", id: 1, resource: "chores" });
    await socket.next("snapshot");
    const operations = [
      { op: "create", resource: "squad", data: { id: "m-t2", userId: "nobody", projectId: "x" } },
      { op: "delete", resource: "crew", id: "m-t" },
    ];
    const answer = await send({ user: "boss,role=admin", to: "POST /api/transaction", body: { operations } });
    expect([answer.status, answer.body]).toMatchObject([200, {}]);
    await send({ user: "boss,role=admin", to: "PATCH /api/chores/t1", body: { title: "secret" } });
    expect(newsOf(await socket.next("commit"))?.changes).toEqual([{ op: "removed", rowId: "t1", why: "scope" }]);
    await row("chores", { id: "t2", projectId: "pt", title: "secret" });
    expect(JSON.stringify(socket.frames)).not.toContain("secret");
  });
});
