/** `useFile("attachments", id, { use: "show" })`: one file that follows the server, with a signed address that is renewed while it is shown. */

import { useEffect } from "react";
import type { AppLike, Client } from "../app-types.ts";
import { linkFile, type ShownAs } from "../files/file-requests.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { Selected } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Id, Key, Name, Row } from "./registered.ts";
import type { TableWrites } from "./table-writes.ts";
import { type LiveRow, useLiveRow } from "./use-live-row.ts";
import { useQuery } from "./use-query.ts";

export interface ShownFile<Item, Writes> extends LiveRow<Item, Writes> {
  /** For an `<img>` or a link, whoever is signed in and however; null before it is there. Another one when the bytes are replaced. */
  readonly url: string | null;
  /** Why there is none. */
  readonly urlError: LedgeError | null;
}

/** An hour, in seconds: what a link has unless it is told. */
const EXPIRES_IN = 3600;

/** `expiresIn`: seconds for which the address is good; a new one is made when half of them are over. */
export function useFile<N extends Name>(
  table: N,
  id: Id<N> | null,
  {
    partition,
    use,
    preset,
    expiresIn = EXPIRES_IN,
  }: ShownAs & { readonly partition?: string; readonly expiresIn?: number } = {},
): ShownFile<Selected<Row<N>, keyof Row<N> & string, Key<N>>, TableWrites<N>> {
  const client = useHookClient();
  const place = partition === undefined ? {} : { partition };
  const live = useLiveRow<N>(table, id, place);
  const hash = (live.row as { readonly hash?: unknown } | null)?.hash;
  const shown = { ...(use !== undefined && { use }), ...(preset !== undefined && { preset }) };
  const { data, error, refresh } = useQuery(
    typeof hash !== "string"
      ? null
      : {
          key: ["file", table, partition, id, hash, shown, expiresIn],
          load: (signal) =>
            linkFile(client as unknown as Client<AppLike>, table, String(id), {
              ...place,
              ...shown,
              expiresIn,
              signal,
            }),
          ttlMs: expiresIn * 500,
        },
  );
  const until = data?.expiresAt;
  useEffect(() => {
    if (until === undefined) return;
    const { setTimeout, clearTimeout } = globalThis as unknown as Timers;
    // One that failed is tried again several times before the address ends.
    const timer = setTimeout(() => void refresh(), expiresIn * (error === null ? 500 : 100));
    return () => clearTimeout(timer);
  }, [until, error, refresh, expiresIn]);
  return { ...live, url: data?.url ?? null, urlError: error };
}

interface Timers {
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}
