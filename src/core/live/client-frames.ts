/** What a client may send over a live socket (section "Frames from the client" of docs/live.md): one form a frame, and its reader. */

import type { JsonObject } from "../json.ts";
import { type FrameForms, readFrame, type UnreadFrame } from "./frame-schema.ts";

export const CLIENT_FORMS = {
  hello: { v: "int", client: "text", consistency: "text?" },
  watch: {
    id: "int",
    resource: "text",
    partition: "text?",
    filter: "text?",
    row: "text?",
    select: "text?",
    include: "text?",
    orderBy: "text?",
    limit: "int?",
    events: "text?",
    aggregate: "object?",
    since: "text?",
    skipExisting: "bool?",
  },
  unwatch: { id: "int" },
  ack: { obj: "text", seq: "seq", n: "seq" },
  sync: { obj: "text", seq: "seq?", txid: "text?" },
  auth: { ticket: "text" },
} as const satisfies FrameForms;

export interface HelloFrame {
  readonly type: "hello";
  readonly v: number;
  /** Random id of this instance of the client. */
  readonly client: string;
  readonly consistency?: string;
}

export interface WatchFrame {
  readonly type: "watch";
  /** New on this socket. */
  readonly id: number;
  readonly resource: string;
  readonly partition?: string;
  readonly filter?: string;
  /** Key of one row, as it stands in a path. */
  readonly row?: string;
  readonly select?: string;
  readonly include?: string;
  readonly orderBy?: string;
  readonly limit?: number;
  readonly events?: string;
  /** Parameters of an aggregate by name. */
  readonly aggregate?: JsonObject;
  /** `epoch:seq:tag` */
  readonly since?: string;
  readonly skipExisting?: boolean;
}

export interface AckFrame {
  readonly type: "ack";
  readonly obj: string;
  readonly seq: number;
  /** Frames received on this socket. */
  readonly n: number;
}

export interface SyncFrame {
  readonly type: "sync";
  readonly obj: string;
  readonly seq?: number;
  readonly txid?: string;
}

export type ClientFrame =
  | HelloFrame
  | WatchFrame
  | { readonly type: "unwatch"; readonly id: number }
  | AckFrame
  | SyncFrame
  | { readonly type: "auth"; readonly ticket: string };

export type ReadClientFrame = { readonly ok: true; readonly frame: ClientFrame } | UnreadFrame;

export function readClientFrame(text: string): ReadClientFrame {
  return readFrame(text, CLIENT_FORMS) as ReadClientFrame;
}
