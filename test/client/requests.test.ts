/** What each method sends, and what of the reply it returns; without network. */

import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  createClient,
  createQuery,
  etagOf,
  fetchPaginated,
  forgetClient,
  getClient,
  getOrCreateClient,
  NotFoundError,
  safe,
  TransportError,
  ValidationError,
  versionOf,
} from "../../src/client/ledge-client.ts";
import { and, eq, rsql } from "../../src/core/query/ledge-query.ts";
import { type Answer, EMPTY_PAGE, fakePlatform, problem, type Serve } from "./fake-server.ts";

interface Task {
  readonly id: string;
  readonly title: string;
  readonly status: "todo" | "done";
  readonly priority: number;
  readonly kind: string | null;
}

function open(serve: Serve | Answer, options: Partial<ClientOptions> = {}) {
  const platform = fakePlatform(typeof serve === "function" ? serve : () => serve);
  const client = createClient({ url: "https://x.test", ...options, platform });
  const tasks = client.resource<Task>("tasks");
  const last = () => platform.sent.at(-1)!;
  /** Method, path and decoded query of the last request. */
  const line = () => `${last().method} ${decodeURIComponent(last().url.replace("https://x.test/api", ""))}`;
  return { client, tasks, platform, last, line };
}

test("[S9] a client searches over several tables at its root", async () => {
  const results = { tasks: { items: [{ id: "1" }], hasMore: false, asOf: null } };
  const { client, line } = open({ body: { results } });
  expect(await client.search("fence post", { resources: ["tasks", "comments"], limit: 3 })).toEqual({ results });
  expect(line()).toBe("GET /search?q=fence post&resources=tasks,comments&limit=3");
  await client.search("fence");
  expect(line()).toBe("GET /search?q=fence");
});

describe("reads", () => {
  const { tasks, line, last } = open({ body: EMPTY_PAGE });

  test("[L4] related rows are asked for by their paths", async () => {
    const related = tasks as unknown as Record<"list" | "get", (...given: readonly unknown[]) => Promise<unknown>>;
    await related.list({ select: ["title"], include: ["labels(limit:5;select:name,color)", "people.labels"] });
    expect(line()).toBe("GET /tasks?select=title&include=labels(limit:5;select:name,color),people.labels");
    await related.get("1", { include: ["labels"] });
    expect(line()).toBe("GET /tasks/1?include=labels");
  });

  test("[SDK1] options become parameters; what is default is left out", async () => {
    await tasks.list();
    expect(line()).toBe("GET /tasks");
    await tasks.list({
      filter: 'status=="todo"',
      select: ["title", "priority"],
      orderBy: ["-priority", "title:desc", { column: "id" }, { column: "kind", ascending: false }],
      limit: 5,
      cursor: "c",
      totalCount: true,
      withDeleted: false,
      etags: true,
    });
    expect(line()).toBe(
      'GET /tasks?filter=status=="todo"&select=title,priority&orderBy=-priority,title:desc,id,-kind&limit=5&cursor=c&totalCount=true&etags=true',
    );
    await tasks.list({ orderBy: "-priority", offset: 20, withDeleted: true, cursor: null });
    expect(line()).toBe("GET /tasks?orderBy=-priority&offset=20&withDeleted=true");
  });

  test("[SDK1] a filter is text, a tree, a selector or a function, and a value never leaves its place", async () => {
    await tasks.list({ filter: rsql`title==${'a"b;c'}` });
    expect(line()).toBe('GET /tasks?filter=title=="a\\"b;c"');
    await tasks.list({ filter: (q) => q.or(q.eq("status", "todo"), q.gte("priority", 3)) });
    expect(line()).toBe('GET /tasks?filter=status=="todo",priority>=3');
    await tasks.list({ filter: { status: ["todo", "done"], priority: { gte: 1, lt: 5 }, kind: null } });
    expect(line()).toBe('GET /tasks?filter=status=in=("todo","done");priority>=1;priority<5;kind==null');
    await tasks.list({ filter: and() });
    expect(line()).toBe("GET /tasks");
    // Looks like the empty tree, and is a condition.
    await tasks.list({ filter: { kind: "all" } });
    expect(line()).toBe('GET /tasks?filter=kind=="all"');
  });

  test("[SDK1] count, exists, aggregate and search", async () => {
    const counting = open({ body: { count: 7, seq: 1 } });
    expect(await counting.tasks.count({ filter: { status: "todo" } })).toBe(7);
    expect(counting.line()).toBe('GET /tasks/count?filter=status=="todo"');
    expect(await counting.tasks.exists({ filter: eq("status", "todo") })).toBe(true);
    expect(counting.line()).toBe('GET /tasks/count?filter=status=="todo"&limit=1');
    await tasks.aggregate({
      groupBy: ["status"],
      count: true,
      sum: ["priority"],
      having: "count>1",
      orderBy: "-count",
    });
    expect(line()).toBe("GET /tasks/aggregate?groupBy=status&count=true&sum=priority&having=count>1&orderBy=-count");
    await tasks.search("garden", { fields: ["title"], highlight: true, select: ["title"] });
    expect(line()).toBe("GET /tasks/search?q=garden&fields=title&select=title&highlight=true");
  });

  test("[SDK1] a row by its id, percent-encoded; an id that would be another path is a row that is not there", async () => {
    await tasks.get("a/b ~", { select: ["title"], ifNoneMatch: '"t"' });
    expect(last().url).toBe("https://x.test/api/tasks/a%2Fb%20~?select=title");
    expect(last().headers["if-none-match"]).toBe('"t"');
    for (const id of ["", ".", "..", "count", "batch"]) {
      const { platform, tasks: other } = open({});
      await expect(other.delete(id)).rejects.toBeInstanceOf(NotFoundError);
      expect(platform.sent).toEqual([]);
    }
  });

  test("[SDK1] 304 is null", async () => {
    const { tasks: unchanged } = open({ status: 304, headers: { etag: '"t"' } });
    expect(await unchanged.get("1", { ifNoneMatch: '"t"' })).toBeNull();
    expect(await unchanged.list({ ifNoneMatch: '"t"' })).toBeNull();
  });

  test("[SDK1] a partition stands before the table, and only a name can be one", async () => {
    const { client, line: lineOf } = open({ body: EMPTY_PAGE });
    await client.resource("messages").in("lobby").list();
    expect(lineOf()).toBe("GET /@lobby/messages");
    expect(() => client.resource("messages").in("../tasks")).toThrow(ValidationError);
  });
});

