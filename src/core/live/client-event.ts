/** What a socket of the client tells those who hold the rows: frames, taken apart and put together again by watch. Plain data. */

import type { ObjectName } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { CommitFrame, ResetReason, ShownRow, WatchNews } from "./server-frames.ts";

/** A commit, with its news by the client's own key of each watch. */
export interface ClientCommit {
  readonly seq: number;
  readonly at: number;
  readonly txid?: string;
  readonly parts?: readonly ObjectName[];
  readonly news: ReadonlyMap<string, WatchNews>;
}

export interface WatchPlace {
  readonly watch: string;
  readonly object: ObjectName;
  readonly epoch: string;
  readonly seq: number;
  readonly tag: string;
  /** Name of the column by which rows are known. */
  readonly key: string;
}

export type ClientEvent =
  | (WatchPlace & {
      readonly kind: "snapshot";
      readonly rows: readonly ShownRow[];
      readonly aggregate?: JsonObject;
      readonly hasMore?: boolean;
      readonly kinds?: JsonObject;
    })
  | (WatchPlace & { readonly kind: "replayed"; readonly commits: readonly ClientCommit[] })
  | { readonly kind: "commit"; readonly object: ObjectName; readonly commit: ClientCommit }
  | {
      readonly kind: "at";
      readonly object: ObjectName;
      readonly seq: number;
      readonly txid?: string;
      readonly txSeq?: number | null;
      /** By which the session was asked where the object has something. */
      readonly name?: string;
    }
  | { readonly kind: "reset"; readonly watch: string; readonly reason: ResetReason; readonly purge: boolean }
  /** A stream ends, and says why ([LV8]); it is opened again. */
  | { readonly kind: "told"; readonly watch: string; readonly reason: string }
  | { readonly kind: "error"; readonly watch?: string; readonly problem: JsonObject }
  /** The socket is gone: what was received and not shown is forgotten. */
  | {
      readonly kind: "lost";
      /** Null when no frame ever came from it. */
      readonly object: ObjectName | null;
      readonly watches: readonly string[];
      readonly isFinal: boolean;
    };

export function clientCommit(frame: CommitFrame, keyOf: (id: number) => string | undefined): ClientCommit {
  const news = new Map<string, WatchNews>();
  for (const each of frame.watches) {
    const key = keyOf(each.id);
    if (key !== undefined) news.set(key, each);
  }
  return {
    seq: frame.seq,
    at: frame.at,
    ...(frame.txid !== undefined && { txid: frame.txid }),
    ...(frame.parts !== undefined && { parts: frame.parts as readonly ObjectName[] }),
    news,
  };
}
