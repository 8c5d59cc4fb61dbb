/**
 * YOURS. The service worker of the board, a shell around `board/kept-pages.ts`: its page and what `ledge bundle` made are kept, from the first visit
 * on, and given where the network gives nothing. It never touches the API.
 */

import { keptPages } from "./board/kept-pages.ts";
import { PAGES } from "./board/offline-pages.ts";

/** What a service worker has that pages do not; the types of both at once contradict each other. */
interface WorkerGlobals {
  skipWaiting(): Promise<void>;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: object): Promise<readonly { readonly url: string }[]>;
  };
}
interface WorkerEvent extends Event {
  readonly request: Request;
  respondWith(reply: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

const worker = globalThis as unknown as WorkerGlobals;
const pages = keptPages({
  open: () => caches.open(PAGES),
  fetch: (request) => fetch(request),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});

const BOARD = new Set(["/", "/board"]);
const isFile = (path: string) => path.startsWith("/build/") || path === "/ledge.svg";

addEventListener("fetch", (event: Event) => {
  const { request } = event as WorkerEvent;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (!BOARD.has(pathname) && !isFile(pathname)) return;
  const { reply, behind } = pages.answer(request, isFile(pathname) ? "file" : "page");
  (event as WorkerEvent).respondWith(reply);
  (event as WorkerEvent).waitUntil(behind);
});
addEventListener("install", (event: Event) => {
  void worker.skipWaiting();
  // The pages that brought it here were loaded without it.
  (event as WorkerEvent).waitUntil(openBoards().then(pages.keep));
});
addEventListener("activate", (event: Event) => (event as WorkerEvent).waitUntil(worker.clients.claim()));

async function openBoards(): Promise<readonly string[]> {
  const open = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  return open.map(({ url }) => url.replace(/#.*/, "")).filter((url) => BOARD.has(new URL(url).pathname));
}
