/** The server's frames as text: heads by hand, around pieces that were encoded once for all sockets. Their forms: `server-frames.ts`. */

import type { FaultData } from "../fault.ts";
import { problemReply } from "../protocol/problem.ts";
import { SOCKET_LIMITS } from "./client-limits.ts";
import type { GroupNews } from "./live-group.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { ResetReason } from "./server-frames.ts";
import { WIRE_VERSION } from "./wire-schema.ts";

/** Of the one object that a socket reaches. */
export const OBJ = "1";

/** Where a snapshot or a resume stands. */
export interface FramePlace {
  readonly id: number;
  readonly object: string;
  readonly epoch: string;
  readonly prev: number | null;
  readonly seq: number;
  readonly tag: string;
  /** Of the table's rows. */
  readonly key: string;
}

export function welcomeText(session: string, exp: number | null): string {
  return JSON.stringify({
    type: "welcome",
    v: WIRE_VERSION,
    session,
    ...(exp === null ? {} : { exp }),
    limits: {
      watches: SOCKET_LIMITS.watches,
      frameBytes: LIVE_LIMITS.clientFrameBytes,
      unacked: { frames: SOCKET_LIMITS.unackedFrames, bytes: SOCKET_LIMITS.unackedBytes },
    },
  });
}

/** The frames of a snapshot, each within the limit where rows allow it; at least one. `extras` go with the last. */
export function snapshotTexts(
  place: FramePlace,
  rows: readonly string[],
  extras: Readonly<Record<string, unknown>>,
): string[] {
  const frames: string[] = [];
  let from = 0;
  do {
    let size = 0;
    let to = from;
    while (to < rows.length && (to === from || size + (rows[to]?.length ?? 0) <= LIVE_LIMITS.snapshotFrameBytes))
      size += (rows[to++]?.length ?? 0) + 1;
    const isLast = to >= rows.length;
    const end = isLast ? { last: true, ...extras } : { last: false };
    const head = headText("snapshot", { ...place, prev: from === 0 ? place.prev : place.seq });
    frames.push(`${head},"rows":[${rows.slice(from, to).join(",")}],${JSON.stringify(end).slice(1)}`);
    from = to;
  } while (from < rows.length);
  return frames;
}

export function aggregateText(place: FramePlace, aggregate: string): string {
  return `${headText("snapshot", place)},"aggregate":${aggregate},"last":true}`;
}

export function resumedText(place: FramePlace, isLast: boolean): string {
  return `${headText("resumed", place)}${isLast ? ',"last":true' : ""}}`;
}

function headText(type: string, { id, object, epoch, prev, seq, tag, key }: FramePlace): string {
  const before = prev === null ? "" : `,"prev":${prev}`;
  return `{"type":"${type}","id":${id},"obj":"${OBJ}","object":${JSON.stringify(object)},"epoch":"${epoch}"${before},"seq":${seq},"tag":"${tag}","key":${JSON.stringify(key)}`;
}

/** What a commit says of itself, to all alike but for `parts`. */
export interface CommitHead {
  readonly seq: number;
  readonly at: number;
  readonly txid: string | null;
  readonly parts: readonly string[];
}

/** `link`: the position before, or the watch whose replay the frame belongs to. */
export function commitText(
  { seq, at, txid, parts }: CommitHead,
  link: { readonly prev: number } | { readonly replay: number; readonly isLast: boolean },
  watches: readonly string[],
): string {
  const linkText =
    "prev" in link ? `"prev":${link.prev}` : `"replay":${link.replay}${link.isLast ? ',"last":true' : ""}`;
  const transaction = txid === null ? "" : `,"txid":${JSON.stringify(txid)}`;
  const partsText = parts.length < 2 ? "" : `,"parts":${JSON.stringify(parts)}`;
  return `{"type":"commit","obj":"${OBJ}",${linkText},"seq":${seq},"at":${at}${transaction}${partsText},"watches":[${watches.join(",")}]}`;
}

/** One member of `watches`. */
export function watchText(id: number, news: GroupNews, isWriter: boolean): string {
  const changes = (isWriter ? news.own : undefined) ?? news.changes ?? "[]";
  const aggregate = news.aggregate === undefined ? "" : `,"aggregate":${news.aggregate}`;
  const more = news.hasMore === undefined ? "" : `,"hasMore":${news.hasMore}`;
  const tag = news.tag === undefined ? "" : `,"tag":"${news.tag}"`;
  return `{"id":${id},"changes":${changes}${aggregate}${more}${tag}}`;
}

export function atText(
  prev: number | null,
  seq: number,
  sync: { readonly txid?: string; readonly txSeq?: number | null },
): string {
  return JSON.stringify({ type: "at", obj: OBJ, ...(prev === null ? {} : { prev }), seq, ...sync });
}

export function resetText(id: number, reason: ResetReason): string {
  return `{"type":"reset","id":${id},"reason":"${reason}","purge":${reason === "scope"}}`;
}

/** `problem` is JSON text. */
/** A fault, as its problem. `session` of the socket stands for the request. */
export function faultText(fault: FaultData, session: string, id?: number): string {
  return errorText(problemReply(fault, { instance: "live", requestId: session }).body, id);
}

export function errorText(problem: string, id?: number): string {
  return `{"type":"error",${id === undefined ? "" : `"id":${id},`}"problem":${problem}}`;
}

export function byeText(code: number, retryAfterMs?: number): string {
  return JSON.stringify({ type: "bye", code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}
