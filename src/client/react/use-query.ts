/** `useQuery({ key, load, tables })`: something asked once and kept, asked again when one of its tables changes. For what cannot be followed: a search, a report, another service. */

import type { LedgeError } from "../ledge-error.ts";
import type { QueryHandle, QuerySnapshot, StoreQuery } from "../store/store-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import { idleHandle, useSameHandle, useSnapshot } from "./use-handle.ts";

export interface Query<T> {
  /** Of the last answer; undefined before the first. */
  readonly data: T | undefined;
  readonly error: LedgeError | null;
  readonly isLoading: boolean;
  /** It is asked for again while `data` is shown. */
  readonly isRefreshing: boolean;
  readonly refresh: () => Promise<void>;
}

const IDLE: QuerySnapshot<never> = { status: "ready", data: undefined, error: null, isRefreshing: false };
const NOTHING: QueryHandle<never> = { .../* @__PURE__ */ idleHandle(IDLE), refresh: async () => {} };

/** `null` asks nothing, until there is something to ask. */
export function useQuery<T>(query: StoreQuery<T> | null): Query<T> {
  const { store } = useHookClient();
  const handle = useSameHandle(store, query === null ? (NOTHING as QueryHandle<T>) : store.query(query));
  const { status, ...rest } = useSnapshot(handle);
  return { ...rest, isLoading: status === "loading", refresh: handle.refresh };
}
