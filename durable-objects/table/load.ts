/**
 * The first half of a write whose resource has an asynchronous before-hook: everything up to the hook (stored reply, load,
 * permission, preconditions), and the whole row for it. Writes nothing.
 */

import { admit } from "../../src/core/change/plan-write.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { LoadCall, ObjectReply } from "../../src/core/protocol/object-call.ts";
import { findReply } from "./replies.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { callerFacts } from "./write-facts.ts";

export function load(store: Store, table: TableStore, call: LoadCall): ObjectReply {
  const now = store.clock();
  const known = call.idempotency === null ? null : findReply(store.sql, call.idempotency, now);
  if (known !== null) return known;
  const stored = call.intent.id === null ? null : table.find(call.intent.id);
  const admitted = admit(call.intent, stored, callerFacts(store, table, call, [], now));
  const position = positionToken(store.epoch, store.head.seq);
  return { kind: "loaded", row: admitted?.row ?? null, version: stored?.version ?? null, position };
}
