/**
 * What an object of transactions does by the clock: prepared parts ask their deciding object ([TP13]), decisions repeat their
 * commits ([TP6]), waits and reservations end. All times are derived from the state, so a timer that comes early, late or twice
 * does no harm.
 */

import { ASK_EVERY_MS, DEADLINE_MARGIN_MS, LOCK_WAIT_MS, RESEND_EVERY_MS } from "./commit-limits.ts";
import type { ObjectPort } from "./object-port.ts";
import type { Draft, ObjectState } from "./object-state.ts";
import { wakeReaders } from "./readers.ts";
import { COMMIT_VERSION } from "./transaction-message.ts";
import { endWaits } from "./waiters.ts";

export function runTimers<W>(draft: Draft<W>, port: ObjectPort<W>): void {
  endReservations(draft);
  endWaits(draft, port);
  askForOutcomes(draft);
  repeatCommits(draft);
  wakeReaders(draft);
}

/** When the machine wants its next `timer` event (ms), or null. */
export function nextTimer<W>(state: ObjectState<W>): number | null {
  let next = Number.POSITIVE_INFINITY;
  for (const each of state.held.values()) next = Math.min(next, each.askAtMs);
  for (const each of state.reservations) next = Math.min(next, each.untilMs);
  for (const each of state.prepares) next = Math.min(next, each.sinceMs + LOCK_WAIT_MS, each.message.deadlineMs + 1);
  for (const each of state.writes) next = Math.min(next, each.sinceMs + LOCK_WAIT_MS);
  for (const each of state.readers) next = Math.min(next, each.timerAtMs);
  for (const each of state.unsettled.values()) {
    next = Math.min(next, each.resendAtMs, each.answer?.untilMs ?? Number.POSITIVE_INFINITY);
  }
  return next === Number.POSITIVE_INFINITY ? null : next;
}

/** The times that must survive the instance: an alarm is set for them. The others are those of callers, who are lost with it. */
export function nextAlarm<W>(state: Pick<ObjectState<W>, "held" | "unsettled">): number | null {
  let next = Number.POSITIVE_INFINITY;
  for (const each of state.held.values()) next = Math.min(next, each.askAtMs);
  for (const each of state.unsettled.values()) next = Math.min(next, each.resendAtMs);
  return next === Number.POSITIVE_INFINITY ? null : next;
}

function endReservations<W>(draft: Draft<W>): void {
  const kept = draft.state.reservations.filter((each) => each.untilMs > draft.nowMs);
  if (kept.length === draft.state.reservations.length) return;
  draft.state = { ...draft.state, reservations: kept };
  draft.hasReleased = true;
}

function askForOutcomes<W>(draft: Draft<W>): void {
  for (const held of draft.state.held.values()) {
    if (held.askAtMs > draft.nowMs) continue;
    const { txid, decider, deadlineMs } = held.row;
    // Number 0: no reader waits for this answer.
    const message = { kind: "resolve", v: COMMIT_VERSION, txid, deadlineMs, urgency: "expire", ask: 0 } as const;
    draft.sends.push({ to: decider, message });
    // The first moment at which the deciding object may end it is worth a question of its own: nothing is held longer than need be.
    const endsAtMs = deadlineMs + DEADLINE_MARGIN_MS;
    const nextMs = draft.nowMs + ASK_EVERY_MS;
    const next = { ...held, askAtMs: endsAtMs > draft.nowMs ? Math.min(endsAtMs, nextMs) : nextMs };
    draft.state = { ...draft.state, held: new Map(draft.state.held).set(txid, next) };
  }
}

function repeatCommits<W>(draft: Draft<W>): void {
  for (const [txid, entry] of draft.state.unsettled) {
    const isDue = entry.resendAtMs <= draft.nowMs;
    const isAnswerDue = entry.answer !== null && entry.answer.untilMs <= draft.nowMs;
    if (!isDue && !isAnswerDue) continue;
    if (isAnswerDue && entry.answer !== null)
      draft.replies.push({ call: entry.answer.call, reply: entry.answer.reply });
    if (isDue) {
      for (const to of entry.pending)
        draft.sends.push({ to, message: { kind: "commit", v: COMMIT_VERSION, txid, parts: entry.parts } });
    }
    const next = {
      ...entry,
      resendAtMs: isDue ? draft.nowMs + RESEND_EVERY_MS : entry.resendAtMs,
      answer: isAnswerDue ? null : entry.answer,
    };
    draft.state = { ...draft.state, unsettled: new Map(draft.state.unsettled).set(txid, next) };
  }
}
