/** Bundled for the browser: what the tests of hooks do there. Each function is called by name, and gives what it saw as JSON. */

import { type ComponentType, createElement, type ReactElement, StrictMode, useState } from "react";
import { flushSync } from "react-dom";
import { createRoot, hydrateRoot } from "react-dom/client";
import { createClient as createSignedIn } from "../../../src/client/ledge-client-auth.ts";
import {
  LedgeProvider,
  useAuth,
  useJWTAuth,
  useLiveList,
  useMutation,
  useSearch,
  useSyncStatus,
} from "../../../src/client/react/ledge-client-react.ts";
import { useFile } from "../../../src/client/react/ledge-client-react-files.ts";
import type { BoardClient } from "../../../src/web/client/board/board-client.ts";
import type { FakeLedge } from "../../client/store/fake-ledge.ts";
import { LivePages, PagesByHand, pagedTasks } from "./scrolling-pages.ts";
import { clientOf, ledgeOfTasks, tasksPage } from "./tasks-page.ts";

// What the clock of the test waits with.
Object.assign(globalThis, { setImmediate: (run: () => void) => setTimeout(run, 0) });

/** The parts of a page that are used; types of browsers and of Workers do not go together. */
interface PageElement {
  readonly textContent: string;
  readonly dataset: Readonly<Record<string, string>>;
  innerHTML: string;
  scrollTop: number;
  readonly scrollHeight: number;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): { readonly length: number };
}
interface Browser {
  readonly document: {
    createElement(name: string): PageElement;
    readonly body: { replaceChildren(element: PageElement): void };
  };
  readonly MutationObserver: new (run: () => void) => { observe(element: PageElement, what: object): void };
}
const { document, MutationObserver } = globalThis as unknown as Browser;

const complaints: string[] = [];
console.error = (...told: unknown[]) => void complaints.push(told.map(String).join(" "));
console.warn = console.error;

function place(html = ""): PageElement {
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.replaceChildren(root);
  return root;
}

const under = (client: BoardClient, page: ComponentType): ReactElement =>
  createElement(StrictMode, null, createElement(LedgeProvider, { client }, createElement(page)));
const watches = ({ said }: FakeLedge) => said.filter((type) => type === "watch").length;

/** Takes up what the server has rendered; afterwards somebody else writes. */
async function takeUp(html: string, state: Parameters<BoardClient["store"]["hydrate"]>[0]) {
  const ledge = ledgeOfTasks();
  ledge.write("tasks", "prune", { title: "prune", status: "todo", rank: 9 });
  const client = clientOf(ledge);
  client.store.hydrate(state);
  const root = place(html);
  const first = root.querySelector("#dig");
  const texts = new Set([root.textContent]);
  new MutationObserver(() => texts.add(root.textContent)).observe(root, {
    subtree: true,
    childList: true,
    characterData: true,
  });
  flushSync(() => {
    hydrateRoot(root as never, tasksPage(client), {
      onRecoverableError: (error) => void complaints.push(String(error)),
    });
  });
  await ledge.clock.advance(2_000);
  await ledge.clock.advance(2_000);
  return {
    texts: [...texts],
    isSameElement: root.querySelector("#dig") === first,
    status: root.querySelector("main")?.dataset.status,
    heard: ledge.heard.filter((type) => type === "resumed").length,
  };
}

/** Mounted twice by StrictMode, put away and shown again, and replaced by another version of itself, as hot reload does. */
async function mountAgain() {
  const ledge = ledgeOfTasks();
  const client = clientOf(ledge);
  const page = (version: string) => () => {
    const { items, isLoading } = useLiveList("tasks", { orderBy: "title" });
    return createElement("p", null, `${version}: ${isLoading ? "loading" : items.length}`);
  };
  const element = place();
  const root = createRoot(element as never);
  const shown: string[] = [];
  const show = (component: ComponentType) => {
    flushSync(() => root.render(under(client, component)));
    shown.push(element.textContent);
  };
  show(page("one"));
  await ledge.clock.advance(1_000);
  shown.push(element.textContent);
  show(page("two"));
  show(() => null);
  await ledge.clock.advance(20_000);
  show(page("three"));
  const asked = { sockets: ledge.socketCount, watches: watches(ledge), open: client.store.stats.open };
  root.unmount();
  await ledge.clock.advance(31_000);
  return { shown, asked, left: { ...client.store.stats, sockets: ledge.open } };
}

