/**
 * `useSearch("tasks", text)`: full-text search as somebody types; `useSearch(["tasks", "comments"], text)` over several tables. Asks when
 * they pause, aborts what is overtaken; what was found before stays until the new is there, or cannot be had.
 */

import { useEffect, useState } from "react";
import type { LedgeError } from "../ledge-error.ts";
import type { SignalLike } from "../platform.ts";
import type { FoundAcross } from "../view-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Name, Row, SearchedRows } from "./registered.ts";
import { useQuery } from "./use-query.ts";

export interface SearchOptions {
  /** Default 200. */
  readonly debounceMs?: number;
  /** Hits at most, of each table; default 20. */
  readonly limit?: number;
  readonly partition?: string;
}

interface Asked {
  readonly error: LedgeError | null;
  /** What is shown is not yet the answer to `text`. */
  readonly isSearching: boolean;
}

export interface Search<Item> extends Asked {
  readonly items: readonly Item[];
}

/** By table; one that this person may not list, or that nothing was asked of, is not there. */
export type SearchOfTables<N extends keyof SearchedRows> = Asked & FoundAcross<Pick<SearchedRows, N>>;

interface Searchable {
  search(text: string, options: object): Promise<{ readonly items: readonly unknown[] }>;
  in(partition: string): Searchable;
}
interface SearchableClient {
  search(text: string, options: object): Promise<{ readonly results: object }>;
}

const NO_ITEMS: readonly never[] = [];
const NO_RESULTS = {};

export function useSearch<N extends Name>(table: N, text: string, options?: SearchOptions): Search<Row<N>>;
/** Over their copies, which are a moment old: one request for all tables. */
export function useSearch<const N extends keyof SearchedRows & string>(
  tables: readonly N[],
  text: string,
  options?: Omit<SearchOptions, "partition">,
): SearchOfTables<N>;
export function useSearch(
  asked: string | readonly string[],
  text: string,
  { debounceMs = 200, limit = 20, partition }: SearchOptions = {},
): Search<unknown> | (Asked & { readonly results: object }) {
  const client = useHookClient();
  const words = text.trim();
  const [settled, settle] = useState(words);
  useEffect(() => {
    const { setTimeout, clearTimeout } = globalThis as unknown as Timers;
    const timer = setTimeout(() => settle(words), debounceMs);
    return () => clearTimeout(timer);
  }, [words, debounceMs]);
  const load = async (signal: SignalLike): Promise<object> => {
    if (typeof asked !== "string") {
      const across = client as unknown as SearchableClient;
      return (await across.search(settled, { resources: asked, limit, signal })).results;
    }
    const found = (client as unknown as Readonly<Record<string, Searchable>>)[asked] as Searchable;
    return (await (partition === undefined ? found : found.in(partition)).search(settled, { limit, signal })).items;
  };
  const isOne = typeof asked === "string";
  const tables = partition === undefined ? [asked].flat() : [`@${partition}/${asked}`];
  const { data, error, isLoading } = useQuery(
    settled === "" || words === "" ? null : { key: ["search", asked, partition, settled, limit], tables, load },
  );
  const none = isOne ? NO_ITEMS : NO_RESULTS;
  const [held, hold] = useState<object>(none);
  // What was found for other words is no answer to words that could not be asked.
  const next = data ?? (words === "" || error !== null ? none : held);
  if (next !== held) hold(next);
  const isSearching = words !== "" && (isLoading || settled !== words);
  return isOne ? { items: next as readonly unknown[], error, isSearching } : { results: next, error, isSearching };
}

interface Timers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}
