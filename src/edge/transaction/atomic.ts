/**
 * All or nothing ([TX1]): runs a transaction until it commits or is refused. Where others changed what it had seen, it begins anew with
 * fresh reads, after a growing pause, within its number of tries and its time ([TX12] [TX30]).
 */

import { Fault } from "../../core/fault.ts";
import { hex } from "../../core/hex.ts";
import { uuidv7 } from "../../core/ids.ts";
import { retryPauseMs, TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { Isolation } from "../../core/transaction/operation.ts";
import type { ObjectAnswer } from "../endpoints/answer.ts";
import { mintId, type WriteKey } from "../idempotency.ts";
import { awaitParts } from "./await-parts.ts";
import { findReply } from "./find-reply.ts";
import { isConflict } from "./make-action.ts";
import type { Target } from "./open-target.ts";
import type { Origin } from "./origin.ts";
import { settleRefusal, wasSubmitted } from "./refusal.ts";
import { Replay, type RunFrame } from "./run.ts";
import { maxPauseOf } from "./submit-across.ts";

export interface FrameOptions {
  readonly origin: Origin;
  readonly key: WriteKey;
  readonly keeper: Target | null;
  readonly isolation: Isolation;
}

/** What the runs of one transaction share: time, ids and chance are drawn once ([TX3]). */
export function openFrame({ origin, key, keeper, isolation }: FrameOptions): RunFrame {
  const { nowMs } = origin.exchange;
  const ids: string[] = [];
  return {
    origin,
    key,
    keeper,
    isolation,
    facts: { txid: mintId(nowMs), nowMs, seed: hex(crypto.getRandomValues(new Uint8Array(16))), isolation },
    deadlineMs: Date.now() + TRANSACTION_LIMITS.timeMs,
    newId(index) {
      ids[index] ??= uuidv7(nowMs, crypto.getRandomValues(new Uint8Array(10)));
      return ids[index];
    },
  };
}

/** `attempt` makes a run of its own each time. A stored reply found on the way is the answer, once all parts of that transaction are applied. */
export async function untilCommitted<A extends ObjectAnswer | null>(
  frame: RunFrame,
  maxTries: number,
  attempt: () => Promise<A>,
): Promise<A | ObjectAnswer> {
  const answer = await untilAnswered(frame, maxTries, attempt);
  if (answer?.isReplay === true) await awaitParts(frame.origin, answer);
  return answer;
}

async function untilAnswered<A extends ObjectAnswer | null>(
  frame: RunFrame,
  maxTries: number,
  attempt: () => Promise<A>,
): Promise<A | ObjectAnswer> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Replay) return error.answer;
      if (!isConflict(error)) {
        // An earlier request with this key may have succeeded on what has changed since.
        const known = wasSubmitted(frame) ? null : await findReply(frame);
        if (known !== null) return known;
        const settled = await settleRefusal(frame);
        if (settled === "stands") throw error;
        if (settled !== "again") return settled;
      }
      const maxMs = maxPauseOf(frame);
      const pauseMs = maxMs === null ? retryPauseMs(tries, randomFraction()) : maxMs * randomFraction();
      if (tries >= maxTries || Date.now() + pauseMs > frame.deadlineMs) {
        const known = await findReply(frame);
        if (known !== null) return known;
        throw conflict(tries);
      }
      await new Promise((resume) => setTimeout(resume, pauseMs));
    }
  }
}

/** From 0 up to 1: retries that met once do not meet again. */
function randomFraction(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

function conflict(tries: number): Fault {
  return new Fault({ slug: "transaction-conflict", retryable: true, tries, retryAfter: 1 });
}