/** A list that is refused, a write that is, and what a person decides. */
async function refusals() {
  const ledge = ledgeOfTasks();
  const client = clientOf(ledge);
  let write: (() => Promise<unknown>) | null = null;
  let discard: (() => unknown) | null = null;
  const Page = () => {
    const wrong = useLiveList("tasks", { filter: "nothing==1" });
    const { items } = useLiveList("tasks", { filter: { status: "todo" } });
    const { create } = useMutation("tasks");
    const { refusedWrites, ...sync } = useSyncStatus();
    write = () => create({ id: "hoe", title: "hoe", status: "todo" } as never);
    const [refused] = refusedWrites;
    if (refused !== undefined) discard = () => sync.discard(refused.key);
    const said = [wrong.status, wrong.isLoading, wrong.error?.code, items.length, refused?.problem?.code ?? "none"];
    return createElement("p", null, said.join());
  };
  const element = place();
  createRoot(element as never).render(under(client, Page));
  await ledge.clock.advance(1_000);
  const seen = [element.textContent];
  ledge.holdsAnswers = true;
  ledge.refuse = () => ({ status: 422, body: { type: "about:blank", title: "No", status: 422, code: "NO_HOES" } });
  await (write as unknown as () => Promise<unknown>)();
  await ledge.clock.advance(20);
  seen.push(element.textContent);
  ledge.release();
  await ledge.clock.advance(1_000);
  seen.push(element.textContent);
  await (discard as unknown as () => Promise<unknown>)();
  await ledge.clock.advance(1_000);
  return [...seen, element.textContent];
}

async function signIn() {
  const listeners = new Set<(change: string, session: object | null) => void>();
  const auth = {
    onAuthStateChange(listener: (change: string, session: object | null) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const ledge = ledgeOfTasks();
  const client = clientOf(ledge, { auth });
  const Page = () => {
    const { user, isLoading, isAuthenticated } = useAuth();
    return createElement("p", null, `${isLoading} ${isAuthenticated} ${user?.id ?? "nobody"}`);
  };
  const element = place();
  const root = createRoot(element as never);
  flushSync(() => root.render(under(client, Page)));
  const before = listeners.size;
  const seen = [element.textContent];
  const tell = (change: string, session: object | null) => {
    flushSync(() => {
      for (const listener of [...listeners]) listener(change, session);
    });
    seen.push(element.textContent);
  };
  tell("INITIAL_SESSION", { user: { id: "ann" } });
  tell("SIGNED_OUT", null);
  flushSync(() => root.unmount());
  return { seen, left: before - listeners.size };
}

/** Typed faster than is asked; an answer that is overtaken; one that fails. */
async function search() {
  const asked: string[] = [];
  const aborted: string[] = [];
  const answers = new Map<string, (found: readonly string[] | null) => void>();
  const tasks = {
    list: () => {},
    search: (text: string, { signal }: { readonly signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        asked.push(text);
        signal.addEventListener("abort", () => {
          aborted.push(text);
          reject(new Error("aborted"));
        });
        answers.set(text, (found) =>
          found === null ? reject(new Error("gone")) : resolve({ items: found.map((id) => ({ id })) }),
        );
      }),
  };
  const ledge = ledgeOfTasks();
  const client = clientOf(ledge, { tasks });
  let type: (text: string) => void = () => {};
  const Page = () => {
    const [text, setText] = useState("");
    type = setText;
    const { items, isSearching, error } = useSearch("tasks", text, { debounceMs: 20 });
    return createElement("p", null, `${items.map(({ id }) => id).join("+")} ${isSearching} ${error?.code ?? ""}`);
  };
  const element = place();
  createRoot(element as never).render(under(client, Page));
  const seen: string[] = [];
  const until = async (holds: () => boolean) => {
    for (let turn = 0; turn < 500 && !holds(); turn++) {
      await ledge.clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    seen.push(element.textContent);
  };
  await until(() => element.textContent !== "");
  for (const text of ["d", "di", "dig"]) flushSync(() => type(text));
  await until(() => asked.length === 1);
  answers.get("dig")?.(["dig"]);
  await until(() => element.textContent === "dig false ");
  flushSync(() => type("till"));
  await until(() => asked.length === 2);
  flushSync(() => type("rake"));
  await until(() => asked.length === 3 && aborted.length === 1);
  answers.get("rake")?.(null);
  await until(() => element.textContent.includes("ERROR"));
  flushSync(() => type(""));
  await until(() => element.textContent === " false ");
  return { asked, aborted, seen };
}

/** Tokens that come, are renewed, and go. */
async function tokens() {
  const kept = new Map<string, string>();
  const person = { id: "ann", email: null, emailVerified: true, name: "Ann", roles: [], data: {} };
  let given = 0;
  const answer = (path: string): object | null => {
    if (path.endsWith("/logout")) return null;
    given += 1;
    return { user: person, accessToken: `token ${given}`, refreshToken: "r.1", expiresIn: 60, tokenType: "Bearer" };
  };
  const { auth } = createSignedIn({
    url: "https://ledge.example",
    auth: {
      carrier: "token",
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, text) => void kept.set(key, text),
        removeItem: (key) => void kept.delete(key),
      },
    },
    platform: { now: () => 1000 },
    fetch: async (url) => {
      const body = answer(url);
      return {
        status: body === null ? 204 : 200,
        headers: { get: () => null },
        text: async () => (body === null ? "" : JSON.stringify(body)),
      };
    },
  });
  const client = clientOf(ledgeOfTasks(), { auth });
  let ways: Partial<ReturnType<typeof useJWTAuth>> = {};
  const Page = () => {
    const { user, isAuthenticated, isLoading, accessToken, expiresAt, ...rest } = useJWTAuth();
    ways = rest;
    return createElement("p", null, `${isLoading} ${isAuthenticated} ${user?.id} ${accessToken} ${expiresAt}`);
  };
  const element = place();
  const root = createRoot(element as never);
  flushSync(() => root.render(under(client, Page)));
  const seen = [element.textContent];
  const look = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
    seen.push(element.textContent);
  };
  await look();
  await ways.signInWithPassword?.({ email: "ann@ledge.example", password: "correct horse" });
  await look();
  await ways.refreshSession?.();
  await look();
  await ways.signOut?.();
  await look();
  root.unmount();
  return seen;
}

