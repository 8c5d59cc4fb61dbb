/** `useSearch("tasks", text)`: full-text search as somebody types. Asks when they pause, aborts what is overtaken; what was found before stays until the new is there. */

import { useEffect, useState } from "react";
import type { LedgeError } from "../ledge-error.ts";
import type { SignalLike } from "../platform.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Name, Row } from "./registered.ts";
import { useQuery } from "./use-query.ts";

export interface SearchOptions {
  /** Default 200. */
  readonly debounceMs?: number;
  /** Hits at most; default 20. */
  readonly limit?: number;
  readonly partition?: string;
}

export interface Search<Item> {
  readonly items: readonly Item[];
  readonly error: LedgeError | null;
  /** What stands in `items` is not yet the answer to `text`. */
  readonly isSearching: boolean;
}

interface Searchable {
  search(text: string, options: object): Promise<{ readonly items: readonly unknown[] }>;
  in(partition: string): Searchable;
}

export function useSearch<N extends Name>(
  table: N,
  text: string,
  { debounceMs = 200, limit = 20, partition }: SearchOptions = {},
): Search<Row<N>> {
  const client = useHookClient();
  const asked = text.trim();
  const [settled, settle] = useState(asked);
  useEffect(() => {
    const { setTimeout, clearTimeout } = globalThis as unknown as Timers;
    const timer = setTimeout(() => settle(asked), debounceMs);
    return () => clearTimeout(timer);
  }, [asked, debounceMs]);
  const query =
    settled === "" || asked === ""
      ? null
      : {
          key: ["search", table, partition, settled, limit],
          tables: [partition === undefined ? table : `@${partition}/${table}`],
          load: async (signal: SignalLike) => {
            const found = (client as unknown as Readonly<Record<string, Searchable>>)[table] as Searchable;
            const { items } = await (partition === undefined ? found : found.in(partition)).search(settled, {
              limit,
              signal,
            });
            return items as readonly Row<N>[];
          },
        };
  const { data, error, isLoading } = useQuery(query);
  const [held, hold] = useState<readonly Row<N>[]>([]);
  if (asked === "" ? held.length > 0 : data !== undefined && data !== held) hold(asked === "" ? [] : (data ?? []));
  return {
    items: asked === "" ? [] : (data ?? held),
    error,
    isSearching: asked !== "" && (isLoading || settled !== asked),
  };
}

interface Timers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}
