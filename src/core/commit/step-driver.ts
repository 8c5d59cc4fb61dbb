/**
 * The machine that moves one transaction along: evaluate, prepare, decide; or abort, pause and try again. It never begins a try
 * while an earlier one may still commit ([TP8]), and before it answers a failure it looks whether the key was answered before and
 * whether what the failure rests on still holds ([TP2] [TP3]). Hosted by the Worker; one event, some effects.
 */

import { unreachable } from "../fault.ts";
import type { ObjectName } from "../ids.ts";
import {
  ANSWER_PATIENCE_MS,
  PAUSE_BASE_MS,
  PAUSE_CAP_MS,
  UNKNOWN_AFTER_MS,
  VOTE_PATIENCE_MS,
} from "./commit-limits.ts";
import {
  abortEffects,
  checkEffect,
  deadlineOf,
  decideEffect,
  othersOf,
  prepareEffect,
  queueEffect,
  resolveEffect,
  workOf,
} from "./driver-messages.ts";
import type { DriverAnswer, DriverEffect, DriverEvent, DriverState, DriverTurn, Evaluation } from "./driver-state.ts";
import { firstFault } from "./first-fault.ts";
import type { DecideReply, Outcome, Refusal, ReviewReply, Txid, Vote } from "./transaction-message.ts";

export function stepDriver<W>(state: DriverState<W>, event: DriverEvent<W>, nowMs: number): DriverTurn<W> {
  const { phase } = state;
  if (phase.kind === "done") return { state, effects: [] };
  if ("txid" in event && event.kind !== "evaluated" && event.txid !== state.txid) return { state, effects: [] };
  switch (event.kind) {
    case "start":
    case "resume":
      // A pause that ends after something else has begun is over without effect.
      if (phase.kind !== (event.kind === "start" ? "evaluating" : "pausing")) return { state, effects: [] };
      return nowMs >= deadlineOf(state) ? fail(state, { kind: "timeout" }, nowMs) : evaluate(state);
    case "evaluated":
      return phase.kind === "evaluating" ? begin(state, event.txid, event.evaluation, nowMs) : { state, effects: [] };
    case "failed":
      return phase.kind === "evaluating" ? fail(state, event.answer, nowMs) : { state, effects: [] };
    case "vote":
      return takeVote(state, event.from, event.vote, nowMs);
    case "decided":
      return phase.kind === "deciding" || phase.kind === "resolving"
        ? takeDecision(state, event.reply, nowMs)
        : { state, effects: [] };
    case "resolved":
      return phase.kind === "resolving" ? takeOutcome(state, event.outcome, nowMs) : { state, effects: [] };
    case "reviewed":
      return takeReview(state, event.reply, nowMs);
    case "validated":
      return takeCheck(state, event.from, event.reply.isCurrent, nowMs);
    case "lost":
      return takeLoss(state, event.to, event.message, nowMs);
    case "timer":
      return takeTimer(state, nowMs);
    default:
      return unreachable(event);
  }
}

function evaluate<W>(state: DriverState<W>): DriverTurn<W> {
  const next: DriverState<W> = {
    ...state,
    phase: { kind: "evaluating" },
    tries: state.tries + 1,
    timerAtMs: deadlineOf(state),
  };
  return { state: next, effects: [{ kind: "evaluate" }] };
}

function begin<W>(state: DriverState<W>, txid: Txid, evaluation: Evaluation<W>, nowMs: number): DriverTurn<W> {
  const earlier = state.txid === "" ? [] : [...state.earlier, state.txid];
  const next: DriverState<W> = { ...state, txid, earlier, works: evaluation.works, prepared: [], votes: new Map() };
  switch (evaluation.kind) {
    case "read-only":
      return check(
        next,
        { kind: "read", results: evaluation.results },
        next.works.map((each) => each.object),
        nowMs,
      );
    case "refused":
      return check(next, { kind: "fault", fault: evaluation.fault }, reviewed(next, othersOf(next)), nowMs);
    case "submit": {
      if (othersOf(next).length === 0) return decideNow(next, nowMs);
      const own = workOf(next, next.request.decider);
      if (next.manner !== "in-queue" || own === null) return prepareAll(next, nowMs);
      const queueing = { ...next, phase: { kind: "queueing" }, timerAtMs: nowMs + VOTE_PATIENCE_MS } as const;
      return { state: queueing, effects: [queueEffect(queueing, own)] };
    }
    default:
      return unreachable(evaluation);
  }
}

