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
  readonly body: { readonly id: string; readonly items: readonly { readonly id: string }[]; readonly count: number };
}

/** A request as `alice`, or as `root,role=admin`; null: as nobody. */
async function ask(who: string | null, request: string, body?: object): Promise<Answer> {
  const [method = "GET", path] = request.split(" ");
  const reply = await fetch(`${base}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(who === null ? {} : { authorization: `Bearer dev:${who}` }),
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
    const given = { projectId: project.id, title: "Dig", assigneeId: "bob" };
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