describe("pages", () => {
  const serve: Serve = ({ url }) => {
    const at = Number(new URL(url).searchParams.get("cursor") ?? 0);
    return {
      body: {
        items: [{ id: `${at}` }, { id: `${at}b` }],
        nextCursor: at < 2 ? String(at + 1) : null,
        hasMore: at < 2,
        seq: 1,
      },
    };
  };

  test("[P9] rows and pages are walked to the end, one request a page", async () => {
    const { tasks, platform } = open(serve);
    const ids: string[] = [];
    for await (const row of tasks.rows({ orderBy: "title", offset: 0 })) ids.push(row.id);
    expect(ids).toEqual(["0", "0b", "1", "1b", "2", "2b"]);
    expect(platform.sent.map(({ url }) => url.split("?")[1])).toEqual([
      "orderBy=title&offset=0",
      "orderBy=title&cursor=1",
      "orderBy=title&cursor=2",
    ]);
    let pages = 0;
    for await (const page of tasks.pages()) pages += page.items.length > 0 ? 1 : 0;
    expect(pages).toBe(3);
  });

  test("[P9] a walk that is left early asks for no more", async () => {
    const { tasks, platform } = open(serve);
    for await (const row of tasks.rows()) if (row.id === "0b") break;
    expect(platform.sent.length).toBe(1);
  });

  test("[P9] the page after a page, and null after the last", async () => {
    const { tasks } = open(serve);
    const second = await tasks.nextPage(await tasks.list());
    expect(second?.items[0]?.id).toBe("1");
    expect(await tasks.nextPage({ ...EMPTY_PAGE })).toBeNull();
  });

  test("[P8] a page by number knows how many there are", async () => {
    const { tasks, line } = open({ body: { ...EMPTY_PAGE, items: [{ id: "x" }], totalCount: 41 } });
    expect(await fetchPaginated(tasks, { page: 2, pageSize: 20, orderBy: "title" })).toEqual({
      data: [{ id: "x" }],
      count: 41,
      page: 2,
      pageSize: 20,
      totalPages: 3,
      hasNextPage: true,
      hasPreviousPage: true,
    });
    expect(line()).toBe("GET /tasks?orderBy=title&limit=20&offset=20&totalCount=true");
    await expect(fetchPaginated(tasks, { page: 0, pageSize: 20 })).rejects.toThrow(
      "page must be an integer ≥ 1, not 0",
    );
  });
});

