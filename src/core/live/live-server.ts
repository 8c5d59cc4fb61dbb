/**
 * All sockets of one object, as a state machine without I/O: frames and commits go in, actions come out in the order in which they
 * must leave ([LV4]). It evaluates each commit once for each group it can touch and hands the news to the sockets that share the
 * group. The object's shell (durable-objects/table/live-host.ts) and the simulator drive it alike.
 */

import type { UsedAnswer } from "../protocol/used-rows.ts";
import { admitFrame, type FrameTokens, newFrameTokens } from "./admit-frame.ts";
import type { ClientFrame } from "./client-frames.ts";
import { GroupMembers } from "./group-members.ts";
import type { LiveGroup } from "./live-group.ts";
import { LiveGroups } from "./live-groups.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { ScopePort, UsedKey } from "./live-scopes.ts";
import { LiveSession } from "./live-session.ts";
import type { LiveCommit, LiveSource, QueryStore } from "./live-source.ts";
import { type Renewal, renewSession } from "./renew-session.ts";
import { ScopeKeeper } from "./scope-keeper.ts";
import type { MovedTo, ScopedSeat } from "./scoped-seat.ts";
import type { SocketState, WatchState } from "./socket-state.ts";
import { giveUpScopes, WatchOpener } from "./watch-opener.ts";
import { CLOSE } from "./wire-schema.ts";

export type LiveAction<S> =
  | { readonly kind: "send"; readonly socket: S; readonly text: string }
  | { readonly kind: "close"; readonly socket: S; readonly code: number; readonly reason: string };

export interface LiveServerPort<S> {
  readonly source: LiveSource;
  readonly queries: QueryStore;
  readonly scopes: ScopePort;
  /** Operators that a table allows in filters; undefined: all. */
  readonly allowedOperators: (table: string) => readonly string[] | undefined;
  /** In order; `socket` is the shell's own handle. */
  readonly act: (action: LiveAction<S>) => void;
  readonly defect: (error: unknown) => void;
  /** Asks the shell to read a ticket; `renewed` is told what it says. */
  readonly readTicket: (socket: S, ticket: string) => void;
}

interface Seat<S> extends ScopedSeat {
  readonly socket: S;
  readonly tokens: FrameTokens;
}

export class LiveServer<S> {
  readonly #port: LiveServerPort<S>;
  readonly #groups: LiveGroups;
  readonly #keeper: ScopeKeeper<Seat<S>>;
  readonly #seats = new Map<S, Seat<S>>();
  readonly #members = new GroupMembers<Seat<S>>();
  readonly #opener: WatchOpener<Seat<S>>;
  #nowMs = 0;

