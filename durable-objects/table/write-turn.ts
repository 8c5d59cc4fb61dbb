/**
 * What a turn of the protocol writes, in its storage transaction: the protocol's own tables, the reply under the key of the request,
 * and the timers that clean up after both.
 */

import type { Write } from "../../src/core/commit/object-port.ts";
import type { TransactionKey } from "../../src/core/commit/transaction-message.ts";
import { unreachable } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { FailPointName } from "./fail-points.ts";
import { storeReply } from "./replies.ts";
import type { Store } from "./store.ts";
import { schedule } from "./timers.ts";
import { DECISION_KEPT_MS, writeTransaction } from "./transaction-tables.ts";

/** `key`: of the request that the turn decides, where it does. */
export function writeTurn(store: Store, write: Write, key: TransactionKey | null): void {
  if (write.kind === "put-reply") keepReply(store, write.idempotency, write.reply);
  else writeTransaction(store.sql, write, key, store.clock());
  if (write.kind === "put-decision") schedule(store.sql, store.alarm, "decisions", store.clock() + DECISION_KEPT_MS);
  store.failPoint?.(pointAfter(write));
}

function pointAfter(write: Write): FailPointName {
  switch (write.kind) {
    case "put-prepared":
      return "agree.promise-written";
    case "drop-prepared":
      return "agree.promise-dropped";
    case "put-decision":
      return write.decision.kind === "aborted" ? "agree.fence-written" : "agree.decision-written";
    case "settle-decision":
      return "agree.settled-written";
    case "put-reply":
      return "agree.reply-written";
    default:
      return unreachable(write);
  }
}

/** In the form of every stored reply, so that a repetition finds it whichever way it comes. */
function keepReply(store: Store, key: TransactionKey, reply: Json): void {
  const body = JSON.stringify(reply);
  const position = positionToken(store.epoch, store.head.seq);
  const answer = { kind: "answer", status: 200, headers: {}, body, position } as const;
  const minimal = JSON.stringify({ ...(reply as object), results: {}, value: null });
  storeReply(store.sql, key, answer, minimal, store.clock());
  schedule(store.sql, store.alarm, "replies", store.clock() + key.ttlMs);
}
