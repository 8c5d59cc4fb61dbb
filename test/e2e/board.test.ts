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
    readonly taskCount: number;
    readonly projectId: string;
  };
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
    const { body: task } = await ask("alice", "POST /board/tasks", given);
    expect(await readers("tasks", task.id, everyone)).toEqual(["alice", "bob", "root,role=admin"]);
    const search = await Promise.all(everyone.map((who) => ask(who, "GET /tasks/search?q=dig")));
    expect(search.map(({ body }) => body.items.length)).toEqual([1, 1, 0, 1]);
    const patch = await Promise.all(everyone.map((who) => ask(who, `PATCH /tasks/${task.id}`, { priority: 1 })));
    expect(patch.map(({ status }) => status)).toEqual([200, 200, 404, 200]);
    expect((await ask("bob", `POST /board/tasks/${task.id}/remove`, {})).status).toBe(403);
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

describe("the counters of projects", () => {
  const project = async (who: string) => (await ask(who, "POST /projects", { name: "Plot", taskCount: 7 })).body.id;
  const add = (who: string, projectId: string, more: object = {}) =>
    ask(who, "POST /board/tasks", { projectId, title: "Dig", ...more });
  const move = (who: string, task: string, projectId: string) =>
    ask(who, `POST /board/tasks/${task}/move`, { projectId });
  const remove = (who: string, task: string) => ask(who, `POST /board/tasks/${task}/remove`, {});
  /** Counter and tasks of each project. */
  const counts = (who: string, ...ids: string[]) =>
    Promise.all(
      ids.map(async (id) => {
        const { taskCount } = (await ask(who, `GET /projects/${id}`)).body;
        const filter = encodeURIComponent(`projectId=="${id}"`);
        return [taskCount, (await ask(who, `GET /tasks/count?filter=${filter}`)).body.count];
      }),
    );

  test("[TX1] [TX9] a task that comes, moves and goes is counted where it is", async () => {
    const [a, b] = [await project("dora"), await project("dora")];
    expect(await counts("dora", a, b)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const made = await add("dora", a, { authorId: "mallory", version: 9 });
    expect([made.status, made.body]).toMatchObject([201, { projectId: a, authorId: "dora", version: 1 }]);
    await add("dora", a);
    expect(await counts("dora", a, b)).toEqual([
      [2, 2],
      [0, 0],
    ]);
    expect(await move("dora", made.body.id, b)).toMatchObject({ status: 200, body: { projectId: b } });
    expect(await counts("dora", a, b)).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect((await move("dora", made.body.id, b)).status).toBe(200);
    expect(await counts("dora", a, b)).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect((await remove("dora", made.body.id)).status).toBe(200);
    expect((await remove("dora", made.body.id)).status).toBe(404);
    expect(await counts("dora", a, b)).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  test("[TX1] [HT13] [HT21] what is refused changes nothing, and no plain route counts wrong", async () => {
    const [a, b, foreign] = [await project("eve"), await project("eve"), await project("bob")];
    const { body: task } = await add("eve", a);
    const foreignTask = (await add("bob", foreign, { assigneeId: "eve" })).body.id;
    const refused = [
      await add("eve", foreign),
      await add("eve", crypto.randomUUID()),
      await move("eve", task.id, foreign),
      await move("eve", foreignTask, a),
      await move("eve", crypto.randomUUID(), a),
      await ask("eve", `PUT /tasks/${crypto.randomUUID()}`, { projectId: a, title: "Dig" }),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 404));
    expect((await remove("eve", foreignTask)).status).toBe(403);
    for (const body of [{}, { projectId: 1 }, { projectId: "" }, [], null]) {
      expect((await ask("eve", `POST /board/tasks/${task.id}/move`, body as object)).status).toBe(400);
    }
    expect((await add("eve", a, { title: "".padEnd(201, "x") })).status).toBe(400);
    for (const path of ["", `/${task.id}/move`, `/${task.id}/remove`]) {
      expect((await ask(null, `POST /board/tasks${path}`, { projectId: a, title: "Dig" })).status).toBe(401);
    }
    expect((await ask("eve", "POST /tasks", { projectId: a, title: "Dig" })).status).toBe(405);
    expect((await ask("eve", `DELETE /tasks/${task.id}`)).status).toBe(405);
    expect((await ask("eve", "POST /tasks/batch", [{ projectId: a, title: "Dig" }])).status).toBe(405);
    expect((await ask("eve", "DELETE /tasks/batch", { ids: [task.id] })).status).toBe(405);
    const patched = await ask("eve", `PATCH /tasks/${task.id}`, { projectId: b, title: "Dug" });
    expect(patched).toMatchObject({ status: 200, body: { projectId: a, title: "Dug" } });
    await ask("eve", `PATCH /projects/${a}`, { taskCount: 99 });
    await ask("eve", "POST /tasks/batch/upsert", [{ id: crypto.randomUUID(), projectId: a, title: "Dig" }]);
    expect(await counts("eve", a, b)).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(await counts("bob", foreign)).toEqual([[1, 1]]);
    await remove("eve", task.id);
    expect((await ask("eve", `POST /tasks/${task.id}/restore`, {})).status).toBe(404);
    expect(await counts("eve", a, b)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("[TX1] [TP1] twenty moves at once, there and back: no count is lost, whoever has to try again", async () => {
    const [a, b] = [await project("finn"), await project("finn")];
    const tasks = await Promise.all(
      Array.from({ length: 20 }, (_, index) => untilDone(() => add("finn", index < 10 ? a : b))),
    );
    expect(await counts("finn", a, b)).toEqual([
      [10, 10],
      [10, 10],
    ]);
    const first = await Promise.all(tasks.map(({ body }, index) => move("finn", body.id, index < 10 ? b : a)));
    expect(first.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    // However many got through: the counters are the tasks.
    for (const [counter, present] of await counts("finn", a, b)) expect(counter).toBe(present);
    await Promise.all(tasks.map(({ body }) => untilDone(() => move("finn", body.id, b))));
    expect(await counts("finn", a, b)).toEqual([
      [0, 0],
      [20, 20],
    ]);
    await Promise.all(
      tasks.map(({ body }, index) =>
        untilDone(() => (index % 2 === 0 ? remove("finn", body.id) : move("finn", body.id, a))),
      ),
    );
    expect(await counts("finn", a, b)).toEqual([
      [10, 10],
      [0, 0],
    ]);
  });

  /** Again while the answer is that others were faster. */
  async function untilDone(send: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await send();
      if (answer.status !== 409) {
        expect([200, 201]).toContain(answer.status);
        return answer;
      }
      expect(answer.body.code).toBe("TRANSACTION_CONFLICT");
    }
  }
});