function prepareAll<W>(state: DriverState<W>, nowMs: number): DriverTurn<W> {
  const others = othersOf(state);
  const phase = { kind: "preparing", votes: new Map(), resent: new Set<ObjectName>() } as const;
  // After a conflict it queues at the first object, holding nothing, before it asks the others: all who meet there take turns.
  return prepareAt({ ...state, phase }, state.manner === "at-once" ? others : others.slice(0, 1), nowMs);
}

function prepareAt<W>(state: DriverState<W>, objects: readonly ObjectName[], nowMs: number): DriverTurn<W> {
  const prepared = [...state.prepared, ...objects];
  const next: DriverState<W> = { ...state, prepared, timerAtMs: nowMs + VOTE_PATIENCE_MS };
  return { state: next, effects: objects.map((to) => prepareEffect(next, to)) };
}

function takeVote<W>(state: DriverState<W>, from: ObjectName, vote: Vote, nowMs: number): DriverTurn<W> {
  const { phase } = state;
  const isQueueing = phase.kind === "queueing";
  if (phase.kind !== "preparing" && !isQueueing) return { state, effects: [] };
  if (vote.kind === "no") {
    if (vote.reason === "unavailable") return fail(state, { kind: "unavailable" }, nowMs);
    return tryAgain(state, vote.reason, nowMs);
  }
  // A fault is said by `decide`, under the locks.
  if (isQueueing) return prepareAll(state, nowMs);
  const votes = new Map(phase.votes).set(from, vote);
  const next: DriverState<W> = { ...state, phase: { ...phase, votes }, votes };
  if (votes.size < state.prepared.length) return { state: next, effects: [] };
  const left = othersOf(next).filter((each) => !votes.has(each));
  if (left.length > 0) return prepareAt(next, left, nowMs);
  const fault = firstFault([...votes.values()]);
  if (fault === null) return decideNow(next, nowMs);
  // The others still hold their keys, so what the deciding object says now belongs to the same moment.
  return check(next, fault, reviewed(next, []), nowMs);
}

function decideNow<W>(state: DriverState<W>, nowMs: number): DriverTurn<W> {
  const next: DriverState<W> = { ...state, phase: { kind: "deciding" }, timerAtMs: nowMs + ANSWER_PATIENCE_MS };
  return { state: next, effects: [decideEffect(next)] };
}

function takeDecision<W>(state: DriverState<W>, reply: DecideReply, nowMs: number): DriverTurn<W> {
  switch (reply.kind) {
    case "committed":
      return answer(state, { kind: "committed", reply: reply.reply, isReplay: false }, []);
    case "replayed":
      return answer(state, { kind: "committed", reply: reply.reply, isReplay: true }, abortEffects(state));
    case "fault":
      return answer(state, { kind: "fault", fault: reply.fault }, abortEffects(state));
    case "aborted":
      if (reply.reason === "unavailable") return fail(state, { kind: "unavailable" }, nowMs);
      return tryAgain({ ...state, manner: "in-queue" }, reply.reason, nowMs);
    default:
      return unreachable(reply);
  }
}

function takeOutcome<W>(state: DriverState<W>, outcome: Outcome, nowMs: number): DriverTurn<W> {
  if (outcome.kind === "committed")
    return answer(state, { kind: "committed", reply: outcome.reply, isReplay: false, isFoundOut: true }, []);
  return outcome.kind === "aborted" ? tryAgain(state, "late", nowMs) : { state, effects: [] };
}

