/**
 * Which sockets follow a group, and by which of their watches: turns the news of groups into what each socket is told. Memory only: filled
 * again when the object wakes. Used by `LiveServer`.
 */

import type { GroupNews, LiveGroup } from "./live-group.ts";
import type { Told } from "./scoped-seat.ts";
import type { WatchState } from "./socket-state.ts";

export class GroupMembers<T> {
  readonly #seats = new Map<LiveGroup, Map<T, Set<WatchState>>>();

  enter(group: LiveGroup, seat: T, watch: WatchState): void {
    const seats = this.#seats.get(group) ?? new Map<T, Set<WatchState>>();
    const watches = seats.get(seat) ?? new Set();
    this.#seats.set(group, seats.set(seat, watches.add(watch)));
  }

  leave(group: LiveGroup, seat: T, watch: WatchState): void {
    const seats = this.#seats.get(group);
    const watches = seats?.get(seat);
    watches?.delete(watch);
    if (watches?.size === 0) seats?.delete(seat);
    if (seats?.size === 0) this.#seats.delete(group);
  }

  /** The news of one commit, by socket. */
  told(news: ReadonlyMap<LiveGroup, GroupNews>): Map<T, Told[]> {
    const bySeat = new Map<T, Told[]>();
    for (const [group, groupNews] of news) {
      for (const [seat, watches] of this.#seats.get(group) ?? []) {
        const held = bySeat.get(seat) ?? [];
        bySeat.set(seat, held);
        for (const watch of watches) held.push({ watch, group: groupNews });
      }
    }
    return bySeat;
  }
}
