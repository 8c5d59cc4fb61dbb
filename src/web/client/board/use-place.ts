/** YOURS. The place that the address names, and ways to another: so the browser's own buttons and links work, offline too. */

import { useMemo, useSyncExternalStore } from "react";
import { leadsBack, type Place, parsePlace, placeHref } from "./place.ts";

export function usePlace(): Place {
  const hash = useSyncExternalStore(followHash, () => location.hash);
  return useMemo(() => parsePlace(hash), [hash]);
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

function followHash(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
