/**
 * All sockets of one object, as a state machine without I/O: frames and commits go in, actions come out in the order in which they
 * must leave ([LV4]). It evaluates each commit once for each group it can touch and hands the news to the sockets that share the
 * group. Its lines are one machine's. The object's shell (durable-objects/table/live-host.ts) and the simulator drive it alike.
 */

import { Fault } from "../fault.ts";
import { canonicalJson, type Json } from "../json.ts";
import { problemReply } from "../protocol/problem.ts";
import { type ClientFrame, readClientFrame, type WatchFrame } from "./client-frames.ts";
import { errorText, welcomeText } from "./frame-text.ts";
import type { GroupNews, LiveGroup } from "./live-group.ts";
import { LiveGroups } from "./live-groups.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import { type LiveQuery, queryText } from "./live-query.ts";
import { LiveSession } from "./live-session.ts";
import type { LiveCommit, LiveSource } from "./live-source.ts";
import { readWatch } from "./read-watch.ts";
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
  /** Operators that a table allows in filters; undefined: all. */
  readonly allowedOperators: (table: string) => readonly string[] | undefined;
  /** In order; `socket` is the shell's own handle. */
  readonly act: (action: LiveAction<S>) => void;
  readonly defect: (error: unknown) => void;
  /** Asks the shell to read a ticket; `renewed` is told what it says. */
  readonly readTicket: (socket: S, ticket: string) => void;
}

/** What a ticket says of its maker; as in `LiveOpening`. */
export type Renewal = Pick<SocketState, "who" | "credential" | "exp" | "renewAtMs" | "rights" | "objects">;

interface Seat<S> {
  readonly socket: S;
  readonly session: LiveSession;
  tokens: number;
  tokensAtMs: number;
}

export class LiveServer<S> {
  readonly #port: LiveServerPort<S>;
  readonly #groups: LiveGroups;
  readonly #seats = new Map<S, Seat<S>>();
  readonly #members = new Map<LiveGroup, Map<Seat<S>, Set<WatchState>>>();
  #nowMs = 0;

  constructor(port: LiveServerPort<S>) {
    this.#port = port;
    this.#groups = new LiveGroups(port.source);
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
    const { session } = this.#seat(socket, state);
    const { source, queries } = this.#port;
    for (const watch of [...state.watches]) {
      const text = queries.textOf(watch.key);
      const group = text === null ? null : this.#groups.join(watch.key, text);
      if (group === null) {
        state.watches = state.watches.filter((each) => each !== watch);
        session.problem({ slug: "unavailable", retryAfter: 1 }, watch.id);
        continue;
      }
      this.#enter(socket, watch, group);
      if (state.epoch !== source.epoch) watch.reset = "epoch";
      else if (watch.tag !== group.tag) watch.reset = "scope";
      else if (watch.phase === "sending") watch.reset = "slow-consumer";
      if (watch.reset !== undefined) {
        watch.phase = "opening";
        delete watch.since;
      }
      if (watch.tag !== group.tag) this.#retag(session, watch, group);
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
    this.#seats.get(socket)?.session.detachAll();
    this.#seats.delete(socket);
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
      for (const commit of commits) this.#tell(commit, commit.seq === head);
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
        session.end(CLOSE.notTheProtocol, read.detail.slice(0, 100));
        return;
      }
      session.problem({ slug: "validation-error", errors: [{ field: "", message: read.detail }] }, read.id);
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

  #serve({ socket, session }: Seat<S>, frame: ClientFrame): void {
    switch (frame.type) {
      case "hello":
        session.problem({ slug: "validation-error", errors: [{ field: "", message: "hello was said before" }] });
        break;
      case "watch":
        this.advance(this.#nowMs);
        this.#watch(socket, session, frame);
        session.pump();
        break;
      case "unwatch":
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

  #watch(socket: S, session: LiveSession, frame: WatchFrame): void {
    const { state } = session;
    try {
      const query = this.#readQuery(state, frame);
      const text = queryText(query);
      const key = this.#port.queries.keyOf(text);
      const group = this.#groups.join(key, text);
      if (group === null) throw new Fault({ slug: "not-found", resource: frame.resource });
      this.#enter(socket, newWatch(frame, key, group.tag), group);
    } catch (error) {
      if (!(error instanceof Fault)) this.#port.defect(error);
      session.problem(error instanceof Fault ? error.data : { slug: "internal-error" }, frame.id);
    }
  }

  #readQuery(state: SocketState, frame: WatchFrame): LiveQuery {
    if (state.watches.some(({ id }) => id === frame.id))
      throw new Fault({ slug: "validation-error", errors: [{ field: "id", message: "was used on this socket" }] });
    if (state.watches.length >= LIVE_LIMITS.watches)
      throw new Fault({ slug: "subscription-limit-exceeded", limit: "watches", max: LIVE_LIMITS.watches });
    const right = Object.hasOwn(state.rights, frame.resource) ? state.rights[frame.resource] : undefined;
    const table = right === undefined ? undefined : this.#port.source.table(right.table);
    if (right === undefined || table === undefined) throw new Fault({ slug: "not-found", resource: frame.resource });
    const allowedOperators = this.#port.allowedOperators(right.table);
    const query = readWatch(frame, { table, scopes: right.scopes, allowedOperators });
    if (query.window !== null && this.#groups.windows >= LIVE_LIMITS.windows)
      throw new Fault({ slug: "subscription-limit-exceeded", limit: "windows", max: LIVE_LIMITS.windows });
    return query;
  }

  /** One commit, evaluated once a group, told once a socket. */
  #tell(commit: LiveCommit, isHead: boolean): void {
    const news = this.#groups.advance(commit, isHead ? "at-head" : "behind");
    const bySeat = new Map<Seat<S>, { watch: WatchState; group: GroupNews }[]>();
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
    for (const [{ session }, told] of bySeat) session.commit(commit, told);
  }

  /** The ledger was pruned over the head of the watchers: everything is read anew. */
  #reopen(): void {
    this.#groups.reopen();
    for (const { session } of this.#seats.values()) session.resetAll("gap");
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
    });
    const seat: Seat<S> = { socket, session, tokens: LIVE_LIMITS.framesBurst, tokensAtMs: this.#nowMs };
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

  /** The watch as it is under the present shape of its table. */
  #retag(session: LiveSession, watch: WatchState, group: LiveGroup): void {
    const at = session.state.watches.indexOf(watch);
    const fresh: WatchState = { ...watch, tag: group.tag };
    session.state.watches[at] = fresh;
    const seats = this.#members.get(group);
    for (const watches of seats?.values() ?? []) if (watches.delete(watch)) watches.add(fresh);
  }

  #takeToken(seat: Seat<S>): boolean {
    const { framesBurst, framesPerSecond } = LIVE_LIMITS;
    const gained = ((this.#nowMs - seat.tokensAtMs) / 1000) * framesPerSecond;
    seat.tokens = Math.min(framesBurst, seat.tokens + Math.max(0, gained)) - 1;
    seat.tokensAtMs = this.#nowMs;
    return seat.tokens >= 0;
  }
}

function rightsText({ rights, objects }: Pick<SocketState, "rights" | "objects">): string {
  return canonicalJson([rights, objects] as unknown as Json);
}
