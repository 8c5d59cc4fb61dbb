/**
 * YOURS. Drafts that are not saved by themselves, as comments are not: they wait in the page, by name, until they are sent or emptied. The browser asks
 * before it leaves the page with one.
 */

import type { Draft } from "./draft.ts";

/** Named by what all runtimes have, so that tests need no browser. */
const page = globalThis as unknown as EventTarget;
const kept = new Map<string, Draft<unknown>>();

export function keptDraft(name: string): Draft<unknown> | null {
  return kept.get(name) ?? null;
}

export function keepDraft(name: string, draft: Draft<unknown> | null): void {
  if (draft === null || draft.text === "") kept.delete(name);
  else kept.set(name, draft);
  if (kept.size === 0) page.removeEventListener("beforeunload", ask);
  else page.addEventListener("beforeunload", ask);
}

function ask(event: Event): void {
  event.preventDefault();
}
