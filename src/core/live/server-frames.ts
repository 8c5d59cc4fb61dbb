/**
 * What the server sends over a live socket (section "Frames from the server" of docs/live.md): one form a frame, and the strict reader
 * with which a client takes it apart. The server writes its frames as text, piece by piece, since pieces are shared by sockets.
 */

import type { RowId } from "../ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { type FrameForms, readFrame } from "./frame-schema.ts";
import type { RowEvent } from "./transition.ts";

export const SERVER_FORMS = {
  welcome: { v: "int", session: "text", exp: "int?", limits: "object" },
  snapshot: {
    id: "int",
    obj: "text",
    object: "text",
    epoch: "text",
    prev: "seq?",
    seq: "seq",
    tag: "text",
    key: "text?",
    rows: "objects?",
    aggregate: "object?",
    last: "bool",
    hasMore: "bool?",
    kinds: "object?",
  },
  resumed: {
    id: "int",
    obj: "text",
    object: "text",
    epoch: "text",
    prev: "seq?",
    seq: "seq",
    tag: "text",
    key: "text?",
    last: "bool?",
  },
  commit: {
    obj: "text",
    prev: "seq?",
    seq: "seq",
    at: "int",
    txid: "text?",
    parts: "texts?",
    replay: "int?",
    last: "bool?",
    watches: "objects",
  },
  at: { obj: "text", prev: "seq?", seq: "seq", txid: "text?", txSeq: "json?" },
  reset: { id: "int", reason: "text", purge: "bool" },
  error: { id: "int?", problem: "object" },
  bye: { code: "int", retryAfterMs: "int?" },
} as const satisfies FrameForms;

/** Members of `watches` in a commit, and of `changes` in those: part of the wire as much as the frames are. */
export const NESTED_FORMS = {
  watch: { id: "int", changes: "objects", aggregate: "object?", hasMore: "bool?", tag: "text?" },
  change: { op: "text", row: "object?", v: "text?", rowId: "json?", why: "text?", optimisticId: "text?" },
  snapshotRow: { row: "object", v: "text" },
} as const satisfies FrameForms;

export type ResetReason = "gap" | "epoch" | "scope" | "slow-consumer" | "external";

export interface ShownRow {
  readonly row: JsonObject;
  readonly v: string;
}

export interface WireChange {
  readonly op: RowEvent;
  readonly row?: JsonObject;
  readonly v?: string;
  readonly rowId?: RowId;
  readonly why?: string;
  readonly optimisticId?: string;
}

export interface WatchNews {
  readonly id: number;
  readonly changes: readonly WireChange[];
  readonly aggregate?: JsonObject;
  readonly hasMore?: boolean;
  readonly tag?: string;
}

interface WatchHead {
  readonly id: number;
  readonly obj: string;
  readonly object: string;
  readonly epoch: string;
  /** The position sent before; absent on the first frame of an object. */
  readonly prev?: number;
  readonly seq: number;
  readonly tag: string;
  /** Name of the column by which rows are known. */
  readonly key?: string;
}

export interface SnapshotFrame extends WatchHead {
  readonly type: "snapshot";
  readonly rows?: readonly ShownRow[];
  readonly aggregate?: JsonObject;
  readonly last: boolean;
  readonly hasMore?: boolean;
  readonly kinds?: JsonObject;
}

export interface ResumedFrame extends WatchHead {
  readonly type: "resumed";
  readonly last?: boolean;
}

export interface CommitFrame {
  readonly type: "commit";
  readonly obj: string;
  readonly prev?: number;
  readonly seq: number;
  readonly at: number;
  readonly txid?: string;
  readonly parts?: readonly string[];
  readonly replay?: number;
  readonly last?: boolean;
  readonly watches: readonly WatchNews[];
}

export interface AtFrame {
  readonly type: "at";
  readonly obj: string;
  readonly prev?: number;
  readonly seq: number;
  readonly txid?: string;
  readonly txSeq?: number | null;
}

export type ServerFrame =
  | {
      readonly type: "welcome";
      readonly v: number;
      readonly session: string;
      readonly exp?: number;
      readonly limits: JsonObject;
    }
  | SnapshotFrame
  | ResumedFrame
  | CommitFrame
  | AtFrame
  | { readonly type: "reset"; readonly id: number; readonly reason: ResetReason; readonly purge: boolean }
  | { readonly type: "error"; readonly id?: number; readonly problem: JsonObject }
  | { readonly type: "bye"; readonly code: number; readonly retryAfterMs?: number };

/** Null for what is no frame of this version, or none of its form: the client then begins anew. `ignored`: a type it does not know. */
export function readServerFrame(text: string): ServerFrame | "ignored" | null {
  const read = readFrame(text, SERVER_FORMS);
  if (!read.ok) return read.kind === "unknown-type" ? "ignored" : null;
  const frame = read.frame as unknown as ServerFrame;
  if (frame.type === "commit" && !frame.watches.every(isWatchNews)) return null;
  if (frame.type === "snapshot" && !(frame.rows ?? []).every((each) => isJsonObject(each.row))) return null;
  return frame;
}

function isWatchNews(news: unknown): boolean {
  return (
    isJsonObject(news) && Number.isSafeInteger(news.id) && Array.isArray(news.changes) && news.changes.every(isChange)
  );
}

function isChange(change: Json): boolean {
  if (!isJsonObject(change)) return false;
  if (change.op === "removed") return typeof change.rowId === "string" || typeof change.rowId === "number";
  return (change.op === "added" || change.op === "changed") && isJsonObject(change.row);
}
