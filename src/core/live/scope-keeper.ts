/**
 * Keeps the sockets of an object under the scopes of now, where those depend on rows ([RV2] [RV3] [RV5]): says what a watch asks under
 * them, moves watches to other groups when rows change, and makes the frame that tells the difference. Sends nothing by itself but what
 * follows from an answer that came. Used by `LiveServer`.
 */

import { Fault, type FaultData } from "../fault.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { UsedAnswer } from "../protocol/used-rows.ts";
import type { GroupNews, LiveGroup } from "./live-group.ts";
import type { LiveGroups } from "./live-groups.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import { type LiveQuestion, queryText, readQuestionText, underNothing, underScopes } from "./live-query.ts";
import { LiveScopes, type ResolvedScopes, type ScopePort, type UsedKey } from "./live-scopes.ts";
import type { LiveSession } from "./live-session.ts";
import type { LiveCommit, LiveSource, QueryStore } from "./live-source.ts";
import {
  type Asked,
  type Moved,
  type MovedTo,
  newTally,
  type ScopedSeat,
  type Tally,
  type Told,
} from "./scoped-seat.ts";
import type { SocketRight, WatchState } from "./socket-state.ts";

export interface KeeperPort<T extends ScopedSeat> {
  readonly source: LiveSource;
  readonly scopes: ScopePort;
  readonly groups: LiveGroups;
  readonly queries: QueryStore;
  readonly seats: () => Iterable<T>;
  /** The watch leaves its group for another, which it has joined already. */
  readonly move: (seat: T, watch: WatchState, to: MovedTo) => void;
  /** Watches that depend on rows end, and so do those that wait. */
  readonly giveUp: (seat: T, fault: FaultData) => void;
  readonly defect: (error: unknown) => void;
}

/** Changes that came after, up to where the source stands; null: the difference cannot be told. */
type Later = (from: LiveGroup, to: LiveGroup) => readonly RowChange[] | null;

export class ScopeKeeper<T extends ScopedSeat> {
  readonly #port: KeeperPort<T>;
  readonly #scopes: LiveScopes;

  constructor(port: KeeperPort<T>) {
    this.#port = port;
    this.#scopes = new LiveScopes(port.scopes);
  }

