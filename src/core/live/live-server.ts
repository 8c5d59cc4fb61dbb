/**
 * All sockets of one object, as a state machine without I/O: frames and commits go in, actions come out in the order in which they
 * must leave ([LV4]). It evaluates each commit once for each group it can touch and hands the news to the sockets that share the
 * group. Its lines are one machine's. The object's shell (durable-objects/table/live-host.ts) and the simulator drive it alike.
 */

import { Fault, type FaultData } from "../fault.ts";
import { canonicalJson, type Json } from "../json.ts";
import { problemReply } from "../protocol/problem.ts";
import type { UsedAnswer } from "../protocol/used-rows.ts";
import { type ClientFrame, readClientFrame, type WatchFrame } from "./client-frames.ts";
import { SOCKET_LIMITS } from "./client-limits.ts";
import { frameFault } from "./frame-fault.ts";
import { errorText, welcomeText } from "./frame-text.ts";
import type { LiveGroup } from "./live-group.ts";
import { LiveGroups } from "./live-groups.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import { type LiveQuestion, queryText, questionText, watchTag } from "./live-query.ts";
import type { ScopePort, UsedKey } from "./live-scopes.ts";
import { LiveSession } from "./live-session.ts";
import type { LiveCommit, LiveSource } from "./live-source.ts";
import { readQuestion } from "./read-watch.ts";
import { ScopeKeeper } from "./scope-keeper.ts";
import type { Asked, MovedTo, ScopedSeat, Told } from "./scoped-seat.ts";
import { newWatch, type SocketState, type WatchState } from "./socket-state.ts";
import { CLOSE, WIRE_VERSION } from "./wire-schema.ts";

/** Texts of queries, kept by the object so that a socket remembers each by a number. */
export interface QueryStore {
  keyOf(text: string): number;
  textOf(key: number): string | null;
}

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

/** What a ticket says of its maker; as in `LiveOpening`. */
export type Renewal = Pick<SocketState, "who" | "person" | "credential" | "exp" | "renewAtMs" | "rights" | "objects">;

interface Seat<S> extends ScopedSeat {
  readonly socket: S;
  /** Frames that wait until the scopes they come under are known; others pass them by. */
  waiting: WatchFrame[];
  tokens: number;
  tokensAtMs: number;
}

export class LiveServer<S> {
  readonly #port: LiveServerPort<S>;
  readonly #groups: LiveGroups;
  readonly #keeper: ScopeKeeper<Seat<S>>;
  readonly #seats = new Map<S, Seat<S>>();
  readonly #members = new Map<LiveGroup, Map<Seat<S>, Set<WatchState>>>();
  #nowMs = 0;

