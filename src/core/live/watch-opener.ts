/**
 * Brings what sockets ask into groups: reads a question within the rights and limits of its socket, and holds it until the scopes that it
 * comes under are known ([RV2]); after sleep, looks again for what each watch asks. What cannot be resolved ends here, too ([RV5]). Used by `LiveServer`, which says when.
 */

import { Fault, type FaultData } from "../fault.ts";
import type { WatchFrame } from "./client-frames.ts";
import { SOCKET_LIMITS } from "./client-limits.ts";
import type { LiveGroup } from "./live-group.ts";
import type { LiveGroups } from "./live-groups.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import { type LiveQuestion, queryText, questionText, watchTag } from "./live-query.ts";
import type { LiveSource, QueryStore } from "./live-source.ts";
import { readQuestion } from "./read-watch.ts";
import type { ScopeKeeper } from "./scope-keeper.ts";
import type { Asked, ScopedSeat } from "./scoped-seat.ts";
import { newWatch, type WatchState, wakeWatch } from "./socket-state.ts";
import { CLOSE } from "./wire-schema.ts";

export interface OpenerPort<T extends ScopedSeat> {
  readonly source: LiveSource;
  readonly queries: QueryStore;
  readonly groups: LiveGroups;
  readonly keeper: ScopeKeeper<T>;
  readonly nowMs: () => number;
  /** Operators that a table allows in filters; undefined: all. */
  readonly allowedOperators: (table: string) => readonly string[] | undefined;
  /** The watch follows this group, which it has joined. */
  readonly enter: (seat: T, watch: WatchState, group: LiveGroup) => void;
  readonly defect: (error: unknown) => void;
}

export class WatchOpener<T extends ScopedSeat> {
  readonly #port: OpenerPort<T>;

  constructor(port: OpenerPort<T>) {
    this.#port = port;
  }

  /** A new watch joins its group, waits for its scopes, or is refused. */
  open(seat: T, frame: WatchFrame): void {
    const { groups, queries } = this.#port;
    try {
      const asked = this.#readQuery(seat, frame);
      if (asked === null) {
        hold(seat, frame);
        return;
      }
      const { query, set } = asked;
      const text = queryText(query);
      const key = queries.keyOf(text);
      const group = groups.join(key, text);
      if (group === null) throw new Fault({ slug: "not-found", resource: frame.resource });
      const more = set === undefined ? {} : { set, ask: queries.keyOf(questionText(asked.question)) };
      this.#port.enter(seat, newWatch(frame, { key, tag: watchTag(group.tag, set), ...more }), group);
    } catch (error) {
      if (!(error instanceof Fault)) this.#port.defect(error);
      seat.session.line.problem(error instanceof Fault ? error.data : { slug: "internal-error" }, frame.id);
    }
  }

  /** A watch that slept through goes on in the group of what it asks now; it ends where that is not known any more. */
  wake(seat: T, watch: WatchState): void {
    const { source, queries, groups, keeper, nowMs } = this.#port;
    const { session } = seat;
    const { state } = session;
    const fresh = keeper.awoken(seat, watch, nowMs());
    if (fresh !== null) {
      watch.key = queries.keyOf(fresh.text);
      watch.set = fresh.set;
    }
    const text = fresh?.text ?? queries.textOf(watch.key);
    const group = text === null ? null : groups.join(watch.key, text);
    if (group === null) {
      state.watches = state.watches.filter((each) => each !== watch);
      session.line.problem({ slug: "unavailable", retryAfter: 1 }, watch.id);
      return;
    }
    this.#port.enter(seat, watch, group);
    wakeWatch(watch, watchTag(group.tag, watch.set), state.epoch === source.epoch ? "same" : "other");
    if (group.members === 1 && group.query.window !== null) group.open();
  }

  /** The scopes of a socket are known again, or are to be asked for again by what waits for them. */
  goOn(seat: T): void {
    const frames = seat.waiting;
    seat.waiting = [];
    for (const frame of frames) if (!seat.session.line.isClosed) this.open(seat, frame);
    seat.session.pump();
  }

  /** What a frame asks, under the scopes of now; null: those are not known yet. */
  #readQuery(seat: T, frame: WatchFrame): (Asked & { readonly question: LiveQuestion }) | null {
    const { source, groups, keeper, nowMs } = this.#port;
    const { state } = seat.session;
    if ([...state.watches, ...seat.waiting].some(({ id }) => id === frame.id))
      throw new Fault({ slug: "validation-error", errors: [{ field: "id", message: "was used on this socket" }] });
    if (state.watches.length >= SOCKET_LIMITS.watches)
      throw new Fault({ slug: "subscription-limit-exceeded", limit: "watches", max: SOCKET_LIMITS.watches });
    const right = Object.hasOwn(state.rights, frame.resource) ? state.rights[frame.resource] : undefined;
    const table = right === undefined ? undefined : source.table(right.table);
    if (right === undefined || table === undefined) throw new Fault({ slug: "not-found", resource: frame.resource });
    const allowedOperators = this.#port.allowedOperators(right.table);
    const question = readQuestion(frame, { table, allowedOperators });
    if (question.query.window !== null && groups.windows >= LIVE_LIMITS.windows)
      throw new Fault({ slug: "subscription-limit-exceeded", limit: "windows", max: LIVE_LIMITS.windows });
    const asked = keeper.queryOf(seat, right, question, nowMs());
    return asked === null ? null : { ...asked, question };
  }
}

/** Until the scopes that the question comes under are known. */
function hold(seat: ScopedSeat, frame: WatchFrame): void {
  seat.waiting.push(frame);
  if (seat.waiting.length > SOCKET_LIMITS.watches) seat.session.line.end(CLOSE.overloaded, "too many questions");
}

/** The scopes of a socket cannot be resolved ([RV5]): what depends on them ends, and nothing is purged. */
export function giveUpScopes(seat: ScopedSeat, fault: FaultData): void {
  const { session } = seat;
  const ended = session.state.watches.filter(({ ask }) => ask !== undefined);
  for (const { id } of ended) session.detach(id);
  for (const { id } of [...ended, ...seat.waiting]) session.line.problem(fault, id);
  seat.waiting = [];
  seat.failing = null;
  session.pump();
}
