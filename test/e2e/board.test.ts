import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "./free-port.ts";
import { type FreshCopy, freshCopy } from "./fresh-copy.ts";
import { type Running, startShell } from "./shell.ts";

const TABLES = ["projects", "tasks", "comments", "labels", "task_labels"];

let copy: FreshCopy;
let base: string;
let dev: Running;

beforeAll(async () => {
  copy = freshCopy("installed");
  const port = await freePort();
  base = `http://127.0.0.1:${port}/api`;
  dev = startShell(`exec npm run dev -- --port ${port}`, copy.root);
  await dev.until(/Ledge runs on/, 110_000);
}, 180_000);
afterAll(async () => {
  await dev?.terminate();
  copy?.remove();
});

interface Answer {
  readonly status: number;
  readonly body: {
    readonly id: string;
    readonly code?: string;
    readonly items: readonly { readonly id: string }[];
    readonly count: number;
    readonly index?: number;
  };
}

/** A request as `alice`, or as `root,role=admin`; null: as nobody. */
async function ask(who: string | null, request: string, body?: object, more: object = {}): Promise<Answer> {
  const [method = "GET", path] = request.split(" ");
  const reply = await fetch(`${base}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(who === null ? {} : { authorization: `Bearer dev:${who}` }),
      ...more,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === "" ? {} : JSON.parse(text) };
}

/** Who of them finds the row by its id, and in the list and the count. */
async function readers(table: string, id: string, people: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const who of people) {
    const { status } = await ask(who, `GET /${table}/${id}`);
    const { items } = (await ask(who, `GET /${table}`)).body;
    const { count } = (await ask(who, `GET /${table}/count`)).body;
    const isListed = items.some((row) => row.id === id);
    expect([who, status, count]).toEqual([who, isListed ? 200 : 404, items.length]);
    if (isListed) found.push(who);
  }
  return found;
}

describe("whose rows the board's tables show", () => {
  const everyone = ["alice", "bob", "carol", "root,role=admin"];

  test("[HT28] [Z5] a project is its owner's alone, a task its author's, its assignee's and the administrators'", async () => {
    const { body: project } = await ask("alice", "POST /projects", { name: "Garden" });
    expect(await readers("projects", project.id, everyone)).toEqual(["alice"]);
    const given = { projectId: project.id, title: "Dig", assigneeId: "bob", authorId: "mallory" };
    const { body: task } = await ask("alice", "POST /tasks", given);
    expect(await readers("tasks", task.id, everyone)).toEqual(["alice", "bob", "root,role=admin"]);
    const search = await Promise.all(everyone.map((who) => ask(who, "GET /tasks/search?q=dig")));
    expect(search.map(({ body }) => body.items.length)).toEqual([1, 1, 0, 1]);
    const patch = await Promise.all(everyone.map((who) => ask(who, `PATCH /tasks/${task.id}`, { priority: 1 })));
    expect(patch.map(({ status }) => status)).toEqual([200, 200, 404, 200]);
    expect((await ask("bob", `DELETE /tasks/${task.id}`)).status).toBe(403);
  });

  test("[HT28] [Z5] a comment is its author's, and of whom it is for, who may not change it", async () => {
    const given = { taskId: crypto.randomUUID(), body: "Deeper", recipientId: "bob" };
    const { body: comment } = await ask("alice", "POST /comments", given);
    expect(await readers("comments", comment.id, everyone)).toEqual(["alice", "bob"]);
    expect((await ask("bob", `PATCH /comments/${comment.id}`, { body: "No" })).status).toBe(403);
    expect((await ask("carol", `PATCH /comments/${comment.id}`, { body: "No" })).status).toBe(404);
    const { body: note } = await ask("alice", "POST /comments", { ...given, recipientId: null });
    expect(await readers("comments", note.id, everyone)).toEqual(["alice"]);
  });

  test("[HT28] labels are for whoever is signed in, and strangers get nothing of any table: 401", async () => {
    const { body: label } = await ask("alice", "POST /labels", { name: "urgent" });
    expect(await readers("labels", label.id, everyone)).toEqual(everyone);
    for (const table of TABLES) {
      for (const path of ["", "/count", `/${label.id}`, "/aggregate?count=true"]) {
        expect([table, path, (await ask(null, `GET /${table}${path}`)).status]).toEqual([table, path, 401]);
      }
    }
  });
});

describe("what the board does with them", () => {
  const project = async (who: string) => (await ask(who, "POST /projects", { name: "Plot" })).body.id;
  const add = async (who: string, projectId: string, more: object = {}) =>
    (await ask(who, "POST /tasks", { projectId, title: "Dig", ...more })).body.id;
  const transaction = (who: string, ...operations: object[]) => ask(who, "POST /transaction", { operations });
  const moved = (id: string, status: string, position = "V001") => [
    { op: "update", resource: "tasks", id, data: { status, position } },
    { op: "create", resource: "comments", data: { taskId: id, kind: "moved", body: `todo ${status}` } },
  ];

  test("[O3] a card moved on what it no longer is: 412 names the write, and under the same key it may go on what it is now", async () => {
    const id = await add("dora", await project("dora"));
    const tagged = async () => {
      const reply = await fetch(`${base}/tasks/${id}`, { headers: { authorization: "Bearer dev:dora" } });
      return reply.headers.get("etag")?.slice(1, -1);
    };
    const before = await tagged();
    await ask("dora", `PATCH /tasks/${id}`, { title: "Renamed" });
    const [place, line] = moved(id, "done");
    const key = { "idempotency-key": crypto.randomUUID() };
    const move = (ifVersion?: string) =>
      ask("dora", "POST /transaction", { operations: [line, { ...place, ifVersion }] }, key);
    expect(await move(before)).toMatchObject({ status: 412, body: { index: 1 } });
    expect((await move(await tagged())).status).toBe(200);
    expect((await ask("dora", `GET /tasks/${id}`)).body).toMatchObject({ status: "done", title: "Renamed" });
  });

  test("[TX1] a card moves with the line of its history, over both objects, or not at all", async () => {
    const id = await add("dora", await project("dora"));
    expect((await transaction("dora", ...moved(id, "doing"))).status).toBe(200);
    expect((await ask("dora", `GET /tasks/${id}`)).body).toMatchObject({ status: "doing", position: "V001" });
    expect((await transaction("dora", ...moved(id, "nowhere"))).status).toBe(400);
    expect((await transaction("eve", ...moved(id, "done"))).status).toBe(404);
    expect((await ask("dora", `GET /tasks/${id}`)).body).toMatchObject({ status: "doing", version: 2 });
    for (const [who, lines] of [
      ["dora", 1],
      ["eve", 0],
    ] as const) {
      const filter = encodeURIComponent(`taskId=="${id}"`);
      expect((await ask(who, `GET /comments/count?filter=${filter}`)).body.count).toBe(lines);
    }
  });

  test("[TX1] [TP1] twenty moves of a card at once: as many lines of history as moves that took place", async () => {
    const id = await add("finn", await project("finn"));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => transaction("finn", ...moved(id, "doing", `V0${10 + n}`))),
    );
    const done = answers.filter(({ status }) => status === 200).length;
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect(done).toBeGreaterThan(0);
    const filter = encodeURIComponent(`taskId=="${id}"`);
    expect((await ask("finn", `GET /comments/count?filter=${filter}`)).body.count).toBe(done);
    expect((await ask("finn", `GET /tasks/${id}`)).body).toMatchObject({ version: 1 + done });
  });

  test("[TX1] [HT21] a board goes with its owner's tasks, and with nobody else's rows", async () => {
    const [a, b] = [await project("gil"), await project("gil")];
    const [gone, kept] = [await add("gil", a), await add("gil", b)];
    const foreign = await add("eve", a);
    const archive = (who: string, id: string) => ask(who, `POST /board/projects/${id}/archive`, {});
    expect((await archive("eve", a)).status).toBe(404);
    expect((await ask("gil", `DELETE /projects/${a}`)).status).toBe(405);
    expect((await archive("gil", a)).status).toBe(200);
    const found = async (who: string, path: string) => (await ask(who, `GET ${path}`)).status;
    expect([await found("gil", `/projects/${a}`), await found("gil", `/tasks/${gone}`)]).toEqual([404, 404]);
    expect([await found("gil", `/projects/${b}`), await found("gil", `/tasks/${kept}`)]).toEqual([200, 200]);
    expect(await found("eve", `/tasks/${foreign}`)).toBe(200);
    expect((await archive("gil", a)).status).toBe(404);
  });
});
