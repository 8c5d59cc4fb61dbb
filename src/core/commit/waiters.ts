/**
 * Those who wait for keys, looked at again when some were let go: prepares first, the oldest request before the others ([TX29]),
 * then single writes in the order of their coming, then reads.
 */

import { LOCK_WAIT_MS } from "./commit-limits.ts";
import { heldAgainst, isReserved } from "./lock-check.ts";
import type { ObjectPort } from "./object-port.ts";
import type { Draft, WaitingPrepare } from "./object-state.ts";
import { mayWait, prepare } from "./prepare.ts";
import { rerunReaders } from "./readers.ts";
import { comparePriority } from "./transaction-message.ts";

/** Until nothing more is let go: a prepare that goes on may end earlier tries of its request. */
export function wakeWaiters<W>(draft: Draft<W>, port: ObjectPort<W>): void {
  while (draft.hasReleased) {
    draft.hasReleased = false;
    const isUnblocked = ({ blockedBy }: WaitingPrepare<W>) => !blockedBy.some((txid) => draft.state.held.has(txid));
    retryPrepares(draft, isUnblocked, port);
    retryWrites(draft, port);
    rerunReaders(draft);
  }
}

/** Prepares and writes that have waited as long as they may ([TX25]). */
export function endWaits<W>(draft: Draft<W>, port: ObjectPort<W>): void {
  const { nowMs } = draft;
  retryPrepares(draft, (each) => isOver(each, nowMs), port);
  const over = draft.state.writes.filter((each) => nowMs - each.sinceMs >= LOCK_WAIT_MS);
  if (over.length === 0) return;
  draft.state = { ...draft.state, writes: draft.state.writes.filter((each) => !over.includes(each)) };
  for (const { call } of over) draft.calls.push({ kind: "refuse", call, reason: "conflict" });
}

function isOver<W>({ sinceMs, message }: WaitingPrepare<W>, nowMs: number): boolean {
  return nowMs - sinceMs >= LOCK_WAIT_MS || nowMs > message.deadlineMs;
}

function retryPrepares<W>(
  draft: Draft<W>,
  isChosen: (waiting: WaitingPrepare<W>) => boolean,
  port: ObjectPort<W>,
): void {
  const chosen = draft.state.prepares.filter(isChosen);
  if (chosen.length === 0) return;
  chosen.sort((a, b) => comparePriority(a.message.priority, b.message.priority));
  for (const each of chosen) {
    const others = draft.state.prepares.filter((other) => other !== each);
    const blockers = heldAgainst(draft.state, each.locks, port.isInRange);
    const line = { ...draft.state, prepares: others };
    const isKept = isReserved(line, each.locks, each.message.priority, port.isInRange, draft.nowMs);
    const isInTurn = blockers.length === 0 && !isKept;
    if (!isInTurn && !isOver(each, draft.nowMs) && mayWait(each.message, blockers, isKept)) {
      // Somebody who came before it has the keys now, or gets them next: no need to run to see that.
      draft.state = {
        ...draft.state,
        prepares: [...others, { ...each, blockedBy: blockers.map((held) => held.row.txid) }],
      };
      continue;
    }
    draft.state = { ...draft.state, prepares: others };
    prepare(draft, each.call, each.message, each.sinceMs, port);
    // Waiting no more, it stands no more in the way of writes.
    if (!draft.state.prepares.some((other) => other.call === each.call)) draft.hasReleased = true;
  }
}

function retryWrites<W>(draft: Draft<W>, port: ObjectPort<W>): void {
  const { writes } = draft.state;
  if (writes.length === 0) return;
  const free = writes.filter(
    ({ locks }) =>
      heldAgainst(draft.state, locks, port.isInRange).length === 0 &&
      !isReserved(draft.state, locks, null, port.isInRange, draft.nowMs),
  );
  if (free.length === 0) return;
  draft.state = { ...draft.state, writes: writes.filter((each) => !free.includes(each)) };
  for (const { call } of free) draft.calls.push({ kind: "rerun", call, mode: "first" });
}
