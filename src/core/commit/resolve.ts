/**
 * What the deciding object says of a transaction ([TP8] [TP13]): committed or aborted as recorded; pending while it may still be
 * decided. Before it says *aborted* of one that is not recorded it writes the abort, which a late `decide` then meets. Here too:
 * confirmations of participants, and the review before a failure is answered.
 */

import type { ObjectName } from "../ids.ts";
import { KEEP_MS } from "./commit-limits.ts";
import { locksOf } from "./footprint.ts";
import { heldAgainst } from "./lock-check.ts";
import type { ObjectPort } from "./object-port.ts";
import type { Draft } from "./object-state.ts";
import {
  isSameRequest,
  type Outcome,
  type ResolveMessage,
  type ResolveReply,
  type ReviewMessage,
  type ReviewReply,
  type Txid,
} from "./transaction-message.ts";

export function resolve<W>(draft: Draft<W>, message: ResolveMessage, port: ObjectPort<W>): ResolveReply {
  return { ask: message.ask, outcome: outcomeOf(draft, message, port) };
}

function outcomeOf<W>(draft: Draft<W>, { txid, deadlineMs, urgency }: ResolveMessage, port: ObjectPort<W>): Outcome {
  // Always from the table: an instance that has been replaced without knowing it must not answer from memory.
  const decision = port.findDecision(txid);
  if (decision?.kind === "committed") return { kind: "committed", parts: decision.parts, reply: decision.reply };
  if (decision?.kind === "aborted") return { kind: "aborted" };
  const isOver = urgency === "end" || (urgency === "expire" && draft.nowMs > deadlineMs);
  if (!isOver) return { kind: "pending" };
  draft.writes.push({
    kind: "put-decision",
    decision: { kind: "aborted", txid },
    expiresAtMs: draft.nowMs + KEEP_MS,
  });
  return { kind: "aborted" };
}

/** A participant has carried the decision out. Only the last one costs a row. */
export function confirm<W>(draft: Draft<W>, txid: Txid, object: ObjectName): void {
  const entry = draft.state.unsettled.get(txid);
  if (entry === undefined) return;
  const pending = entry.pending.filter((each) => each !== object);
  const unsettled = new Map(draft.state.unsettled);
  const awaits = entry.answer?.awaits.filter((each) => each !== object) ?? [];
  const isAnswered = entry.answer !== null && awaits.length === 0;
  if (entry.answer !== null && isAnswered) draft.replies.push({ call: entry.answer.call, reply: entry.answer.reply });
  if (pending.length === 0) {
    unsettled.delete(txid);
    draft.writes.push({ kind: "settle-decision", txid, expiresAtMs: draft.nowMs + KEEP_MS });
  } else {
    const answer = entry.answer === null || isAnswered ? null : { ...entry.answer, awaits };
    unsettled.set(txid, { ...entry, pending, answer });
  }
  draft.state = { ...draft.state, unsettled };
}

/** Is there a reply under the key; if not, what does the own part come to? Rolled back, and nothing is held. */
export function review<W>(draft: Draft<W>, message: ReviewMessage<W>, port: ObjectPort<W>): ReviewReply {
  const known = port.findReply(message.idempotency.key);
  if (known !== null) {
    return isSameRequest(known.fingerprint, message.idempotency)
      ? { kind: "replayed", reply: known.reply }
      : { kind: "fault", fault: { slug: "idempotency-mismatch" } };
  }
  if (message.work === null) return { kind: "unchanged" };
  const run = port.run(message.work, () => null);
  const isBlocked = heldAgainst(draft.state, locksOf(run.footprint), port.isInRange).length > 0;
  if (run.kind === "changed" || isBlocked) return { kind: "changed" };
  return run.kind === "fault" ? { kind: "fault", fault: run.fault } : { kind: "unchanged" };
}
