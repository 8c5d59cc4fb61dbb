/**
 * The object's shell around `LiveServer`: hibernating sockets with their attachments, and a queue that sends in slices after the writer
 * has its reply. Decides nothing; no timer runs but the one in which a slice waits its turn, and ten seconds for a hello, so the object sleeps
 * while its sockets are open. Compatibility date 2026-10-23: attachments hold 16,384 bytes, an automatic reply does not wake the object.
 */

import type { FaultData } from "../../src/core/fault.ts";
import { LIVE_LIMITS } from "../../src/core/live/live-limits.ts";
import { LiveServer } from "../../src/core/live/live-server.ts";
import { newSocketState, type SocketState } from "../../src/core/live/socket-state.ts";
import { CLOSE, SUBPROTOCOL } from "../../src/core/live/wire-schema.ts";
import type { LiveOpening } from "../../src/core/protocol/live-opening.ts";
import { problemReply } from "../../src/core/protocol/problem.ts";
import type { UsedNews } from "../../src/core/protocol/used-rows.ts";
import { type AccessEnded, isEnded } from "../../src/core/scope/access-ended.ts";
import { openQueries, pruneQueries } from "./live-queries.ts";
import { storeLiveSource } from "./live-source.ts";
import { errorText, logLine } from "./log-line.ts";
import { type AskUsedRows, storeScopePort } from "./scope-port.ts";
import type { Store } from "./store.ts";
import { useTicket } from "./used-tickets.ts";

/** What a host is given beside its store. */
export interface LiveHostPort {
  readonly platform: SocketPlatform;
  /** Transactions that are prepared here and not settled. */
  readonly unsettled: () => readonly string[];
  /** What a ticket says; null where it is none, or too old. */
  readonly openTicket: (ticket: string) => Promise<LiveOpening | null>;
  /** Rows that a scope uses, from the object that owns them; rejects when it is lost. */
  readonly askUsedRows: AskUsedRows;
}

/** The platform's part: `ctx` of the object. */
export interface SocketPlatform {
  acceptWebSocket(socket: WebSocket, tags?: string[]): void;
  getWebSockets(tag?: string): WebSocket[];
  setWebSocketAutoResponse(pair?: WebSocketRequestResponsePair): void;
}

/** Frames sent in one turn; 1,000 take about 18 ms. */
const SLICE = 200;
/** What an attachment may hold, with room for its encoding. */
const MAX_ATTACHMENT = 16_000;

type Outgoing =
  | { readonly kind: "send"; readonly socket: WebSocket; readonly text: string }
  | { readonly kind: "close"; readonly socket: WebSocket; readonly code: number; readonly reason: string };

/** The answer to an opening whose access ended on the way, or has other rights now. */
export function refuseEnded(kind: AccessEnded["kind"]): Response {
  if (kind === "changed") return refusal({ slug: "unavailable", retryAfter: 1 });
  return refusal({ slug: "unauthorized", reason: "expired", detail: "The session has ended" });
}

export class LiveHost {
  readonly #store: Store;
  readonly #platform: SocketPlatform;
  readonly #server: LiveServer<WebSocket>;
  #queue: Outgoing[] = [];
  readonly #dirty = new Set<WebSocket>();
  #isScheduled = false;
  /** Runs while some socket has not said hello: a timer keeps the object awake. */
  #helloTimer: ReturnType<typeof setTimeout> | undefined;

  /** Takes up the sockets that slept through. Before the object changes anything: windows are read as they were shown. */
  constructor(store: Store, { platform, unsettled, openTicket, askUsedRows }: LiveHostPort) {
    this.#store = store;
    this.#platform = platform;
    this.#server = new LiveServer<WebSocket>({
      source: storeLiveSource(store, unsettled),
      queries: openQueries(store.sql),
      scopes: storeScopePort(store, {
        ask: askUsedRows,
        learned: (key, answer, nth) => this.#run(() => void this.#server.learn(key, answer, store.clock(), nth)),
        failed: (key, nth) => this.#run(() => this.#server.unlearned(key, store.clock(), nth)),
      }),
      allowedOperators: (table) => store.tables.get(table)?.resource.config.query?.operators,
      act: (action) => void this.#queue.push(action),
      readTicket: (socket, ticket) =>
        void openTicket(ticket).then((opening) => this.#run(() => this.#renew(socket, opening))),
      defect: (error) =>
        logLine("error", "defect in a live query", {
          object: store.name,
          error: errorText(error),
        }),
    });
    const followed: number[] = [];
    for (const socket of platform.getWebSockets()) {
      const state = readAttachment(socket);
      if (state === null) continue;
      this.#server.restore(socket, state);
      followed.push(...state.watches.flatMap(({ key, ask }) => (ask === undefined ? [key] : [key, ask])));
    }
    if (this.#server.sockets === 0) return;
    pruneQueries(store.sql, followed);
    this.#server.resume(store.clock());
    this.#flush();
  }

  /** Whether anybody has a socket here. */
  get isWatched(): boolean {
    return this.#server.sockets > 0;
  }