  constructor(port: LiveServerPort<S>) {
    this.#port = port;
    this.#groups = new LiveGroups(port.source);
    this.#keeper = new ScopeKeeper<Seat<S>>({
      ...port,
      groups: this.#groups,
      seats: () => [...this.#seats.values()],
      move: (seat, watch, to) => this.#move(seat, watch, to),
      giveUp: giveUpScopes,
    });
    this.#opener = new WatchOpener<Seat<S>>({
      ...port,
      groups: this.#groups,
      keeper: this.#keeper,
      nowMs: () => this.#nowMs,
      enter: (seat, watch, group) => this.#enter(seat, watch, group),
    });
  }

  get #sessions(): LiveSession[] {
    return [...this.#seats.values()].map(({ session }) => session);
  }

  get sockets(): number {
    return this.#seats.size;
  }

  /** Whether some socket is as the test wants it. */
  has(picks: (state: SocketState) => boolean): boolean {
    return this.#sessions.some(({ state }) => picks(state));
  }

  get groups(): number {
    return this.#groups.size;
  }

  /** What the socket's attachment is to hold now. */
  stateOf(socket: S): SocketState | null {
    return this.#seats.get(socket)?.session.state ?? null;
  }

  accept(socket: S, state: SocketState, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#seat(socket, state);
  }

  /** Sockets that slept through. Called before the object changes anything; `resume` follows once all are there. */
  restore(socket: S, state: SocketState): void {
    const seat = this.#seat(socket, state);
    const { session } = seat;
    for (const watch of [...state.watches]) this.#opener.wake(seat, watch);
    state.epoch = this.#port.source.epoch;
    const isBehind = state.position !== null && state.position < this.#groups.seq;
    // A position above the ledger's is of another history.
    if (state.position !== null && state.position > this.#groups.seq) session.resetAll("gap");
    if (isBehind) state.isLagging = true;
  }

  /** After `restore`: what the sockets had not been sent before the sleep, or the crash. */
  resume(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const session of this.#sessions) if (session.state.phase === "open") session.pump();
  }

  gone(socket: S): void {
    const session = this.#seats.get(socket)?.session;
    session?.line.cut();
    this.#seats.delete(socket);
    this.#keeper.gone(session?.state.who ?? null);
  }

  /**
   * Rows of a user that scopes here depend on, as their object tells them ([RV2]), in answer to the question of that number or by itself; false:
   * nobody here needs them.
   */
  learn(key: UsedKey, answer: UsedAnswer, nowMs: number, nth?: number): boolean {
    this.#nowMs = nowMs;
    if (!this.#keeper.needs(key)) return false;
    this.advance(nowMs);
    for (const seat of this.#keeper.learn(key, answer, nowMs, nth)) this.#opener.goOn(seat);
    return true;
  }

  /** That object did not answer ([RV5]). */
  unlearned(key: UsedKey, nowMs: number, nth: number): void {
    this.#nowMs = nowMs;
    for (const seat of this.#keeper.failed(key, nth)) this.#opener.goOn(seat);
  }

  /** Ends the sockets of a caller, or all that the test picks ([RV6]). */
  end(picks: (state: SocketState) => boolean, code: number, reason: string): void {
    for (const session of this.#sessions) if (picks(session.state)) session.line.end(code, reason);
  }

  /** Moves every group to the head of the ledger, and tells the sockets. */
  advance(nowMs: number): void {
    this.#nowMs = nowMs;
    const { source } = this.#port;
    for (let head = source.head(); this.#groups.seq < head; head = source.head()) {
      const before = this.#groups.seq;
      const commits = source.commits(before, { commits: LIVE_LIMITS.replayCommits, bytes: Number.MAX_SAFE_INTEGER });
      if (commits === null || commits.length === 0) {
        this.#reopen();
        break;
      }
      const isWhole = commits.at(-1)?.seq === head;
      for (const [index, commit] of commits.entries())
        this.#tell(commit, commit.seq === head, isWhole ? commits.slice(index + 1) : null);
      if (
        Math.floor(this.#groups.seq / LIVE_LIMITS.invisibleCommits) > Math.floor(before / LIVE_LIMITS.invisibleCommits)
      )
        for (const session of this.#sessions) session.passInvisible();
    }
    this.#pumpWaiting();
  }

  receive(socket: S, text: string, nowMs: number): void {
    this.#nowMs = nowMs;
    const seat = this.#seats.get(socket);
    if (seat === undefined || seat.session.line.isClosed) return;
    const frame = admitFrame(seat.session, seat.tokens, text, nowMs);
    if (frame !== null) this.#serve(seat, frame);
  }

  #pumpWaiting(but?: LiveSession): void {
    for (const session of this.#sessions) if (session !== but && session.isWaiting) session.pump();
  }

  /** Sockets that said no hello in time ([WS2]). */
  expire(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const session of this.#sessions)
      if (session.state.phase === "new" && nowMs - session.state.openedAtMs >= LIVE_LIMITS.helloMs)
        session.line.end(CLOSE.noHello, "no hello");
  }

  #serve(seat: Seat<S>, frame: ClientFrame): void {
    const { socket, session } = seat;
    switch (frame.type) {
      case "hello":
        session.line.problem({ slug: "validation-error", errors: [{ field: "", message: "hello was said before" }] });
        break;
      case "watch":
        this.advance(this.#nowMs);
        this.#keeper.askAgain(seat, this.#nowMs);
        this.#opener.open(seat, frame);
        session.pump();
        break;
      case "unwatch":
        seat.waiting = seat.waiting.filter((each) => each.id !== frame.id);
        session.detach(frame.id);
        session.pump();
        break;
      case "ack":
        session.line.ack(frame.n);
        this.advance(this.#nowMs);
        session.pump();
        // Snapshots that waited until others had taken theirs.
        this.#pumpWaiting(session);
        break;
      case "sync":
        this.advance(this.#nowMs);
        session.sync(frame);
        session.pump();
        break;
      case "auth":
        this.#port.readTicket(socket, frame.ticket);
    }
  }

  /** The session of a socket goes on for as long as its new ticket says; null: that was no ticket for this object. */
  renewed(socket: S, renewal: Renewal | null, nowMs: number): void {
    this.#nowMs = nowMs;
    const session = this.#seats.get(socket)?.session;
    if (session !== undefined && !session.line.isClosed) renewSession(session, renewal);
  }

  #move(seat: Seat<S>, watch: WatchState, { group: to, set }: MovedTo): void {
    const from = seat.session.groupOf(watch);
    if (from !== undefined) this.#leave(seat, from, watch);
    seat.session.move(watch, to, set);
    this.#enter(seat, watch, to);
  }

  /** One commit, evaluated once a group, told once a socket. */
  #tell(commit: LiveCommit, isHead: boolean, later: readonly LiveCommit[] | null): void {
    const news = this.#groups.advance(commit, isHead ? "at-head" : "behind");
    const bySeat = this.#members.told(news);
    // Groups were moved as they were before it; who moves on from here is told of this commit under the scopes after it.
    for (const [seat, { watches, told }] of this.#keeper.follow(commit, later, this.#nowMs)) {
      const others = (bySeat.get(seat) ?? []).filter(({ watch }) => !watches.has(watch));
      if (others.length + told.length > 0) bySeat.set(seat, [...others, ...told]);
      else bySeat.delete(seat);
    }
    for (const [{ session }, told] of bySeat) session.commit(commit, told);
  }

  /** The ledger was pruned over the head of the watchers: everything is read anew. */
  #reopen(): void {
    this.#groups.reopen();
    for (const session of this.#sessions) session.resetAll("gap");
    this.#keeper.reopen(this.#nowMs);
    for (const session of this.#sessions) session.pump();
  }

  #seat(socket: S, state: SocketState): Seat<S> {
    const act = this.#port.act;
    const session = new LiveSession(state, {
      source: this.#port.source,
      seq: () => this.#groups.seq,
      nowMs: () => this.#nowMs,
      send: (text) => act({ kind: "send", socket, text }),
      close: (code, reason) => act({ kind: "close", socket, code, reason }),
      mayHold: (bytes) => {
        const held = this.#sessions.reduce((sum, { line }) => sum + line.heldBytes, 0);
        return held === 0 || held + bytes <= LIVE_LIMITS.heldBytes;
      },
      defect: this.#port.defect,
      leave: (group, watch) => this.#leave(seat, group, watch),
      hasScopes: () => this.#keeper.hasScopes(seat, this.#nowMs),
    });
    const seat: Seat<S> = { socket, session, waiting: [], failing: null, tokens: newFrameTokens(this.#nowMs) };
    this.#seats.set(socket, seat);
    return seat;
  }

  #enter(seat: Seat<S>, watch: WatchState, group: LiveGroup): void {
    seat.session.attach(watch, group);
    this.#members.enter(group, seat, watch);
  }

  #leave(seat: Seat<S>, group: LiveGroup, watch: WatchState): void {
    this.#members.leave(group, seat, watch);
    this.#groups.leave(group);
  }
}
