/** YOURS. Keeps the page itself for times without a network, by a service worker (`pages-worker.ts`), and forgets it when somebody signs out. */

export const PAGES = "ledge-pages";

export function keepPages(): void {
  // Only in secure contexts; without it the board works as long as the page stays open.
  navigator.serviceWorker?.register("/build/pages-worker.js", { scope: "/" }).catch(() => {});
}

export async function forgetPages(): Promise<void> {
  await globalThis.caches?.delete(PAGES);
}
