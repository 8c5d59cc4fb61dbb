/**
 * Something of the client that changes and has no handle of the store: its snapshot is made anew when it says that it has changed, and not
 * in between, as React demands. One for each client and name, shared by all components.
 */

import { useSyncExternalStore } from "react";

export interface Outside<S> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => S;
}

const known = new WeakMap<object, Map<string, unknown>>();

/** `follow` is called while there are listeners; what it is given says that `read` may give something else. */
export function outsideOf<S>(
  client: object,
  name: string,
  read: () => S,
  follow: (changed: () => void) => () => void,
): Outside<S> {
  const own = known.get(client) ?? new Map<string, unknown>();
  known.set(client, own);
  const made = (own.get(name) as Outside<S> | undefined) ?? createOutside(read, follow);
  own.set(name, made);
  return made;
}

export function useOutside<S>({ subscribe, getSnapshot }: Outside<S>, onServer: S): S {
  return useSyncExternalStore(subscribe, getSnapshot, () => onServer);
}

function createOutside<S>(read: () => S, follow: (changed: () => void) => () => void): Outside<S> {
  const listeners = new Set<() => void>();
  let leave = (): void => {};
  let snapshot: { readonly value: S } | null = null;
  const changed = () => {
    snapshot = null;
    for (const listener of [...listeners]) listener();
  };
  return {
    getSnapshot: () => {
      snapshot ??= { value: read() };
      return snapshot.value;
    },
    subscribe: (listener) => {
      const own = () => listener();
      if (listeners.size === 0) {
        // What happened while nobody listened was not heard.
        snapshot = null;
        leave = follow(changed);
      }
      listeners.add(own);
      return () => {
        if (listeners.delete(own) && listeners.size === 0) leave();
      };
    },
  };
}
