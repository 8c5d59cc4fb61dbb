/**
 * Where a copy stays behind what its reader has seen, the object that has all rows answers, and nobody can tell by the answer: the same
 * requests, by copy and by object, give the same bytes. What no single object can answer is 503.
 */

import { createExecutionContext, env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { ObjectName } from "../../../src/core/ids.ts";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import { app } from "./app.ts";
import { items, send, settle } from "./client.ts";

const tables = (env as unknown as LedgeEnv).LEDGE_TABLES;

/** Bindings under which no copy is ever brought on. */
const stuck = {
  ...env,
  LEDGE_LOG_LEVEL: "silent",
  LEDGE_TABLES: {
    getByName(name: string) {
      const stub = tables.getByName(name);
      return {
        call: (text: string) => stub.call(text),
        objectOf: (epoch: string) => stub.objectOf(epoch),
        isRegistered: (object: ObjectName) => stub.isRegistered(object),
        pull: () => Promise.reject(new Error("nobody answers")),
      };
    },
  },
} as unknown as LedgeEnv;

async function ask(user: string, path: string, minSeq: string | null, bindings: LedgeEnv) {
  const headers = { authorization: `Bearer dev:${user}`, ...(minSeq === null ? {} : { "ledge-min-seq": minSeq }) };
  const response = await app.fetch(
    new Request(`http://localhost${path}`, { headers }),
    bindings,
    createExecutionContext(),
  );
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

/** Without what has a time of its own. */
const bytes = (text: string) =>
  text.replace(/"asOf":(?:"[^"]*"|null)/, '"asOf":"…"').replace(/"nextCursor":"[^"]*"/, '"nextCursor":"…"');

const ahead = (position: string | null) => {
  const [epoch, seq] = (position ?? "").split(":");
  return `${epoch}:${Number(seq) + 1000}`;
};

let work = "";
let red = "";
let blue = "";

beforeAll(async () => {
  for (let n = 0; n < 12; n++) {
    const made = await send("ann", "POST /api/tasks", {
      id: `f${n}`,
      projectId: n % 3 === 0 ? "p" : "ü\u2028",
      title: `Task "${n}" paint 10% _x`,
      ...(n % 2 === 0 ? { hours: n / 3, size: n, big: `${9007199254740993n + BigInt(n)}` } : {}),
      ...(n % 4 === 0 ? { isDone: true, dueAt: new Date(1_800_000_000_000 + n).toISOString() } : {}),
      ...(n % 5 === 0 ? { tags: ["a", "b"], bytes: "AAEC/w==" } : {}),
    });
    expect(made.status).toBe(201);
  }
  work = ahead((await send("ann", "DELETE /api/tasks/f7")).headers.get("ledge-seq"));
  for (let n = 0; n < 9; n++) {
    const body = {
      id: `f${n}`,
      authorId: n % 2 === 0 ? "ann" : "bob",
      body: `note ${n % 4}`,
      rank: n % 3,
      secret: "s",
    };
    red = ahead((await send("ann", "POST /api/@red/notes", body)).headers.get("ledge-seq"));
  }
  const other = { id: "f0", authorId: "ann", body: "blue" };
  blue = ahead((await send("ann", "POST /api/@blue/notes", other)).headers.get("ledge-seq"));
  for (const object of ["t/test/work", "t/test/notes/red", "t/test/notes/blue"]) await settle(object);
});

const ROOM = 'room=="red"';
const text = encodeURIComponent;

/** Rows of tasks: every kind of column, removed rows, an order with ties and nulls. */
const TASKS = [
  ...["", "hours", "-hours,title", "big", "-dueAt", "projectId,-size"].flatMap((orderBy) =>
    ["", "title,big", "hours,tags,bytes,_etag"].map(
      (select) =>
        `?limit=4&totalCount=true${orderBy === "" ? "" : `&orderBy=${orderBy}`}${select === "" ? "" : `&select=${select}`}`,
    ),
  ),
  ...[
    "hours>1",
    'big=="9007199254740993"',
    'title=icontains="PAINT"',
    'title%="Task%"',
    'projectId=="p",isDone==true',
    "!(hours=isnull=true);size=in=(2,4,8)",
    'id=="f7"',
  ].flatMap((filter) => [`?filter=${text(filter)}`, `/count?filter=${text(filter)}`]),
  "?limit=3&offset=2",
  "/search?q=paint&limit=4&totalCount=true",
  `/search?q=paint&offset=3&select=title&filter=${text("size>2")}`,
  "/count",
  "/aggregate?count=true",
  "/aggregate?groupBy=projectId&count=true&sum=hours,size&avg=hours&min=title,big&max=dueAt",
  `/aggregate?groupBy=isDone&count=true&filter=${text("size>2")}`,
].map((rest) => ({ user: "ann", path: `/api/all_tasks${rest}` }));

/** One partition of notes, of which some columns are copied, under two scopes. */
const NOTES = ["all_notes", "my_notes"].flatMap((view) =>
  [
    `?filter=${text(ROOM)}`,
    `?filter=${text(`${ROOM};rank>=1`)}&orderBy=-rank&limit=2&totalCount=true`,
    `?filter=${text(`(rank==1,rank==2);${ROOM}`)}&select=body`,
    `/count?filter=${text(ROOM)}`,
    `/search?q=note&filter=${text(`${ROOM};rank>=1`)}&limit=2&totalCount=true`,
    `/aggregate?groupBy=authorId,rank&count=true&filter=${text(ROOM)}`,
  ].map((rest) => ({ user: "bob", path: `/api/${view}${rest}` })),
);

describe("a view whose copy stays behind", () => {
  it("[HT8] is answered by the object that has all its rows, in the same bytes", async () => {
    for (const { user, path } of [...TASKS, ...NOTES]) {
      const copy = await ask(user, path, null, stuck);
      const own = await ask(user, path, path.includes("tasks") ? work : red, stuck);
      expect([path, copy.status, own.status]).toEqual([path, 200, 200]);
      expect([path, bytes(own.text)]).toEqual([path, bytes(copy.text)]);
      expect(own.headers.get("x-total-count")).toBe(copy.headers.get("x-total-count"));
      expect(own.headers.get("cache-control")).toBe("private, no-store");
      // By whom it was answered: the object names itself alone, and D1 was not asked.
      expect(own.headers.get("ledge-seq")?.split(":")[0]).toBe((path.includes("tasks") ? work : red).split(":")[0]);
      expect(own.headers.has("ledge-bookmark")).toBe(false);
      expect(own.headers.has("etag")).toBe(false);
    }
  });

  it("[HT8] shows a commit that no copy has yet, under the scope of the view and not under the table's", async () => {
    const made = await send("ann", "POST /api/@red/notes", { id: "new", authorId: "ann", body: "b", rank: 50 });
    const seen = made.headers.get("ledge-seq") ?? "";
    const at = (view: string) => `/api/${view}?filter=${text(`${ROOM};rank==50`)}`;
    const mine = await ask("ann", at("my_notes"), seen, stuck);
    expect(mine.headers.get("ledge-seq")).toBe(seen);
    expect(items(mine as never)).toEqual([{ id: "new", room: "red", authorId: "ann", body: "b", rank: 50 }]);
    // The table itself is open to everyone.
    expect(items((await ask("bob", at("my_notes"), seen, stuck)) as never)).toEqual([]);
    const count = await ask("bob", `/api/my_notes/count?filter=${text(`${ROOM};rank==50`)}`, seen, stuck);
    expect(count.json.count).toBe(0);
    const hidden = await ask("ann", `/api/my_notes?filter=${text(`${ROOM};secret=="s"`)}`, seen, stuck);
    expect(hidden.status).toBe(400);
  });

  it("[HT8] goes on from a cursor of either", async () => {
    const start = `/api/all_notes?filter=${text(ROOM)}&orderBy=rank&limit=3`;
    const byCopy = await ask("ann", start, null, stuck);
    const byOwner = await ask("ann", start, red, stuck);
    const page = (minSeq: string | null, cursor: string) => ask("ann", `${start}&cursor=${cursor}`, minSeq, stuck);
    const fromCopy = await page(red, byCopy.json.nextCursor);
    const fromOwner = await page(null, byOwner.json.nextCursor);
    expect(fromCopy.status).toBe(200);
    expect(bytes(fromCopy.text)).toBe(bytes(fromOwner.text));
    expect(items(fromCopy as never).length).toBe(3);
  });

  it("[HT8] is 503 where several objects would have to answer, and the name of a partition makes no object", async () => {
    for (const path of [
      "/api/all_notes",
      "/api/all_notes/count",
      `/api/all_notes?filter=${text(`${ROOM},rank==1`)}`,
      `/api/all_notes?filter=${text('room=in=("red","blue")')}`,
      `/api/all_notes?filter=${text('!(room=="blue")')}`,
    ]) {
      const refused = await ask("ann", path, red, stuck);
      expect([path, refused.status]).toEqual([path, 503]);
      expect(refused.json.type).toMatch(/read-behind$/);
      expect(refused.headers.get("retry-after")).toBe("1");
    }
    const report = await ask("ann", "/api/project_report", work, stuck);
    expect(report.status).toBe(503);
    const nowhere = await ask("ann", `/api/all_notes?filter=${text('room=="nowhere"')}`, red, stuck);
    expect([nowhere.status, nowhere.json.items]).toEqual([200, []]);
    const odd = await ask("ann", `/api/all_notes?filter=${text('room=="no/where"')}`, red, stuck);
    expect(odd.status).toBe(503);
    const objects = await tables.getByName("t/test/_registry").objects();
    expect(objects.filter(({ object }) => object.includes("where"))).toEqual([]);
  });

  it("[HT8] asks nothing of objects that a filter leaves out", async () => {
    const blues = `/api/all_notes?filter=${text('room=="blue"')}`;
    expect((await ask("ann", blues, red, stuck)).headers.has("ledge-bookmark")).toBe(true);
    expect((await ask("ann", blues, `${red},${blue}`, stuck)).headers.has("ledge-bookmark")).toBe(false);
  });

  it("[HT8] of a scope that admits several partitions, answers by the one that the filter fixes, and waits for no other", async () => {
    const reds = `/api/team_notes?filter=${text(`${ROOM};rank<50`)}`;
    const own = await ask("ann", reds, red, stuck);
    expect([own.status, own.headers.has("ledge-bookmark")]).toEqual([200, false]);
    expect(bytes(own.text)).toBe(bytes((await ask("ann", reds, null, stuck)).text));
    const byCopy = await ask("ann", reds, blue, stuck);
    expect([byCopy.status, byCopy.headers.has("ledge-bookmark")]).toEqual([200, true]);
    // Both at once is no row, and no object's.
    const neither = `/api/team_notes?filter=${text(`${ROOM};room=="blue"`)}`;
    expect((await ask("ann", neither, null, stuck)).json.items).toEqual([]);
    expect((await ask("ann", "/api/team_notes", red, stuck)).status).toBe(503);
  });
});
