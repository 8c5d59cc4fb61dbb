/** The messages of a driver, made from what it knows. Called by the steps of the driver. */

import type { ObjectName } from "../ids.ts";
import { TRANSACTION_MS } from "./commit-limits.ts";
import type { DriverEffect, DriverState } from "./driver-state.ts";
import { COMMIT_VERSION, type TransactionMessage } from "./transaction-message.ts";

export function deadlineOf<W>({ request }: DriverState<W>): number {
  return request.startedAtMs + TRANSACTION_MS;
}

export function workOf<W>(state: DriverState<W>, object: ObjectName): W | null {
  return state.works.find((each) => each.object === object)?.work ?? null;
}

/** Objects with a part, but for the one that decides; by name, so that all transactions come to them in one order. */
export function othersOf<W>(state: DriverState<W>): ObjectName[] {
  return state.works
    .map((each) => each.object)
    .filter((object) => object !== state.request.decider)
    .sort();
}

export function prepareEffect<W>(state: DriverState<W>, to: ObjectName): DriverEffect<W> {
  const { request, txid } = state;
  return send(state, to, {
    kind: "prepare",
    v: COMMIT_VERSION,
    txid,
    decider: request.decider,
    deadlineMs: deadlineOf(state),
    priority: { sinceMs: request.startedAtMs, id: request.id },
    work: state.works.find((each) => each.object === to)?.work as W,
    holdsElsewhere: state.prepared.length > 1,
    supersedes: state.earlier,
  });
}

/** A place in the line of the deciding object. Whoever asks for one holds nothing. */
export function queueEffect<W>(state: DriverState<W>, work: W): DriverEffect<W> {
  const { request, txid } = state;
  return send(state, request.decider, {
    kind: "queue",
    v: COMMIT_VERSION,
    txid,
    decider: request.decider,
    deadlineMs: deadlineOf(state),
    priority: { sinceMs: request.startedAtMs, id: request.id },
    work,
    holdsElsewhere: false,
    supersedes: [],
  });
}

export function decideEffect<W>(state: DriverState<W>): DriverEffect<W> {
  const { request, txid, votes } = state;
  const yes = [...votes].flatMap(([object, vote]) => (vote.kind === "yes" ? [{ object, vote }] : []));
  return send(state, request.decider, {
    kind: "decide",
    v: COMMIT_VERSION,
    txid,
    decider: request.decider,
    deadlineMs: deadlineOf(state),
    priority: { sinceMs: request.startedAtMs, id: request.id },
    work: workOf(state, request.decider),
    participants: yes.map(({ object, vote }) => ({ object, hasChanges: vote.hasChanges, result: vote.result })),
    idempotency: request.idempotency,
    awaits: yes.filter(({ vote }) => vote.withdraws).map(({ object }) => object),
  });
}

export function abortEffects<W>(state: DriverState<W>): DriverEffect<W>[] {
  return state.prepared.map((to) => send(state, to, { kind: "abort", v: COMMIT_VERSION, txid: state.txid }));
}

/** A driver that does not know ends the transaction, so that the answer is final. */
export function resolveEffect<W>(state: DriverState<W>): DriverEffect<W> {
  const deadlineMs = deadlineOf(state);
  const { txid } = state;
  return send(state, state.request.decider, {
    kind: "resolve",
    v: COMMIT_VERSION,
    txid,
    deadlineMs,
    urgency: "end",
    ask: 0,
  });
}

export function checkEffect<W>(state: DriverState<W>, to: ObjectName): DriverEffect<W> {
  const { request } = state;
  const work = workOf(state, to);
  const isReview = to === request.decider && state.phase.kind === "checking" && state.phase.answer.kind !== "read";
  if (isReview) return send(state, to, { kind: "review", v: COMMIT_VERSION, idempotency: request.idempotency, work });
  return send(state, to, { kind: "validate", v: COMMIT_VERSION, work: work as W });
}

function send<W>(state: DriverState<W>, to: ObjectName, message: TransactionMessage<W>): DriverEffect<W> {
  return { kind: "send", to, message, txid: state.txid };
}
