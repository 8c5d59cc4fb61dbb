/** YOURS. Which board, view and task are shown: kept in the address after `#`, so that the browser's own buttons and links work, offline too. */

import { useMemo, useSyncExternalStore } from "react";

export interface Place {
  /** A project's id; `assigned` for tasks that others have shared; null: the first board there is. */
  readonly board: string | null;
  readonly view: "board" | "list";
  readonly task: string | null;
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(followHash, () => location.hash);
  return useMemo(() => parsePlace(hash), [hash]);
}

export function parsePlace(hash: string): Place {
  const members = new URLSearchParams(hash.replace(/^#/, ""));
  const view = members.get("view") === "list" ? "list" : "board";
  return { board: members.get("board"), view, task: members.get("task") };
}

/** An address to link to; what is not named stays as it is. */
export function placeHref(place: Place, changes: Partial<Place> = {}): string {
  const { board, view, task } = { ...place, ...changes };
  const members = new URLSearchParams();
  if (board !== null) members.set("board", board);
  if (view !== "board") members.set("view", view);
  if (task !== null) members.set("task", task);
  return `#${members}`;
}

export function goTo(href: string): void {
  location.hash = href;
}

function followHash(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