/** Ends the try, which is certain not to commit, and begins another while tries and time last. */
function tryAgain<W>(state: DriverState<W>, reason: Refusal, nowMs: number): DriverTurn<W> {
  const { request, tries } = state;
  if (nowMs >= deadlineOf(state)) return fail(state, { kind: "timeout" }, nowMs);
  if (tries >= request.maxTries) return fail(state, { kind: "conflict", tries }, nowMs);
  // Who found a change has its keys kept for a moment.
  const maxMs = reason === "changed" ? 0 : Math.min(PAUSE_BASE_MS * 2 ** (tries - 1), PAUSE_CAP_MS);
  const next: DriverState<W> = {
    ...state,
    phase: { kind: "pausing" },
    manner: state.manner === "at-once" ? "in-line" : state.manner,
    prepared: [],
    timerAtMs: deadlineOf(state),
  };
  return { state: next, effects: [...abortEffects(state), { kind: "pause", maxMs }] };
}

/** Ends the try and answers, unless the key was answered before. */
function fail<W>(state: DriverState<W>, failure: DriverAnswer, nowMs: number): DriverTurn<W> {
  const aborts = abortEffects(state);
  const next: DriverState<W> = { ...state, works: [], prepared: [] };
  const turn = check(next, failure, reviewed(next, []), nowMs);
  return { state: turn.state, effects: [...aborts, ...turn.effects] };
}

/** The objects to ask before a failure is answered: the deciding one too, if it has a part or may know the key. */
function reviewed<W>(state: DriverState<W>, others: readonly ObjectName[]): readonly ObjectName[] {
  const { decider, keyFrom } = state.request;
  return keyFrom === "client" || workOf(state, decider) !== null ? [...others, decider] : others;
}

function check<W>(
  state: DriverState<W>,
  planned: DriverAnswer,
  missing: readonly ObjectName[],
  nowMs: number,
): DriverTurn<W> {
  const phase = { kind: "checking", answer: planned, missing, isChanged: false } as const;
  const next: DriverState<W> = { ...state, phase, timerAtMs: nowMs + ANSWER_PATIENCE_MS };
  if (missing.length === 0) return answer(next, planned, abortEffects(next));
  return { state: next, effects: missing.map((to) => checkEffect(next, to)) };
}

function takeReview<W>(state: DriverState<W>, reply: ReviewReply, nowMs: number): DriverTurn<W> {
  const { phase, request } = state;
  if (phase.kind !== "checking") return { state, effects: [] };
  if (reply.kind === "replayed")
    return answer(state, { kind: "committed", reply: reply.reply, isReplay: true }, abortEffects(state));
  if (reply.kind !== "fault") return takeCheck(state, request.decider, reply.kind === "unchanged", nowMs);
  const first = firstFault([phase.answer, reply]) ?? phase.answer;
  return takeCheck({ ...state, phase: { ...phase, answer: first } }, request.decider, true, nowMs);
}

function takeCheck<W>(state: DriverState<W>, from: ObjectName, isCurrent: boolean, nowMs: number): DriverTurn<W> {
  const { phase } = state;
  if (phase.kind !== "checking" || !phase.missing.includes(from)) return { state, effects: [] };
  const missing = phase.missing.filter((each) => each !== from);
  const isChanged = phase.isChanged || !isCurrent;
  const next: DriverState<W> = { ...state, phase: { ...phase, missing, isChanged } };
  // A reply under the key counts whatever else changed, so the review is waited for.
  if (missing.length > 0) return { state: next, effects: [] };
  if (isChanged) return tryAgain(next, "conflict", nowMs);
  return answer(next, phase.answer, abortEffects(next));
}

