/**
 * What the server knows of one socket: plain data, which the object keeps in the socket's attachment (16 KB), so that it survives
 * sleep ([WS4]). Also its flow control by acknowledgement ([WS10]): the few functions that count frames and bytes.
 */

import type { User } from "../scope/principal.ts";
import type { WatchFrame } from "./client-frames.ts";
import { SOCKET_LIMITS } from "./client-limits.ts";
import type { ResetReason } from "./server-frames.ts";

export interface WatchState {
  readonly id: number;
  /** Of its query, in the object's store of queries. */
  key: number;
  tag: string;
  /** Of what was asked, without the scopes, where those depend on rows ([RV2]). */
  readonly ask?: number;
  /** Names the rows that the scope was made from: a part of the tag ([RV7]). */
  set?: string;
  /** `opening`: its turn has not come; `sending`: parts of its snapshot wait to be sent. */
  phase: "opening" | "sending" | "live";
  /** `epoch:seq:tag`, while opening. */
  since?: string;
  skipExisting?: true;
  /** A reset is to be told before the snapshot. */
  reset?: ResetReason;
  /** Hash of the aggregate last sent. */
  aggregate?: string;
}

/** What the caller may follow, by the path of the resource. */
export type SocketRights = Readonly<Record<string, SocketRight>>;

export interface SocketRight {
  readonly table: string;
  readonly scopes: readonly string[];
  /** Operations whose scopes depend on rows: the object resolves those itself ([RV2]). */
  readonly declared?: readonly DeclaredOperation[];
}

export type DeclaredOperation = "read" | "subscribe";

export interface SocketState {
  readonly v: 1;
  phase: "new" | "open";
  readonly session: string;
  /** Id of the signed-in user. */
  readonly who: string | null;
  /** What else rules are told of them; only where scopes of this object depend on rows. */
  readonly person?: Pick<User, "roles" | "claims">;
  /** Names their proof, where it can be ended before it expires ([RV6]). */
  credential: string | null;
  /** ms since 1970, if the proof of who asks expires. */
  exp: number | null;
  /** From when on its rights are too old ([RV4]): the client is to come back. */
  renewAtMs: number | null;
  readonly openedAtMs: number;
  readonly rights: SocketRights;
  /** Objects that the caller may be told of in `parts`. */
  readonly objects: readonly string[];
  /** Of the object when the position was sent. */
  epoch: string;
  /** The position last sent; null before the first. */
  position: number | null;
  sent: number;
  acked: number;
  unackedBytes: number;
  ackedAtMs: number;
  /** Commits are remembered by position only, until the client acknowledges. */
  isLagging: boolean;
  watches: WatchState[];
  /** Questions where the object stands, each with what was unsettled when it came ([CC3]). */
  syncs: WaitingSync[];
}

export interface WaitingSync {
  readonly seq?: number;
  readonly txid?: string;
  readonly before: readonly string[];
}

export function newSocketState(
  opening: Pick<SocketState, "session" | "who" | "person" | "credential" | "exp" | "renewAtMs" | "rights" | "objects">,
  epoch: string,
  nowMs: number,
): SocketState {
  const { session, who, person, credential, exp, renewAtMs, rights, objects } = opening;
  return {
    v: 1,
    phase: "new",
    session,
    who,
    ...(person === undefined ? {} : { person }),
    credential,
    exp,
    renewAtMs,
    rights,
    objects,
    openedAtMs: nowMs,
    epoch,
    position: null,
    sent: 0,
    acked: 0,
    unackedBytes: 0,
    ackedAtMs: nowMs,
    isLagging: false,
    watches: [],
    syncs: [],
  };
}

/** A watch as its frame asks for it; its turn to open comes. */
export function newWatch(
  { id, since, skipExisting }: WatchFrame,
  { key, tag, ask, set }: Pick<WatchState, "key" | "tag" | "ask" | "set">,
): WatchState {
  return {
    id,
    key,
    tag,
    ...(ask === undefined ? {} : { ask }),
    ...(set === undefined ? {} : { set }),
    phase: "opening",
    ...(since === undefined ? {} : { since }),
    ...(skipExisting === true ? { skipExisting } : {}),
  };
}

/** A watch that slept through, found to have `tag` now: where it cannot go on, it begins anew, told as a reset. */
export function wakeWatch(watch: WatchState, tag: string, history: "same" | "other"): void {
  if (history === "other") watch.reset = "epoch";
  else if (watch.tag !== tag) watch.reset = "scope";
  else if (watch.phase === "sending") watch.reset = "slow-consumer";
  if (watch.reset !== undefined) {
    watch.phase = "opening";
    delete watch.since;
  }
  watch.tag = tag;
}

/** It begins anew, which is told as a reset, with its reason, before its snapshot. */
export function reopenWatch(watch: WatchState, reason: ResetReason): void {
  watch.phase = "opening";
  watch.reset = reason;
}

/** Whether another frame may be sent. One is always allowed, so that a large one locks nobody out. */
export function maySend({ sent, acked, unackedBytes }: SocketState): boolean {
  const frames = sent - acked;
  return frames === 0 || (frames < SOCKET_LIMITS.unackedFrames && unackedBytes < SOCKET_LIMITS.unackedBytes);
}

/** Sizes of the frames that were sent and not acknowledged; memory only. */
export type SentSizes = { frame: number; bytes: number }[];

export function noteSent(state: SocketState, sizes: SentSizes, bytes: number): void {
  state.sent++;
  state.unackedBytes += bytes;
  sizes.push({ frame: state.sent, bytes });
}

/** `frames`: how many the client has received. After sleep sizes are forgotten, and what was sent before counts as taken. */
export function noteAck(state: SocketState, sizes: SentSizes, frames: number, nowMs: number): void {
  if (frames <= state.acked) return;
  state.acked = Math.min(frames, state.sent);
  state.ackedAtMs = nowMs;
  const left = sizes.findIndex(({ frame }) => frame > state.acked);
  sizes.splice(0, left < 0 ? sizes.length : left);
  state.unackedBytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
}
