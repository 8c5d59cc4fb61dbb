/**
 * Follows a handle of the store. Rendering only asks for handles; the first listener begins one, after the commit, so a render that React
 * throws away (StrictMode, a transition that was overtaken) has opened nothing. Hooks call it; nobody else.
 */

import { useState, useSyncExternalStore } from "react";
import type { StoreHandle } from "../store/store-types.ts";

/** `made` in this render; an equal one of an earlier render is kept, whatever options were written anew. */
export function useSameHandle<H extends StoreHandle<unknown>>(store: object, made: H): H {
  const [held, hold] = useState({ store, handle: made });
  if (held.store === store && held.handle.key === made.key) return held.handle;
  hold({ store, handle: made });
  return made;
}

/** What is not asked is not out of date, and nobody waits for it. */
export const NOTHING_ASKED = { status: "live", error: null, isReady: true, lastSeq: 0 } as const;

/** Of what is not asked yet: it shows `snapshot`, and nothing is opened for it. */
export function idleHandle<S>(snapshot: S): StoreHandle<S> {
  const read = () => snapshot;
  return { key: "", subscribe: () => () => {}, getSnapshot: read, getServerSnapshot: read };
}

export function useSnapshot<S>({ subscribe, getSnapshot, getServerSnapshot }: StoreHandle<S>): S {
  return useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
}