function takeLoss<W>(state: DriverState<W>, to: ObjectName, message: string, nowMs: number): DriverTurn<W> {
  const { phase } = state;
  if (phase.kind === "preparing" && message === "prepare" && !phase.votes.has(to))
    return repeatPrepare(state, [to], nowMs);
  // It was a hint.
  if (phase.kind === "queueing" && message === "queue") return prepareAll(state, nowMs);
  if (phase.kind === "deciding" && message === "decide") return findOut(state, nowMs);
  // A check or a question that was lost is repeated by the timer: at once would be too soon for an object that restarts.
  return { state, effects: [] };
}

function takeTimer<W>(state: DriverState<W>, nowMs: number): DriverTurn<W> {
  const { phase } = state;
  const isOver = nowMs >= deadlineOf(state);
  if (nowMs < state.timerAtMs && !isOver) return { state, effects: [] };
  switch (phase.kind) {
    case "evaluating":
    case "pausing":
      return isOver ? fail(state, { kind: "timeout" }, nowMs) : { state, effects: [] };
    case "queueing":
      return isOver ? fail(state, { kind: "timeout" }, nowMs) : prepareAll(state, nowMs);
    case "preparing":
      if (isOver) return fail(state, { kind: "timeout" }, nowMs);
      return repeatPrepare(
        state,
        state.prepared.filter((each) => !phase.votes.has(each)),
        nowMs,
      );
    case "deciding":
      return findOut(state, nowMs);
    case "resolving":
      if (nowMs >= deadlineOf(state) + UNKNOWN_AFTER_MS) return answer(state, { kind: "unknown" }, []);
      return findOut(state, nowMs);
    case "checking": {
      if (nowMs < state.timerAtMs) return { state, effects: [] };
      if (nowMs >= deadlineOf(state) + UNKNOWN_AFTER_MS) return giveUp(state, phase.answer);
      const next: DriverState<W> = { ...state, timerAtMs: nowMs + ANSWER_PATIENCE_MS };
      return { state: next, effects: phase.missing.map((to) => checkEffect(next, to)) };
    }
    case "done":
      return { state, effects: [] };
    default:
      return unreachable(phase);
  }
}

/** One repetition for each object, then it counts as out of reach. */
function repeatPrepare<W>(state: DriverState<W>, silent: readonly ObjectName[], nowMs: number): DriverTurn<W> {
  const { phase } = state;
  if (phase.kind !== "preparing") return { state, effects: [] };
  if (silent.some((each) => phase.resent.has(each))) return fail(state, { kind: "unavailable" }, nowMs);
  const resent = new Set([...phase.resent, ...silent]);
  const next: DriverState<W> = { ...state, phase: { ...phase, resent }, timerAtMs: nowMs + VOTE_PATIENCE_MS };
  return { state: next, effects: silent.map((to) => prepareEffect(next, to)) };
}

/** Nobody says what became of `decide`: ask, and end it if it is not decided. */
function findOut<W>(state: DriverState<W>, nowMs: number): DriverTurn<W> {
  const next: DriverState<W> = { ...state, phase: { kind: "resolving" }, timerAtMs: nowMs + ANSWER_PATIENCE_MS };
  return { state: next, effects: [resolveEffect(next)] };
}

/** An object that must be asked stays silent. Whether an earlier request under a client's key succeeded cannot be told. */
function giveUp<W>(state: DriverState<W>, planned: DriverAnswer): DriverTurn<W> {
  const isKeyUnknown = state.request.keyFrom === "client" && planned.kind !== "read";
  return answer(state, isKeyUnknown ? { kind: "unknown" } : { kind: "unavailable" }, abortEffects(state));
}

function answer<W>(state: DriverState<W>, given: DriverAnswer, before: readonly DriverEffect<W>[]): DriverTurn<W> {
  const done: DriverState<W> = { ...state, phase: { kind: "done" }, timerAtMs: Number.POSITIVE_INFINITY };
  return { state: done, effects: [...before, { kind: "answer", answer: given }] };
}
