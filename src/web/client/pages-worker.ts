/**
 * YOURS. The service worker of the board: its page and what `ledge bundle` made are kept, and given where the network gives nothing. The network
 * comes first, so that nobody works with an old page while there is a new one. It never touches the API.
 */

import { PAGES } from "./board/offline-pages.ts";

interface FetchEventLike extends Event {
  readonly request: Request;
  respondWith(reply: Promise<Response>): void;
}

const BOARD = new Set(["/", "/board"]);

addEventListener("fetch", (event: Event) => {
  const { request, respondWith } = event as FetchEventLike;
  const { origin, pathname } = new URL(request.url);
  const isOurs = BOARD.has(pathname) || pathname.startsWith("/build/") || pathname === "/ledge.svg";
  if (request.method === "GET" && origin === location.origin && isOurs) respondWith.call(event, networkFirst(request));
});
addEventListener("install", () => void (globalThis as unknown as { skipWaiting(): Promise<void> }).skipWaiting());
addEventListener("activate", (event: Event) => {
  const { clients } = globalThis as unknown as { readonly clients: { claim(): Promise<void> } };
  (event as Event & { waitUntil(work: Promise<void>): void }).waitUntil(clients.claim());
});

async function networkFirst(request: Request): Promise<Response> {
  const pages = await caches.open(PAGES);
  try {
    const reply = await fetch(request);
    // A redirect to the sign-in page is no page of the board.
    if (reply.ok && !reply.redirected) await pages.put(request, reply.clone());
    return reply;
  } catch (error) {
    const kept = await pages.match(request);
    if (kept !== undefined) return kept;
    throw error;
  }
}
