/**
 * The first phase in a participant ([TP4]): validate, run and roll back, look who stands in the way, and either promise (one
 * `_prepared` row and a yes), wait, or refuse. Wait-die ([TP10]): of those that hold keys elsewhere only the older waits, so there is no
 * cycle of waiting.
 */

import { utf8Length } from "../utf8-length.ts";
import { KEEP_MS, LOCK_WAIT_MS, MAX_PREPARED_BYTES } from "./commit-limits.ts";
import { type Footprint, type Locks, locksOf } from "./footprint.ts";
import { dropReservation, heldAgainst, isReserved, reserve } from "./lock-check.ts";
import type { DoneRun, ObjectPort, PreparedRow } from "./object-port.ts";
import { type Draft, type Held, holdOf, type WaitingPrepare } from "./object-state.ts";
import { release } from "./settle.ts";
import {
  COMMIT_VERSION,
  comparePriority,
  type PrepareMessage,
  type QueueMessage,
  type Txid,
  type Vote,
} from "./transaction-message.ts";

/** Answers the call with a vote, or puts it among those who wait. `sinceMs`: when it first asked. */
export function prepare<W>(
  draft: Draft<W>,
  call: number,
  message: PrepareMessage<W> | QueueMessage<W>,
  sinceMs: number,
  port: ObjectPort<W>,
): void {
  const vote = tryPrepare(draft, call, message, sinceMs, port);
  if (vote !== null) draft.replies.push({ call, reply: vote });
}

function tryPrepare<W>(
  draft: Draft<W>,
  call: number,
  message: PrepareMessage<W> | QueueMessage<W>,
  sinceMs: number,
  port: ObjectPort<W>,
): Vote | null {
  const { nowMs } = draft;
  if (message.v !== COMMIT_VERSION) return no("unavailable");
  // A late or repeated message: different stubs are unordered, so an abort may have come before.
  if (port.findDecision(message.txid) !== null || port.findApplied(message.txid) !== null) return no("late");
  const own = draft.state.held.get(message.txid);
  if (own !== undefined) return yes(own.row);
  for (const txid of message.supersedes) giveUp(draft, txid);
  if (nowMs > message.deadlineMs) return no("late");
  if (port.refusal() !== null) return no("unavailable");

  const run = port.run(message.work, () => null);
  const locks = run.kind === "changed" ? wantedAfterAll(run.footprint) : locksOf(run.footprint);
  const isKept = isReserved(draft.state, locks, message.priority, port.isInRange, nowMs);
  const isOver = nowMs - sinceMs >= LOCK_WAIT_MS;
  // While somebody older is about to write there, new reads would not last: it has its turn when they are done.
  if (run.kind === "changed" && !(isKept && !isOver && mayWait(message, [], isKept))) {
    reserve(draft, message.priority, run.footprint);
    return no("changed");
  }
  const blockers = heldAgainst(draft.state, locks, port.isInRange);
  if (blockers.length > 0 || isKept) {
    if (!mayWait(message, blockers, isKept)) return no("conflict");
    if (isOver) {
      reserve(draft, message.priority, run.footprint);
      return no("conflict");
    }
    wait(draft, { call, message, sinceMs, locks, blockedBy: blockers.map((each) => each.row.txid) });
    return null;
  }
  if (run.kind === "changed") return no("changed");
  if (run.kind === "fault") return { kind: "fault", fault: run.fault };
  if (message.kind === "queue") {
    reserve(draft, message.priority, run.footprint);
    return { kind: "yes", hasChanges: false, withdraws: false, result: null };
  }
  return promise(draft, message, run);
}

/** What was seen was changed, so nothing was run: it is going to write what it read, or it would not be here. */
function wantedAfterAll(footprint: Footprint): Locks {
  const locks = locksOf(footprint);
  return { ...locks, exclusive: new Set([...locks.exclusive, ...locks.shared]) };
}

/** The older may wait for the younger; whoever holds nothing elsewhere, for anybody. `isKept`: for an older request that waits. */
export function mayWait<W>(
  message: Pick<PrepareMessage<W>, "holdsElsewhere" | "priority">,
  blockers: readonly Held[],
  isKept: boolean,
): boolean {
  if (!message.holdsElsewhere) return true;
  return !isKept && blockers.every((each) => comparePriority(message.priority, each.row.priority) <= 0);
}

function promise<W>(draft: Draft<W>, message: PrepareMessage<W>, run: DoneRun): Vote {
  const row: PreparedRow = {
    txid: message.txid,
    decider: message.decider,
    deadlineMs: message.deadlineMs,
    priority: message.priority,
    preparedAtMs: draft.nowMs,
    footprint: run.footprint,
    result: run.result,
    extra: run.extra,
    withdraws: run.withdraws,
  };
  const bytes = utf8Length(JSON.stringify(row));
  if (bytes > MAX_PREPARED_BYTES)
    return { kind: "fault", fault: { slug: "batch-limit-exceeded", limit: "bytes", requested: bytes } };
  dropReservation(draft, message.priority);
  draft.writes.push({ kind: "put-prepared", row });
  draft.state = { ...draft.state, held: new Map(draft.state.held).set(message.txid, holdOf(row)) };
  return yes(row);
}

function wait<W>(draft: Draft<W>, waiting: WaitingPrepare<W>): void {
  draft.state = { ...draft.state, prepares: [...draft.state.prepares, waiting] };
}

/** An earlier try of the same request is dead: its driver had a final answer before it began anew. */
function giveUp<W>(draft: Draft<W>, txid: Txid): void {
  if (!draft.state.held.has(txid)) return;
  release(draft, txid);
  draft.writes.push({
    kind: "put-decision",
    decision: { kind: "aborted", txid },
    expiresAtMs: draft.nowMs + KEEP_MS,
  });
}

function yes(row: PreparedRow): Vote {
  return {
    kind: "yes",
    hasChanges: row.footprint.changes.length > 0,
    withdraws: row.withdraws,
    result: row.result,
  };
}

function no(reason: Extract<Vote, { kind: "no" }>["reason"]): Vote {
  return { kind: "no", reason };
}