  /** The answer to an upgrade; 429 where a caller, or all of them, have too many sockets. */
  accept(opening: LiveOpening): Response {
    const { counted } = opening;
    if (!this.#admits(opening)) return refusal({ slug: "forbidden", detail: "The ticket was used" });
    const tag = counted.slice(0, 256);
    for (const [limit, held] of [
      [LIVE_LIMITS.socketsEach, this.#platform.getWebSockets(tag).length],
      [LIVE_LIMITS.sockets, this.#server.sockets],
    ] as const)
      if (held >= limit) return refusal({ slug: "subscription-limit-exceeded", limit: "sockets", max: limit });
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    this.#platform.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#platform.acceptWebSocket(socket, [tag]);
    const nowMs = this.#store.clock();
    this.#server.accept(socket, newSocketState(opening, this.#store.epoch, nowMs), nowMs);
    this.#persist(socket);
    this.#helloTimer ??= setTimeout(() => {
      this.#helloTimer = undefined;
      this.#run(() => this.#server.expire(this.#store.clock()));
    }, LIVE_LIMITS.helloMs);
    return new Response(null, { status: 101, webSocket: client, headers: { "sec-websocket-protocol": SUBPROTOCOL } });
  }

  message(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#dirty.add(socket);
    this.#run(() => {
      if (typeof message === "string") this.#server.receive(socket, message, this.#store.clock());
      else this.#queue.push({ kind: "close", socket, code: CLOSE.notTheProtocol, reason: "frames are text" });
    });
  }

  gone(socket: WebSocket): void {
    this.#dirty.delete(socket);
    this.#run(() => this.#server.gone(socket));
  }

  /** Something may have been committed, or settled. The sockets are told in a later turn: the writer's reply comes first. */
  note(): void {
    if (this.#server.sockets > 0) this.#schedule();
  }

  /** Ends all of them, in good order: their clients come back. */
  endAll(): void {
    this.#run(() => this.#server.end(() => true, CLOSE.restart, "the object opens anew"));
  }

  /** Ends the sockets of a caller whose access has ended; whether the person has others left ([RV6]). */
  endAccess(ended: AccessEnded): boolean {
    const isTheirs = ({ who, credential }: SocketState) => isEnded({ userId: who, credential }, ended);
    const [code, reason] =
      ended.kind === "changed" ? [CLOSE.restart, "rights have changed"] : [CLOSE.unauthenticated, "access has ended"];
    this.#run(() => this.#server.end(isTheirs, code, reason));
    return this.#server.has(({ who }) => who === ended.userId);
  }

  /** Rows that scopes here may use have changed elsewhere; whether somebody here needs to know such. A defect is thrown: it is told again. */
  learn(news: UsedNews): boolean {
    try {
      return this.#server.learn(news, news, this.#store.clock());
    } finally {
      this.#run(() => {});
    }
  }

  #renew(socket: WebSocket, opening: LiveOpening | null): void {
    const isGood = opening?.object === this.#store.name && this.#admits(opening);
    this.#dirty.add(socket);
    this.#server.renewed(socket, isGood ? opening : null, this.#store.clock());
  }

  /** A ticket is used once. */
  #admits({ session, ticketUntilMs }: LiveOpening): boolean {
    return ticketUntilMs === undefined || useTicket(this.#store.sql, session, ticketUntilMs, this.#store.clock());
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#run(() => this.#server.advance(this.#store.clock()));
    }, 0);
  }

  #run(work: () => void): void {
    try {
      work();
    } catch (error) {
      logLine("error", "live queries failed", {
        object: this.#store.name,
        error: errorText(error),
      });
    }
    if (this.#helloTimer !== undefined && !this.#server.has(({ phase }) => phase === "new")) {
      clearTimeout(this.#helloTimer);
      this.#helloTimer = undefined;
    }
    this.#flush();
  }

  /** One slice, in order; the rest in a turn of its own. Attachments follow what was sent. */
  #flush(): void {
    for (const action of this.#queue.splice(0, SLICE)) {
      const { socket } = action;
      this.#dirty.add(socket);
      try {
        if (action.kind === "send") socket.send(action.text);
        else socket.close(action.code, action.reason);
      } catch {
        // It went away meanwhile; the platform tells in its own turn.
      }
      if (action.kind === "close") {
        this.#server.gone(socket);
        this.#dirty.delete(socket);
      }
    }
    if (this.#queue.length > 0) {
      this.#schedule();
      return;
    }
    for (const socket of this.#dirty) this.#persist(socket);
    this.#dirty.clear();
  }

  #persist(socket: WebSocket): void {
    const state = this.#server.stateOf(socket);
    if (state === null) return;
    const text = JSON.stringify(state);
    if (text.length <= MAX_ATTACHMENT) {
      socket.serializeAttachment(text);
      return;
    }
    this.#server.gone(socket);
    socket.close(CLOSE.overloaded, "too much to remember");
  }
}

function readAttachment(socket: WebSocket): SocketState | null {
  const text: unknown = socket.deserializeAttachment();
  if (typeof text !== "string") return null;
  const state = JSON.parse(text) as SocketState;
  return state.v === 1 ? state : null;
}

function refusal(fault: FaultData): Response {
  const { status, headers, body } = problemReply(fault, { instance: "live", requestId: "" });
  return new Response(body, { status, headers });
}