/** Rows in a box, fetched on as its end comes near: a live list, and one whose pages are asked for by hand. */
async function scrolling(kind: "live" | "by hand") {
  const ledge = ledgeOfTasks();
  for (let rank = 3; rank < 60; rank++)
    ledge.write("tasks", `t${rank}`, { title: `row ${rank}`, rank, status: "todo" });
  const client = clientOf(ledge, kind === "live" ? {} : { tasks: pagedTasks(60) });
  const element = place();
  const root = createRoot(element as never);
  root.render(under(client, kind === "live" ? LivePages : PagesByHand));
  const seen: string[] = [];
  const reach = async (rows: number) => {
    const shown = () => element.querySelectorAll("li").length;
    for (let turn = 0; turn < 500 && shown() < rows; turn++) {
      await ledge.clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const box = element.querySelector("section");
    seen.push(`${shown()} ${box?.dataset.total ?? ""}`.trim());
    if (box !== null) box.scrollTop = box.scrollHeight;
  };
  for (const rows of [20, 40, 60]) await reach(rows);
  ledge.write("tasks", "t5", null);
  await ledge.clock.advance(50);
  await reach(kind === "live" ? 59 : 60);
  root.unmount();
  return seen;
}

/** A signed address while time goes by: renewed, tried again where that fails, and another one for other bytes. */
async function renewals() {
  const ledge = ledgeOfTasks();
  const startMs = ledge.clock.nowMs;
  const asked: number[] = [];
  let isBroken = false;
  ledge.write("files", "scan", { title: "scan", hash: "sha256:1" });
  ledge.refuse = (_, path) => {
    if (path !== "/files/scan/link") return undefined;
    asked.push((ledge.clock.nowMs - startMs) / 1000);
    if (isBroken) return { status: 500, body: { type: "about:blank", title: "No", status: 500, code: "BROKEN" } };
    return {
      status: 200,
      body: { url: `/f/${asked.length}`, expiresAt: new Date(ledge.clock.nowMs + 1e6).toISOString() },
    };
  };
  const client = clientOf(ledge);
  const { setTimeout: wait, clearTimeout: cancel } = globalThis;
  // Long waits go by the clock of the test.
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms = 0) => (ms < 10_000 ? wait(run, ms) : ledge.clock.after(ms, run)),
    clearTimeout: (timer: unknown) => (typeof timer === "function" ? timer() : cancel(timer as number)),
  });
  const Page = () => {
    const { url, urlError } = useFile("files" as never, "scan" as never, { use: "show", expiresIn: 1000 });
    return createElement("p", null, `${url} ${urlError?.code ?? ""}`);
  };
  const element = place();
  const root = createRoot(element as never);
  root.render(under(client, Page));
  const seen: string[] = [];
  const after = async (seconds: number) => {
    await ledge.clock.advance(seconds * 1000);
    for (let turn = 0; turn < 20; turn++) await ledge.clock.settle();
    seen.push(element.textContent);
  };
  await after(1);
  await after(498);
  await after(2);
  isBroken = true;
  await after(500);
  isBroken = false;
  await after(100);
  ledge.write("files", "scan", { title: "scan", hash: "sha256:2" });
  await after(1);
  root.unmount();
  await after(3000);
  Object.assign(globalThis, { setTimeout: wait, clearTimeout: cancel });
  return { seen, asked: asked.map(Math.round) };
}

Object.assign(globalThis, { takeUp, mountAgain, refusals, signIn, tokens, scrolling, search, renewals, complaints });
