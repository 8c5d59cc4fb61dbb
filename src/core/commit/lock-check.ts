/**
 * Who stands in the way of a piece of work in one object: prepared transactions, keys reserved for an older request, older
 * requests that wait ([TP9] [TP10]). The first questions, `mayWrite` and `mayRead`, cost one comparison while nothing is held.
 */

import { RESERVATION_MS } from "./commit-limits.ts";
import { areInConflict, type Footprint, type Locks, locksOf, type RangeTest } from "./footprint.ts";
import type { Draft, Held, ObjectState } from "./object-state.ts";
import { comparePriority, type Priority } from "./transaction-message.ts";

/** Nothing is held, reserved or waited for: a single write need not tell what it touched. */
export function isFreeForWrites<W>(state: ObjectState<W>): boolean {
  return state.held.size === 0 && state.reservations.length === 0 && state.prepares.length === 0;
}

/** Nothing is prepared: a read need not tell what it touched. */
export function isFreeForReads<W>(state: ObjectState<W>): boolean {
  return state.held.size === 0;
}

/** Whether a single write that touched this may stay ([TX32]). */
export function mayWrite<W>(state: ObjectState<W>, footprint: Footprint, isInRange: RangeTest, nowMs: number): boolean {
  if (isFreeForWrites(state)) return true;
  const locks = locksOf(footprint);
  return heldAgainst(state, locks, isInRange).length === 0 && !isReserved(state, locks, null, isInRange, nowMs);
}

/** Prepared transactions whose keys conflict with these. */
export function heldAgainst<W>(state: ObjectState<W>, locks: Locks, isInRange: RangeTest): Held[] {
  if (state.held.size === 0) return [];
  return [...state.held.values()].filter((held) => areInConflict(held.locks, locks, isInRange));
}

/** Whether the keys are kept for a request older than `priority`; null, a single write, is younger than all. */
export function isReserved<W>(
  { reservations, prepares }: ObjectState<W>,
  locks: Locks,
  priority: Priority | null,
  isInRange: RangeTest,
  nowMs: number,
): boolean {
  const isOlder = (other: Priority) => priority === null || comparePriority(other, priority) < 0;
  return (
    reservations.some(
      (each) => each.untilMs > nowMs && isOlder(each.priority) && areInConflict(each.locks, locks, isInRange),
    ) || prepares.some((each) => isOlder(each.message.priority) && areInConflict(each.locks, locks, isInRange))
  );
}

/** Keeps the keys for the next try of this request. */
export function reserve<W>(draft: Draft<W>, priority: Priority, footprint: Footprint): void {
  dropReservation(draft, priority);
  const reservation = { priority, locks: locksOf(footprint), untilMs: draft.nowMs + RESERVATION_MS };
  draft.state = { ...draft.state, reservations: [...draft.state.reservations, reservation] };
}

/** The request got what was kept for it, or tries again. */
export function dropReservation<W>(draft: Draft<W>, priority: Priority): void {
  const { reservations } = draft.state;
  const kept = reservations.filter((each) => comparePriority(each.priority, priority) !== 0);
  if (kept.length === reservations.length) return;
  draft.state = { ...draft.state, reservations: kept };
  draft.hasReleased = true;
}
