/**
 * The commit point ([TP5]): in one synchronous turn the deciding object looks for an earlier answer, checks deadline and key, runs
 * its own part under its locks, and writes rows, decision and reply together. Every refusal writes the abort in the same turn,
 * so that a repeated message cannot be answered otherwise.
 */

import type { Json } from "../json.ts";
import { ANSWER_PATIENCE_MS, FIRST_RESEND_MS, KEEP_MS } from "./commit-limits.ts";
import { type Footprint, locksOf, NOTHING_TOUCHED } from "./footprint.ts";
import { dropReservation, heldAgainst, isReserved, reserve } from "./lock-check.ts";
import type { DoneRun, ObjectPort, Run, TransactionTag } from "./object-port.ts";
import type { Draft } from "./object-state.ts";
import {
  COMMIT_VERSION,
  type DecideMessage,
  type DecideReply,
  isSameRequest,
  type Refusal,
} from "./transaction-message.ts";

/** Decides, and answers the call at once or when the parts that it awaits are applied. */
export function decide<W>(draft: Draft<W>, call: number, message: DecideMessage<W>, port: ObjectPort<W>): void {
  const { txid, idempotency } = message;
  const decision = port.findDecision(txid);
  if (decision !== null) {
    draft.replies.push({
      call,
      reply:
        decision.kind === "committed"
          ? { kind: "committed", reply: decision.reply, parts: decision.parts }
          : { kind: "aborted", reason: "late" },
    });
    return;
  }
  const abort = (reply: DecideReply) => {
    draft.writes.push({
      kind: "put-decision",
      decision: { kind: "aborted", txid },
      expiresAtMs: draft.nowMs + KEEP_MS,
    });
    draft.replies.push({ call, reply });
  };
  const refuse = (reason: Refusal) => abort({ kind: "aborted", reason });
  if (message.v !== COMMIT_VERSION) {
    refuse("unavailable");
    return;
  }
  const known = port.findReply(idempotency.key);
  if (known !== null) {
    abort(
      isSameRequest(known.fingerprint, idempotency)
        ? { kind: "replayed", reply: known.reply }
        : { kind: "fault", fault: { slug: "idempotency-mismatch" } },
    );
    return;
  }
  const isLate = draft.nowMs > message.deadlineMs;
  if (isLate || port.refusal() !== null) {
    refuse(isLate ? "late" : "unavailable");
    return;
  }

  let isBlocked = false;
  const run = runOwnPart(message, port, (footprint) => {
    const locks = locksOf(footprint);
    isBlocked =
      heldAgainst(draft.state, locks, port.isInRange).length > 0 ||
      isReserved(draft.state, locks, message.priority, port.isInRange, draft.nowMs);
    return !isBlocked;
  });
  if (run.kind === "done" && !isBlocked) {
    record(draft, call, message, run, port);
    return;
  }
  if (run.kind === "fault" && !isBlocked) {
    abort({ kind: "fault", fault: run.fault });
    return;
  }
  reserve(draft, message.priority, run.footprint);
  refuse(run.kind === "changed" ? "changed" : "conflict");
}

/** `mayStay` is asked of what was touched, also when a check failed: the check may have met what is not decided yet. */
function runOwnPart<W>(
  message: DecideMessage<W>,
  port: ObjectPort<W>,
  mayStay: (footprint: Footprint) => boolean,
): Run {
  if (message.work === null)
    return { kind: "done", footprint: NOTHING_TOUCHED, result: null, extra: null, withdraws: false };
  const run = port.run(message.work, (done) => (mayStay(done.footprint) ? tagOf(message, done) : null));
  if (run.kind === "fault") mayStay(run.footprint);
  return run;
}

function record<W>(draft: Draft<W>, call: number, message: DecideMessage<W>, run: DoneRun, port: ObjectPort<W>): void {
  const { txid, participants, idempotency, decider } = message;
  const { parts } = tagOf(message, run);
  const pending = participants.map((each) => each.object);
  const results: Record<string, Json> = Object.fromEntries(participants.map((each) => [each.object, each.result]));
  const own = message.work === null ? results : { ...results, [decider]: run.result };
  const reply = port.composeReply({ txid, decider, parts, results: own });
  dropReservation(draft, message.priority);
  draft.writes.push({
    kind: "put-decision",
    decision: { kind: "committed", txid, parts, pending, reply, decidedAtMs: draft.nowMs },
    expiresAtMs: pending.length === 0 ? draft.nowMs + KEEP_MS : null,
  });
  draft.writes.push({ kind: "put-reply", idempotency, reply });
  const answer: DecideReply = { kind: "committed", reply, parts };
  const awaits = message.awaits.filter((each) => pending.includes(each));
  if (awaits.length === 0) draft.replies.push({ call, reply: answer });
  if (pending.length === 0) return;
  const unsettled = {
    parts,
    pending,
    resendAtMs: draft.nowMs + FIRST_RESEND_MS,
    answer: awaits.length === 0 ? null : { call, reply: answer, awaits, untilMs: draft.nowMs + ANSWER_PATIENCE_MS },
  };
  draft.state = { ...draft.state, unsettled: new Map(draft.state.unsettled).set(txid, unsettled) };
  for (const to of pending) draft.sends.push({ to, message: { kind: "commit", v: COMMIT_VERSION, txid, parts } });
}

/** Objects with a ledger row of this transaction: those that changed something. */
function tagOf<W>(message: DecideMessage<W>, run: DoneRun): TransactionTag {
  const changed = message.participants.filter((each) => each.hasChanges).map((each) => each.object);
  return { txid: message.txid, parts: run.footprint.changes.length > 0 ? [message.decider, ...changed] : changed };
}