describe("writes", () => {
  const { tasks, line, last } = open({ status: 200, body: { id: "1", title: "t" }, headers: { etag: '"e:1:s"' } });
  const row = { title: "t", status: "todo", priority: 1, kind: null } as const;

  test("[SDK1] each verb at its address", async () => {
    await tasks.create(row);
    expect([line(), last().body]).toEqual(["POST /tasks", row]);
    await tasks.update("1", { priority: 2 });
    expect([line(), last().body]).toEqual(["PATCH /tasks/1", { priority: 2 }]);
    await tasks.replace("1", row, { ifNoneMatch: "*" });
    expect([line(), last().headers["if-none-match"]]).toEqual(["PUT /tasks/1", "*"]);
    await tasks.restore("1");
    expect(line()).toBe("POST /tasks/1/restore");
    expect(await tasks.delete("1", { hard: true })).toBeUndefined();
    expect([line(), last().body]).toEqual(["DELETE /tasks/1?hard=true", undefined]);
  });

  test("[SDK1] batches by items and by filter", async () => {
    await tasks.createMany([row]);
    expect([line(), last().body]).toEqual(["POST /tasks/batch", { items: [row] }]);
    await tasks.updateMany([{ id: "1", priority: 2, ifVersion: "e:1" }]);
    expect([line(), last().body]).toEqual([
      "PATCH /tasks/batch",
      { items: [{ id: "1", priority: 2, ifVersion: "e:1" }] },
    ]);
    await tasks.replaceMany([{ id: "1", ...row }]);
    expect(line()).toBe("PUT /tasks/batch");
    await tasks.upsertMany([{ id: "1", title: "u" }]);
    expect(line()).toBe("POST /tasks/batch/upsert");
    await tasks.deleteMany(["1", "2"]);
    expect([line(), last().body]).toEqual(["DELETE /tasks/batch", { ids: ["1", "2"] }]);
    await tasks.updateWhere({ filter: { status: "done" } }, { priority: 0 }, { confirm: "token" });
    expect([line(), last().body]).toEqual(["PATCH /tasks/batch", { filter: 'status=="done"', patch: { priority: 0 } }]);
    expect(last().headers["ledge-confirm"]).toBe("token");
    await tasks.deleteWhere({ all: true }, { dryRun: true });
    expect([line(), last().body]).toEqual(["DELETE /tasks/batch?dryRun=true", { all: true }]);
    await tasks.deleteWhere({ filter: {} }).catch(() => {});
    expect(last().body).toEqual({ filter: "" });
  });

  test("[SDK1] a single upsert gives its row, a procedure its data", async () => {
    const upserting = open({ body: { items: [{ id: "1" }], created: [], seq: 1 } });
    expect(await upserting.tasks.upsert({ id: "1", title: "u" })).toEqual({ id: "1" });
    const calling = open({ body: { data: 42 } });
    expect(await calling.tasks.rpc("sum", { a: 1 })).toBe(42);
    expect([calling.line(), calling.last().body]).toEqual(["POST /tasks/rpc/sum", { a: 1 }]);
  });

  test("[SDK1] the tag of a result is its If-Match, and is in no copy of it", async () => {
    const read = await tasks.get("1");
    expect([etagOf(read), versionOf(read), JSON.stringify(read), etagOf({ ...read })]).toEqual([
      '"e:1:s"',
      "e:1:s",
      '{"id":"1","title":"t"}',
      undefined,
    ]);
    await tasks.update("1", { priority: 3 }, { ifMatch: read, prefer: "minimal" });
    expect(last().headers).toMatchObject({ "if-match": '"e:1:s"', prefer: "return=minimal" });
    await tasks.update("1", { priority: 3 }, { ifMatch: { id: "1", _etag: '"listed"' } });
    expect(last().headers["if-match"]).toBe('"listed"');
    await expect(tasks.update("1", {}, { ifMatch: { ...read } })).rejects.toThrow("No tag");
  });
});

describe("the client", () => {
  test("[SDK9] headers and credentials go with every request, those of a call last", async () => {
    const { tasks, last } = open(
      { body: EMPTY_PAGE },
      { headers: { "x-app": "a", "x-b": "b" }, credentials: "include" },
    );
    await tasks.list({ headers: { "x-b": "c" } });
    expect(last().headers).toEqual({ "x-app": "a", "x-b": "c" });
    expect(last().credentials).toBe("include");
  });

  test("[SDK1] a member is the table of that name, and awaiting a client gives the client", async () => {
    const { client, platform } = open({ body: EMPTY_PAGE });
    const board = client as unknown as Record<string, ReturnType<typeof client.resource>>;
    await board.task_labels!.list();
    expect(platform.sent[0]!.url).toBe("https://x.test/api/task_labels");
    expect(board.task_labels).toBe(board.task_labels);
    expect(await client).toBe(client);
  });

  test("[SDK4] one client for each name, also for a module that is loaded again", async () => {
    const first = getOrCreateClient({ url: "https://a.test" });
    expect(getOrCreateClient({ url: "https://b.test" })).toBe(first);
    expect(getClient()).toBe(first);
    expect(getOrCreateClient({ url: "https://c.test", name: "other" })).not.toBe(first);
    expect(getClient("other")).not.toBe(first);
    expect(() => getClient("none")).toThrow('There is no client "none"');
    forgetClient();
    expect(() => getClient()).toThrow();
    forgetClient("other");
  });

  test("[SDK13] safe gives data and count, or the error; a mistake of the program is thrown", async () => {
    expect(await safe(open({ body: { ...EMPTY_PAGE, totalCount: 3 } }).tasks.list())).toMatchObject({
      error: null,
      count: 3,
    });
    expect(await safe(open({ body: { id: "1" } }).tasks.get("1"))).toEqual({ data: { id: "1" }, error: null });
    const failed = await safe(open(problem(404, "NOT_FOUND")).tasks.get("1"));
    expect([failed.data, failed.error?.code]).toEqual([null, "NOT_FOUND"]);
    await expect(safe(Promise.reject(new TypeError("mistake")))).rejects.toThrow("mistake");
  });
});