  constructor(port: LiveServerPort<S>) {
    this.#port = port;
    this.#groups = new LiveGroups(port.source);
    this.#keeper = new ScopeKeeper<Seat<S>>({
      source: port.source,
      scopes: port.scopes,
      groups: this.#groups,
      keyOf: (text) => port.queries.keyOf(text),
      textOf: (key) => port.queries.textOf(key),
      seats: () => [...this.#seats.values()],
      move: (seat, watch, to) => this.#move(seat, watch, to),
      giveUp: (seat, fault) => this.#giveUp(seat, fault),
      defect: port.defect,
    });
  }

  get sockets(): number {
    return this.#seats.size;
  }

  /** Whether some socket is as the test wants it. */
  has(picks: (state: SocketState) => boolean): boolean {
    return [...this.#seats.values()].some(({ session }) => picks(session.state));
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
    const { source, queries } = this.#port;
    for (const watch of [...state.watches]) {
      const fresh = this.#keeper.awoken(seat, watch, this.#nowMs);
      if (fresh !== null) {
        watch.key = queries.keyOf(fresh.text);
        watch.set = fresh.set;
      }
      const text = fresh?.text ?? queries.textOf(watch.key);
      const group = text === null ? null : this.#groups.join(watch.key, text);
      if (group === null) {
        state.watches = state.watches.filter((each) => each !== watch);
        session.problem({ slug: "unavailable", retryAfter: 1 }, watch.id);
        continue;
      }
      this.#enter(socket, watch, group);
      if (state.epoch !== source.epoch) watch.reset = "epoch";
      else if (watch.tag !== watchTag(group.tag, watch.set)) watch.reset = "scope";
      else if (watch.phase === "sending") watch.reset = "slow-consumer";
      if (watch.reset !== undefined) {
        watch.phase = "opening";
        delete watch.since;
      }
      watch.tag = watchTag(group.tag, watch.set);
      if (group.members === 1 && group.query.window !== null) group.open();
    }
    state.epoch = source.epoch;
    const isBehind = state.position !== null && state.position < this.#groups.seq;
    // A position above the ledger's is of another history.
    if (state.position !== null && state.position > this.#groups.seq) session.resetAll("gap");
    if (isBehind) state.isLagging = true;
  }

  /** After `restore`: what the sockets had not been sent before the sleep, or the crash. */
  resume(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const { session } of [...this.#seats.values()]) if (session.state.phase === "open") session.pump();
  }

  gone(socket: S): void {
    const session = this.#seats.get(socket)?.session;
    session?.detachAll();
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
    for (const seat of this.#keeper.learn(key, answer, nowMs, nth)) this.#goOn(seat);
    return true;
  }

  /** That object did not answer ([RV5]). */
  unlearned(key: UsedKey, nowMs: number, nth: number): void {
    this.#nowMs = nowMs;
    for (const seat of this.#keeper.failed(key, nth)) this.#goOn(seat);
  }

  /** Ends the sockets of a caller, or all that the test picks ([RV6]). */
  end(picks: (state: SocketState) => boolean, code: number, reason: string): void {
    for (const { session } of [...this.#seats.values()]) if (picks(session.state)) session.end(code, reason);
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
        for (const { session } of [...this.#seats.values()]) session.passInvisible();
    }
    for (const { session } of [...this.#seats.values()]) if (session.isWaiting) session.pump();
  }

  receive(socket: S, text: string, nowMs: number): void {
    this.#nowMs = nowMs;
    const seat = this.#seats.get(socket);
    if (seat === undefined || seat.session.isClosed) return;
    const { session } = seat;
    if (!this.#takeToken(seat)) {
      session.end(CLOSE.tooManyFrames, "too many frames");
      return;
    }
    if (text.length > LIVE_LIMITS.clientFrameBytes) {
      session.end(CLOSE.tooLarge, "frame too large");
      return;
    }
    const read = readClientFrame(text);
    if (!read.ok) {
      if (read.kind === "not-json" || session.state.phase === "new") {
        session.end(CLOSE.notTheProtocol, frameFault(read).slice(0, 100));
        return;
      }
      session.problem({ slug: "validation-error", errors: [{ field: "", message: frameFault(read) }] }, read.id);
      return;
    }
    if (session.state.phase === "new") {
      this.#greet(session, read.frame);
      return;
    }
    this.#serve(seat, read.frame);
  }

  /** Sockets that said no hello in time ([WS2]). */
  expire(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const { session } of [...this.#seats.values()])
      if (session.state.phase === "new" && nowMs - session.state.openedAtMs >= LIVE_LIMITS.helloMs)
        session.end(CLOSE.noHello, "no hello");
  }

  #greet(session: LiveSession, frame: ClientFrame): void {
    if (frame.type !== "hello") {
      session.end(CLOSE.notTheProtocol, "the first frame must be hello");
      return;
    }
    if (frame.v !== WIRE_VERSION) {
      const fault = {
        slug: "validation-error" as const,
        errors: [{ field: "v", message: `${frame.v} is not served` }],
      };
      const { body } = problemReply(fault, { instance: "live", requestId: session.state.session });
      session.send(errorText(JSON.stringify({ ...JSON.parse(body), supported: [WIRE_VERSION] })));
      session.end(CLOSE.version, "version");
    }
    session.state.phase = "open";
    session.send(welcomeText(session.state.session, session.state.exp));
  }

  #serve(seat: Seat<S>, frame: ClientFrame): void {
    const { socket, session } = seat;
    switch (frame.type) {
      case "hello":
        session.problem({ slug: "validation-error", errors: [{ field: "", message: "hello was said before" }] });
        break;
      case "watch":
        this.advance(this.#nowMs);
        this.#keeper.askAgain(seat, this.#nowMs);
        this.#watch(seat, frame);
        session.pump();
        break;
      case "unwatch":
        seat.waiting = seat.waiting.filter((each) => each.id !== frame.id);
        session.detach(frame.id);
        session.pump();
        break;
      case "ack":
        session.ack(frame.n);
        this.advance(this.#nowMs);
        session.pump();
        this.#pumpHeld(session);
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
    if (session === undefined || session.isClosed) return;
    const { state } = session;
    if (renewal === null || renewal.who !== state.who) {
      session.end(CLOSE.unauthenticated, renewal === null ? "the ticket is not valid" : "another caller");
      return;
    }
    if (rightsText(renewal) !== rightsText(state)) {
      // What it follows is to be asked anew, under the rights of now.
      session.end(CLOSE.restart, "rights have changed");
      return;
    }
    state.credential = renewal.credential;
    state.exp = renewal.exp;
    state.renewAtMs = renewal.renewAtMs;
    session.send(welcomeText(state.session, state.exp));
    session.pump();
  }

  #watch(seat: Seat<S>, frame: WatchFrame): void {
    const { socket, session } = seat;
    try {
      const asked = this.#readQuery(seat, frame);
      if (asked === null) {
        this.#hold(seat, frame);
        return;
      }
      const { query, set } = asked;
      const text = queryText(query);
      const key = this.#port.queries.keyOf(text);
      const group = this.#groups.join(key, text);
      if (group === null) throw new Fault({ slug: "not-found", resource: frame.resource });
      const more = set === undefined ? {} : { set, ask: this.#port.queries.keyOf(questionText(asked.question)) };
      this.#enter(socket, newWatch(frame, { key, tag: watchTag(group.tag, set), ...more }), group);
    } catch (error) {
      if (!(error instanceof Fault)) this.#port.defect(error);
      session.problem(error instanceof Fault ? error.data : { slug: "internal-error" }, frame.id);
    }
  }

  /** Until the scopes that the question comes under are known. */
  #hold(seat: Seat<S>, frame: WatchFrame): void {
    seat.waiting.push(frame);
    if (seat.waiting.length > SOCKET_LIMITS.watches) seat.session.end(CLOSE.overloaded, "too many questions");
  }

  /** What a frame asks, under the scopes of now; null: those are not known yet. */
  #readQuery(seat: Seat<S>, frame: WatchFrame): (Asked & { readonly question: LiveQuestion }) | null {
    const { state } = seat.session;
    if ([...state.watches, ...seat.waiting].some(({ id }) => id === frame.id))
      throw new Fault({ slug: "validation-error", errors: [{ field: "id", message: "was used on this socket" }] });
    if (state.watches.length >= SOCKET_LIMITS.watches)
      throw new Fault({ slug: "subscription-limit-exceeded", limit: "watches", max: SOCKET_LIMITS.watches });
    const right = Object.hasOwn(state.rights, frame.resource) ? state.rights[frame.resource] : undefined;
    const table = right === undefined ? undefined : this.#port.source.table(right.table);
    if (right === undefined || table === undefined) throw new Fault({ slug: "not-found", resource: frame.resource });
    const allowedOperators = this.#port.allowedOperators(right.table);
    const question = readQuestion(frame, { table, allowedOperators });
    if (question.query.window !== null && this.#groups.windows >= LIVE_LIMITS.windows)
      throw new Fault({ slug: "subscription-limit-exceeded", limit: "windows", max: LIVE_LIMITS.windows });
    const asked = this.#keeper.queryOf(seat, right, question, this.#nowMs);
    return asked === null ? null : { ...asked, question };
  }

  /** The scopes of a socket are known again, or are to be asked for again by what waits for them. */
  #goOn(seat: Seat<S>): void {
    const frames = seat.waiting;
    seat.waiting = [];
    for (const frame of frames) if (!seat.session.isClosed) this.#watch(seat, frame);
    seat.session.pump();
  }

  /** Its scopes cannot be resolved ([RV5]): what depends on them ends, and nothing is purged. */
  #giveUp(seat: Seat<S>, fault: FaultData): void {
    const { session } = seat;
    const ended = session.state.watches.filter(({ ask }) => ask !== undefined);
    for (const { id } of ended) session.detach(id);
    for (const { id } of [...ended, ...seat.waiting]) session.problem(fault, id);
    seat.waiting = [];
    seat.failing = null;
    session.pump();
  }

  #move(seat: Seat<S>, watch: WatchState, { group: to, set }: MovedTo): void {
    const from = seat.session.groupOf(watch);
    if (from !== undefined) this.#leave(seat.socket, from, watch);
    seat.session.move(watch, to, set);
    this.#enter(seat.socket, watch, to);
  }

  /** One commit, evaluated once a group, told once a socket. */
  #tell(commit: LiveCommit, isHead: boolean, later: readonly LiveCommit[] | null): void {
    const news = this.#groups.advance(commit, isHead ? "at-head" : "behind");
    const bySeat = new Map<Seat<S>, Told[]>();
    for (const [group, groupNews] of news) {
      for (const [seat, watches] of this.#members.get(group) ?? []) {
        let held = bySeat.get(seat);
        if (held === undefined) {
          held = [];
          bySeat.set(seat, held);
        }
        for (const watch of watches) held.push({ watch, group: groupNews });
      }
    }
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
    for (const { session } of this.#seats.values()) session.resetAll("gap");
    this.#keeper.reopen(this.#nowMs);
    for (const { session } of [...this.#seats.values()]) session.pump();
  }

  /** Snapshots that waited until others had taken theirs. */
  #pumpHeld(but: LiveSession): void {
    for (const { session } of [...this.#seats.values()]) if (session !== but && session.isWaiting) session.pump();
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
        let held = 0;
        for (const seat of this.#seats.values()) held += seat.session.heldBytes;
        return held === 0 || held + bytes <= LIVE_LIMITS.heldBytes;
      },
      defect: this.#port.defect,
      leave: (group, watch) => this.#leave(socket, group, watch),
      hasScopes: () => this.#keeper.hasScopes(seat, this.#nowMs),
    });
    const seat: Seat<S> = {
      socket,
      session,
      waiting: [],
      failing: null,
      tokens: LIVE_LIMITS.framesBurst,
      tokensAtMs: this.#nowMs,
    };
    this.#seats.set(socket, seat);
    return seat;
  }

  #enter(socket: S, watch: WatchState, group: LiveGroup): void {
    const seat = this.#seats.get(socket) as Seat<S>;
    seat.session.attach(watch, group);
    let seats = this.#members.get(group);
    if (seats === undefined) {
      seats = new Map();
      this.#members.set(group, seats);
    }
    const watches = seats.get(seat);
    if (watches === undefined) seats.set(seat, new Set([watch]));
    else watches.add(watch);
  }

  #leave(socket: S, group: LiveGroup, watch: WatchState): void {
    const seat = this.#seats.get(socket);
    const seats = this.#members.get(group);
    const watches = seat === undefined ? undefined : seats?.get(seat);
    watches?.delete(watch);
    if (watches?.size === 0 && seat !== undefined) seats?.delete(seat);
    if (seats?.size === 0) this.#members.delete(group);
    this.#groups.leave(group);
  }

  #takeToken(seat: Seat<S>): boolean {
    const { framesBurst, framesPerSecond } = LIVE_LIMITS;
    const gained = ((this.#nowMs - seat.tokensAtMs) / 1000) * framesPerSecond;
    seat.tokens = Math.min(framesBurst, seat.tokens + Math.max(0, gained)) - 1;
    seat.tokensAtMs = this.#nowMs;
    return seat.tokens >= 0;
  }
}

function rightsText({ rights, objects, person }: Pick<SocketState, "rights" | "objects" | "person">): string {
  return canonicalJson([rights, objects, person ?? null] as unknown as Json);
}
