/**
 * Reads that meet what is prepared ([TP12]). A read waits a little for the keys; then it runs again in the turn that asks the
 * deciding objects. *Pending* means that nothing was decided when it ran, so what it saw is the answer; any other outcome is
 * carried out first and it runs anew. The answer to an older question proves nothing and is not used.
 */

import { FIRST_ASK_MS, READ_ASK_AGAIN_MS, READ_PATIENCE_MS, READ_WAIT_MS } from "./commit-limits.ts";
import { type Footprint, locksOf } from "./footprint.ts";
import { heldAgainst } from "./lock-check.ts";
import type { ObjectPort } from "./object-port.ts";
import type { Draft, Held, Reader } from "./object-state.ts";
import { COMMIT_VERSION, type Txid } from "./transaction-message.ts";

interface ReadRun {
  readonly call: number;
  readonly mode: "first" | "ask";
  readonly sinceMs: number;
  readonly footprint: Footprint;
}

/** A read has run in this turn: its result stands, or waits for what it met. */
export function admitRead<W>(draft: Draft<W>, run: ReadRun, port: ObjectPort<W>): void {
  const met = heldAgainst(draft.state, locksOf({ ...run.footprint, changes: [], uniques: [] }), port.isInRange);
  if (met.length === 0) {
    draft.calls.push({ kind: "answer", call: run.call });
    return;
  }
  const blockedBy = met.map((each) => each.row.txid);
  const { call, sinceMs } = run;
  if (run.mode === "first") {
    addReader(draft, { call, sinceMs, blockedBy, asks: null, timerAtMs: sinceMs + READ_WAIT_MS });
  } else {
    const asks = met.map((each) => askDecider(draft, each));
    addReader(draft, { call, sinceMs, blockedBy, asks, timerAtMs: draft.nowMs + READ_ASK_AGAIN_MS });
  }
}

function addReader<W>(draft: Draft<W>, reader: Reader): void {
  draft.state = { ...draft.state, readers: [...draft.state.readers, reader] };
}

/** Sends a question and returns its number. A reader ends nothing that was prepared just now. */
function askDecider<W>(draft: Draft<W>, { row }: Held): number {
  const ask = draft.state.lastAsk + 1;
  draft.state = { ...draft.state, lastAsk: ask };
  draft.sends.push({
    to: row.decider,
    message: {
      kind: "resolve",
      v: COMMIT_VERSION,
      txid: row.txid,
      deadlineMs: row.deadlineMs,
      urgency: draft.nowMs - row.preparedAtMs >= FIRST_ASK_MS ? "expire" : "ask",
      ask,
    },
  });
  return ask;
}

/** *Pending* to this question: readers that asked it have one less to wait for. */
export function answerPending<W>(draft: Draft<W>, ask: number): void {
  const readers: Reader[] = [];
  for (const reader of draft.state.readers) {
    if (reader.asks?.includes(ask) !== true) {
      readers.push(reader);
      continue;
    }
    const asks = reader.asks.filter((each) => each !== ask);
    if (asks.length > 0) readers.push({ ...reader, asks });
    else draft.calls.push({ kind: "answer", call: reader.call });
  }
  draft.state = { ...draft.state, readers };
}

/** Keys were let go: readers that met them run again, those that have asked in a turn that asks anew. */
export function rerunReaders<W>(draft: Draft<W>): void {
  const isHeld = (txid: Txid) => draft.state.held.has(txid);
  sortReaders(draft, (reader) => {
    if (reader.blockedBy.every(isHeld)) return "stay";
    return reader.asks === null && reader.blockedBy.some(isHeld) ? "stay" : "rerun";
  });
}

/** Readers that waited long enough ask; those whose questions stay unanswered ask again, and at last give up. */
export function wakeReaders<W>(draft: Draft<W>): void {
  sortReaders(draft, (reader) => {
    if (reader.timerAtMs > draft.nowMs) return "stay";
    return draft.nowMs - reader.sinceMs >= READ_PATIENCE_MS ? "refuse" : "rerun";
  });
}

function sortReaders<W>(draft: Draft<W>, fateOf: (reader: Reader) => "stay" | "rerun" | "refuse"): void {
  const readers: Reader[] = [];
  for (const reader of draft.state.readers) {
    const fate = fateOf(reader);
    if (fate === "stay") readers.push(reader);
    else if (fate === "refuse") draft.calls.push({ kind: "refuse", call: reader.call, reason: "unavailable" });
    else {
      const isWaiting = reader.asks === null && draft.nowMs - reader.sinceMs < READ_WAIT_MS;
      draft.calls.push({ kind: "rerun", call: reader.call, mode: isWaiting ? "first" : "ask" });
    }
  }
  draft.state = { ...draft.state, readers };
}