describe("the fluent builder", () => {
  test("[Q26] every step leaves the query before it as it was", async () => {
    const { tasks, line } = open({ body: EMPTY_PAGE });
    const base = createQuery(tasks).where({ status: "todo" });
    const urgent = base
      .filter((q) => q.gte("priority", 3))
      .orderBy("-priority")
      .limit(5);
    await urgent.select("title").withTotalCount().execute();
    expect(line()).toBe(
      'GET /tasks?filter=(status=="todo");(priority>=3)&select=title&orderBy=-priority&limit=5&totalCount=true',
    );
    await base.execute();
    expect(line()).toBe('GET /tasks?filter=status=="todo"');
    await base
      .filters('title=="a"', eq("priority", 1))
      .sort({ column: "title", ascending: false })
      .paginate(3, 10)
      .execute();
    expect(line()).toBe(
      'GET /tasks?filter=(status=="todo");(title=="a");(priority==1)&orderBy=-title&limit=10&offset=20&totalCount=true',
    );
    await base.cursor("c").withDeleted().execute();
    expect(line()).toBe('GET /tasks?filter=status=="todo"&cursor=c&withDeleted=true');
  });

  test("[Q26] a text cannot reach over its parentheses", async () => {
    const { tasks, platform } = open({ body: EMPTY_PAGE });
    for (const text of ["a==1),(b==2", "(a==1", 'a=="1', 'a==")"),(b==1', "a==1)"]) {
      const query = createQuery(tasks).where({ status: "todo" }).filter(text);
      await expect(query.execute()).rejects.toThrow("cannot be joined");
    }
    expect(platform.sent).toEqual([]);
    await createQuery(tasks).where({ status: "todo" }).filter('title=="),(\\""').execute();
    expect(platform.sent.length).toBe(1);
  });

  test("[Q26] first, single and count", async () => {
    const page = (...ids: string[]) => ({ body: { ...EMPTY_PAGE, items: ids.map((id) => ({ id })) } });
    expect(await createQuery(open(page("1")).tasks).first()).toEqual({ id: "1" });
    expect(await createQuery(open(page()).tasks).first()).toBeNull();
    expect(await createQuery(open(page("1")).tasks).single()).toEqual({ id: "1" });
    await expect(createQuery(open(page()).tasks).single()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(createQuery(open(page("1", "2")).tasks).single()).rejects.toMatchObject({
      code: "CONFLICT",
      details: { reason: "too-many" },
    });
    const { tasks, line } = open({ body: { count: 4, seq: 1 } });
    expect(await createQuery(tasks).where({ status: "todo" }).orderBy("title").limit(3).count()).toBe(4);
    expect(line()).toBe('GET /tasks/count?filter=status=="todo"');
  });

  test("[Q28] cancel ends the runs of an armed query, and of those built on it, and no others", async () => {
    const { tasks } = open(() => "silent", { timeoutMs: 0 });
    const armed = createQuery(tasks).where({ status: "todo" }).abort();
    const runs = [armed.execute(), armed.limit(3).execute()];
    const other = createQuery(tasks).execute();
    armed.cancel();
    for (const run of runs) await expect(run).rejects.toMatchObject({ code: "ABORTED", retryable: false });
    await expect(armed.execute()).rejects.toBeInstanceOf(TransportError);
    expect(await Promise.race([other, "still running"])).toBe("still running");
    createQuery(tasks).cancel();
    const controller = new AbortController();
    const signalled = createQuery(tasks).abort().signal(controller.signal).execute();
    controller.abort("why");
    await expect(signalled).rejects.toMatchObject({ code: "ABORTED", cause: "why" });
  });

  test("[Q29] timeout and retries are those of the query", async () => {
    const { tasks, platform } = open(() => "silent");
    await expect(createQuery(tasks).timeout(50).retries(2).execute()).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(platform.sent.length).toBe(3);
    expect(platform.fired).toEqual([50, 1000, 50, 2000, 50]);
  });
});
