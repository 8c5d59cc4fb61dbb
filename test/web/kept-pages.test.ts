/** What is given for a page of the board, and when: with a network, without one, with one that is silent or ill, and on a disk that is full. */

import { expect, test } from "vitest";
import { type Kept, keptPages } from "../../src/web/client/board/kept-pages.ts";

const SITE = "http://board.test";
const page = () => new Request(`${SITE}/board`);
const script = () => new Request(`${SITE}/build/board.js`);
const pathOf = (asked: Request | string) => new URL(typeof asked === "string" ? asked : asked.url, SITE).pathname;

const redirected = (text: string) => Object.defineProperty(new Response(text), "redirected", { value: true });

/** A browser: what it keeps, what its network says, and a clock that stands until `silence` lets it run out. */
function browser({ keeps = {} as Record<string, string>, room = "enough" as "enough" | "none" | "closed" } = {}) {
  const kept = new Map(Object.entries(keeps));
  const network: { ask: (path: string) => Promise<Response> } = { ask: async (path) => new Response(`new ${path}`) };
  const asked: string[] = [];
  const waits: (() => void)[] = [];
  const store: Kept = {
    match: async (request) => {
      const text = kept.get(pathOf(request));
      return text === undefined ? undefined : new Response(text);
    },
    put: async (request, reply) => {
      if (room === "none") throw new DOMException("full", "QuotaExceededError");
      kept.set(pathOf(request), await reply.text());
    },
  };
  const pages = keptPages({
    open: async () => (room === "closed" ? Promise.reject(new DOMException("closed", "SecurityError")) : store),
    fetch: (request) => {
      asked.push(pathOf(request));
      return network.ask(pathOf(request));
    },
    wait: () => new Promise((resolve) => waits.push(resolve)),
  });
  const get = async (request: Request) => {
    const { reply, behind } = pages.answer(request, pathOf(request).startsWith("/build/") ? "file" : "page");
    return { text: await (await reply).text(), behind };
  };
  const silence = () => {
    for (const over of waits.splice(0)) over();
  };
  return { kept, network, asked, pages, get, silence };
}

const offline = () => Promise.reject(new TypeError("Failed to fetch"));

test("[RH1] a page comes from the network while there is one, and is kept behind it; a redirect elsewhere and an error are not", async () => {
  const { kept, network, get } = browser({ keeps: { "/board": "old", "/build/board.js": "old" } });
  for (const request of [page(), script()]) {
    const { text, behind } = await get(request);
    expect(text).toBe(`new ${pathOf(request)}`);
    await behind;
    expect(kept.get(pathOf(request))).toBe(text);
  }
  for (const other of [redirected("sign in"), new Response("none", { status: 404 })]) {
    network.ask = async () => other;
    const { text, behind } = await get(page());
    expect(text).not.toContain("board");
    await behind;
    expect(kept.get("/board")).toBe("new /board");
  }
});

test("[RH1] a disk that is full or closed costs no page: the reply does not wait for what is kept, nor fail with it", async () => {
  for (const room of ["none", "closed"] as const) {
    const { network, get } = browser({ room });
    const { text, behind } = await get(page());
    expect(text).toBe("new /board");
    await behind;
    network.ask = offline;
    await expect(get(page())).rejects.toThrow("Failed to fetch");
  }
  // One that takes its time, too.
  const { reply } = keptPages({
    open: () => new Promise(() => {}),
    fetch: async () => new Response("new"),
    wait: () => new Promise(() => {}),
  }).answer(page(), "page");
  expect(await (await reply).text()).toBe("new");
});

test("[RH1] without a network, and where a proxy answers with 503, what is kept is given, and the files of a page from there with it", async () => {
  for (const ask of [offline, async () => new Response("bad gateway", { status: 503 })]) {
    const { network, get } = browser({ keeps: { "/board": "kept", "/build/board.js": "kept script" } });
    network.ask = ask;
    expect((await get(page())).text).toBe("kept");
    network.ask = async () => new Response("of another build");
    expect((await get(script())).text).toBe("kept script");
    expect((await get(page())).text).toBe("of another build");
    expect((await get(script())).text).toBe("of another build");
  }
  const nothing = browser();
  nothing.network.ask = async () => new Response("bad gateway", { status: 503 });
  expect((await nothing.get(page())).text).toBe("bad gateway");
});

test("[RH1] a network that is silent is waited for once, not for each file; what it says in the end is kept for the next time", async () => {
  const { kept, network, get, silence } = browser({ keeps: { "/board": "kept", "/build/board.js": "kept script" } });
  const late = Promise.withResolvers<Response>();
  network.ask = () => late.promise;
  const asked = get(page());
  silence();
  const { text, behind } = await asked;
  expect(text).toBe("kept");
  // No clock runs out for it.
  expect((await get(script())).text).toBe("kept script");
  late.resolve(new Response("late"));
  await behind;
  expect(kept.get("/board")).toBe("late");

  // Of what is not kept, whatever arrives in the end.
  const empty = browser();
  const slow = Promise.withResolvers<Response>();
  empty.network.ask = () => slow.promise;
  const first = empty.get(page());
  empty.silence();
  slow.resolve(new Response("slow"));
  expect((await first).text).toBe("slow");
});

test("[RH1] the first visit keeps the page that is open and the files that it names, the page last and only with all of them", async () => {
  const html = `<link rel="icon" href="/ledge.svg"><link rel="stylesheet" href="/build/board.css"><a href="/about">…</a><script src="/build/board.js"></script>`;
  const { kept, network, asked, pages } = browser();
  network.ask = async (path) => new Response(path === "/board" ? html : path);
  await pages.keep([`${SITE}/board`, `${SITE}/board`]);
  expect([...kept.keys()]).toEqual(["/ledge.svg", "/build/board.css", "/build/board.js", "/board"]);
  expect(asked).toHaveLength(4);
  expect(kept.get("/board")).toBe(html);

  const ill = browser();
  ill.network.ask = async (path) => new Response(html, { status: path === "/build/board.js" ? 503 : 200 });
  await ill.pages.keep([`${SITE}/board`]);
  expect(ill.kept.has("/board")).toBe(false);
  for (const room of ["none", "closed"] as const) await browser({ room }).pages.keep([`${SITE}/board`]);
});
