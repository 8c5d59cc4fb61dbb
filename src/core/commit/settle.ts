/**
 * The second phase in a participant: the decision is carried out, committed ([TP6]) or aborted ([TP7]), as often as it is told.
 * What was applied stays applied; what was aborted leaves a fence.
 */

import { KEEP_MS } from "./commit-limits.ts";
import type { ObjectPort } from "./object-port.ts";
import type { Draft } from "./object-state.ts";
import type { Confirmation, Outcome, Txid } from "./transaction-message.ts";

/** Applies the prepared images and lets the keys go. */
export function commitPrepared<W>(
  draft: Draft<W>,
  txid: Txid,
  parts: Extract<Outcome, { kind: "committed" }>["parts"],
  port: ObjectPort<W>,
): Confirmation {
  const applied = port.findApplied(txid);
  const held = draft.state.held.get(txid);
  if (held === undefined) return { seq: applied };
  const seq = applied ?? port.apply(held.row, { txid, parts });
  release(draft, txid);
  return { seq };
}

/** Lets the keys go and leaves a fence, so that a `prepare` that is still under way is refused. */
export function abortPrepared<W>(draft: Draft<W>, txid: Txid, port: ObjectPort<W>): Confirmation {
  const applied = port.findApplied(txid);
  if (applied !== null) return { seq: applied };
  if (draft.state.held.has(txid)) release(draft, txid);
  const waiting = draft.state.prepares.filter((each) => each.message.txid === txid);
  if (waiting.length > 0) {
    draft.state = { ...draft.state, prepares: draft.state.prepares.filter((each) => each.message.txid !== txid) };
    draft.hasReleased = true;
    for (const { call } of waiting) draft.replies.push({ call, reply: { kind: "no", reason: "late" } });
  }
  if (port.findDecision(txid) === null) {
    draft.writes.push({
      kind: "put-decision",
      decision: { kind: "aborted", txid },
      expiresAtMs: draft.nowMs + KEEP_MS,
    });
  }
  return { seq: null };
}

/** Deletes the promise and its keys. */
export function release<W>(draft: Draft<W>, txid: Txid): void {
  const held = new Map(draft.state.held);
  held.delete(txid);
  draft.state = { ...draft.state, held };
  draft.writes.push({ kind: "drop-prepared", txid });
  draft.hasReleased = true;
}
