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

/** Puts the task away. Where one came from that very place it is the way back, so that the browser's Back does not open the task again. */
export function leaveTask(place: Place): void {
  // Absent from older browsers, whose Back has one step more.
  const { navigation } = window as Partial<Window>;
  const before = navigation?.entries()[(navigation.currentEntry?.index ?? 0) - 1];
  if (leadsBack(before?.url ?? null, location.href, place)) history.back();
  else {
    const oldURL = location.href;
    history.replaceState(null, "", placeHref(place, { task: null }));
    dispatchEvent(new HashChangeEvent("hashchange", { oldURL, newURL: location.href }));
  }
}

/** Whether the address before is what lies behind the task: the same board, also where it has not named its first, in the same view. Pure. */
export function leadsBack(before: string | null, here: string, { board, view }: Place): boolean {
  if (before === null || before.replace(/#.*/, "") !== here.replace(/#.*/, "")) return false;
  const place = parsePlace(new URL(before).hash);
  return place.task === null && place.view === view && (place.board ?? board) === board;
}

function followHash(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
