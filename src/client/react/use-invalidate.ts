/** `useInvalidate()` and `usePrefetch()`: what was read by `useQuery` and `useSearch` is asked again; what will be shown is begun before. */

import { useCallback } from "react";
import type { LiveStore, StoreHandle } from "../store/store-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Registered } from "./registered.ts";

/** Takes the path of a table, of a partition's as `@lobby/messages`. */
export function useInvalidate(): (path: string) => void {
  const { store } = useHookClient();
  return useCallback((path) => store.invalidate(path), [store]);
}

/** `prefetch((store) => store.list("tasks", …))`: resolves when it has something to show, or was refused. */
export function usePrefetch(): (ask: (store: LiveStore<Registered>) => StoreHandle<unknown>) => Promise<void> {
  const { store } = useHookClient();
  return useCallback((ask) => store.prefetch(ask(store as unknown as LiveStore<Registered>)), [store]);
}