  /**
   * What a question asks now; null: its scopes are not known yet. Throws where they deny, and where a rule throws: nothing of it was shown,
   * and no commit need come by which it would be asked again ([RV5]).
   */
  queryOf({ session }: T, right: SocketRight, question: LiveQuestion, nowMs: number): Asked | null {
    const resolved = this.#opening(session, right, nowMs);
    if (resolved === null) return null;
    const query = underScopes(question, this.#tableOf(right), resolved.scopes);
    if (query === null) throw new Fault({ slug: "forbidden", operation: "subscribe" });
    return resolved.set === undefined ? { query } : { query, set: resolved.set };
  }

  /** Whether frames of a socket may be computed now; where not, what is missing has been asked for. */
  hasScopes(seat: T, nowMs: number): boolean {
    const { session, failing } = seat;
    const rights = usedRights(session);
    if (rights.length === 0) return true;
    if (failing !== null) {
      if (failing.seq < this.#port.groups.seq) this.#moveAll(seat, null, () => null, nowMs);
      return seat.failing === null;
    }
    return rights.map((right) => this.#scopes.isKnown(session.state, right, nowMs)).every((isKnown) => isKnown);
  }

  /** A watch that opens beside others whose rule throws is not held up: the rule is asked once more, and what depends on it ends. */
  askAgain(seat: T, nowMs: number): void {
    if (seat.failing === null) return;
    seat.failing = { seq: -1, times: LIVE_LIMITS.scopeTries };
    this.#moveAll(seat, null, () => null, nowMs);
    seat.failing = null;
  }

  /** A watch that slept: the query it has now, where the rows of its scopes lie in this object; null: as it was. */
  awoken(seat: T, watch: WatchState, nowMs: number): Present | null {
    const { question, right } = this.#askedBy(seat, watch) ?? {};
    if (question === undefined || right === undefined || !this.#scopes.isLocal(right)) return null;
    const tally = newTally();
    const present = this.#present(seat, right, question, { tally, nowMs });
    // Others of the socket were not asked: that this one is known says nothing of them.
    if (tally.hasThrown) this.#count(seat, tally);
    return present;
  }

  /** A commit that changes rows of this object's scopes: before it is told, watches move; what that means for each socket. */
  follow(commit: LiveCommit, later: readonly LiveCommit[] | null, nowMs: number): ReadonlyMap<T, Moved> {
    const moved = new Map<T, Moved>();
    const users = this.#scopes.follow(commit);
    if (users.size === 0) return moved;
    for (const seat of this.#port.seats()) {
      const { session } = seat;
      if (session.state.who === null || !users.has(session.state.who)) continue;
      const after: Later = () =>
        session.mayTell && this.hasScopes(seat, nowMs) ? (later?.flatMap(({ changes }) => changes) ?? null) : null;
      moved.set(seat, this.#moveAll(seat, commit, after, nowMs));
    }
    return moved;
  }

  /** Commits were passed over, memberships among them maybe: every watch is looked at anew. */
  reopen(nowMs: number): void {
    this.#scopes.lose();
    for (const seat of this.#port.seats()) this.#moveAll(seat, null, () => null, nowMs);
  }

  /** Rows of a user, as another object tells them; sockets that depend on them, which are to go on. */
  learn(key: UsedKey, answer: UsedAnswer, nowMs: number, nth?: number): readonly T[] {
    const seats = this.#dependents(key);
    if (seats.length === 0 || !this.#scopes.learn(key, answer, nowMs, nth)) return seats;
    for (const seat of seats) {
      const { session } = seat;
      const { position, isLagging } = session.state;
      const limits = { commits: LIVE_LIMITS.replayCommits, bytes: LIVE_LIMITS.replayBytes };
      const missed = isLagging ? this.#port.source.commits(position ?? 0, limits) : [];
      const after: Later = (from, to) => (missed !== null && untouched(missed, from, to) ? [] : null);
      const { told } = this.#moveAll(seat, null, after, nowMs);
      // What the others missed comes before it, since the frame stands at the present position.
      session.pump();
      if (told.length === 0) continue;
      if (session.mayTell && this.hasScopes(seat, nowMs)) session.tellScope(told);
      else for (const { watch } of told) session.resetScope(watch);
    }
    return seats;
  }

  /** Whether some socket depends on these rows; where none does, what is known of them goes, since their object will tell of them no more. */
  needs(key: UsedKey): boolean {
    const isNeeded = this.#dependents(key).length > 0;
    if (!isNeeded) this.#scopes.drop(key);
    return isNeeded;
  }

  /** The object that owns the rows did not answer; sockets that are to ask again, if something of theirs waits. */
  failed(key: UsedKey, nth: number): readonly T[] {
    const seats = this.#dependents(key);
    if (!this.#scopes.failed(key, nth)) return seats;
    for (const seat of seats) this.#port.giveUp(seat, UNRESOLVED);
    return [];
  }

  gone(user: string | null): void {
    if (user === null) return;
    for (const { session } of this.#port.seats()) if (session.state.who === user) return;
    this.#scopes.forget(user);
  }

  #dependents({ user, table }: UsedKey): T[] {
    return [...this.#port.seats()].filter(
      ({ session: { state } }) =>
        state.who === user && Object.values(state.rights).some((right) => this.#scopes.uses(right, table)),
    );
  }

  /** Every watch whose question asks for something else now goes to another group. */
  #moveAll(seat: T, commit: LiveCommit | null, laterOf: Later, nowMs: number): Moved {
    const { session } = seat;
    const moved: { readonly watches: Set<WatchState>; readonly told: Told[] } = { watches: new Set(), told: [] };
    for (const { watch, text, set } of this.#presents(seat, nowMs)) {
      const from = session.groupOf(watch);
      if (from === undefined || (text === from.text && (set === watch.set || from.isKept))) continue;
      const to = this.#port.groups.join(this.#port.queries.keyOf(text), text);
      if (to === null) continue;
      const later = watch.phase === "live" ? laterOf(from, to) : null;
      const news = later === null ? null : this.#difference(from, to, commit, later);
      this.#port.move(seat, watch, { group: to, set });
      moved.watches.add(watch);
      if (news === null) session.resetScope(watch);
      else moved.told.push({ watch, group: { ...news, tag: watch.tag } });
    }
    return moved;
  }

  /**
   * What every watch that depends on rows asks for now. All are asked before one is moved, and a rule that throws is counted for the socket as a
   * whole: while one is not known, nothing of the socket is computed, whatever the others say.
   */
  #presents(seat: T, nowMs: number): (Present & { readonly watch: WatchState })[] {
    const tally = newTally();
    const presents = seat.session.state.watches.flatMap((watch) => {
      const { question, right } = this.#askedBy(seat, watch) ?? {};
      if (question === undefined || right === undefined || seat.session.groupOf(watch) === undefined) return [];
      const present = this.#present(seat, right, question, { tally, nowMs });
      return present === null ? [] : [{ watch, ...present }];
    });
    this.#count(seat, tally);
    return presents;
  }

  #count(seat: T, { hasThrown, isUnknown }: Tally): void {
    const { seq } = this.#port.groups;
    if (hasThrown && seat.failing?.seq !== seq) {
      seat.failing = { seq, times: (seat.failing?.times ?? 0) + 1 };
      if (seat.failing.times >= LIVE_LIMITS.scopeTries) this.#port.giveUp(seat, UNRESOLVED);
    } else if (!hasThrown && !isUnknown) seat.failing = null;
  }

  #difference(
    from: LiveGroup,
    to: LiveGroup,
    commit: LiveCommit | null,
    later: readonly RowChange[],
  ): GroupNews | null {
    const { changes, seq } = commit ?? { changes: [], seq: this.#port.groups.seq };
    try {
      return to.differenceFrom(from, { changes, seq, later });
    } catch (error) {
      // Too much to read: a snapshot says so, or has a page's worth.
      if (!(error instanceof Fault)) this.#port.defect(error);
      return null;
    }
  }

  #present(
    { session }: T,
    right: SocketRight,
    question: LiveQuestion,
    { tally, nowMs }: { readonly tally: Tally; readonly nowMs: number },
  ): Present | null {
    const resolved = this.#scopesOf(session, right, tally, nowMs);
    if (resolved === null) return null;
    const table = this.#tableOf(right);
    const query = underScopes(question, table, resolved.scopes) ?? underNothing(question, table);
    return { text: queryText(query), set: resolved.set ?? "" };
  }

  #opening({ state }: LiveSession, right: SocketRight, nowMs: number): ResolvedScopes | null {
    try {
      return this.#scopes.resolve(state, right, nowMs);
    } catch (error) {
      this.#port.defect(error);
      throw new Fault(UNRESOLVED);
    }
  }

  #scopesOf({ state }: LiveSession, right: SocketRight, tally: Tally, nowMs: number): ResolvedScopes | null {
    try {
      const resolved = this.#scopes.resolve(state, right, nowMs);
      if (resolved === null) tally.isUnknown = true;
      return resolved;
    } catch (error) {
      this.#port.defect(error);
      tally.hasThrown = true;
      return null;
    }
  }

  #askedBy({ session }: T, { ask }: WatchState): { question: LiveQuestion; right: SocketRight } | null {
    const text = ask === undefined ? null : this.#port.queries.textOf(ask);
    if (text === null) return null;
    const question = readQuestionText(text);
    const right = session.state.rights[question.resource];
    return right === undefined ? null : { question, right };
  }

  #tableOf({ table }: SocketRight) {
    const found = this.#port.source.table(table);
    if (found === undefined) throw new Fault({ slug: "not-found", resource: table });
    return found;
  }
}

interface Present {
  readonly text: string;
  readonly set: string;
}

const UNRESOLVED: FaultData = { slug: "unavailable", retryAfter: 1, detail: "What may be followed is not known now." };

/** Rights that depend on rows, of tables that are followed. */
function usedRights(session: LiveSession): SocketRight[] {
  const { rights, watches } = session.state;
  if (watches.every(({ ask }) => ask === undefined)) return [];
  return Object.values(rights).filter(
    ({ declared, table }) =>
      declared !== undefined && watches.some((watch) => session.groupOf(watch)?.query.table === table),
  );
}

function untouched(commits: readonly LiveCommit[], from: LiveGroup, to: LiveGroup): boolean {
  return !commits.some(({ changes }) => from.touches(changes) || to.touches(changes));
}
