/**
 * One call inside its object, from the store's side: a read that waits for rows that transactions hold, a write that may share its
 * storage transaction, and the fault of what failed, as data. The object's class brings the call and sends the reply.
 */

import { Fault } from "../../src/core/fault.ts";
import { isWrite, type ObjectCall, type ObjectReply } from "../../src/core/protocol/object-call.ts";
import type { ActiveObject } from "./active-object.ts";
import { callWeight } from "./call-weight.ts";
import { handleCall, touchedBy } from "./handle-call.ts";
import { errorText, logLine } from "./log-line.ts";
import { storageFault } from "./storage-fault.ts";
import type { Store } from "./store.ts";

/** A promise only where there is something to wait for. Throws `Blocked` where a write meets what a transaction holds. */
export function carryOutCall(object: ActiveObject, call: ObjectCall): ObjectReply | Promise<ObjectReply> {
  const { store, host, groups } = object;
  if (!isWrite(call)) {
    if (call.consistency === "committed" || host.isFreeForReads()) return handleCall(store, call);
    return host.read({ footprint: touchedBy(store, call), run: (note) => handleCall(store, call, note) });
  }
  const reply = groups.submit(
    () => handleCall(store, call),
    () => callWeight(call),
  );
  return reply instanceof Promise
    ? reply.then((done) => object.afterWrite(done, committedAt(done)))
    : object.afterWrite(reply, committedAt(reply));
}

/** What the caller is told of an error; of an unexpected one nothing, it is in the log of the object. `store` undefined: it could not be opened. */
export function callFault(error: unknown, call: ObjectCall, store: Store | undefined): ObjectReply {
  const position = store === undefined ? null : `${store.epoch}:${store.head.seq}`;
  if (error instanceof Fault) return { kind: "fault", fault: error.data, position };
  const fault = storageFault(error);
  logLine("error", fault === null ? "defect in an object" : "the storage of an object fails", {
    object: store?.name ?? call.object,
    table: call.table,
    op: call.op,
    requestId: call.requestId,
    traceparent: call.traceparent,
    error: errorText(error),
  });
  return { kind: "fault", fault: fault?.data ?? { slug: "internal-error" }, position };
}

/** Where a write stands, also one that is answered again; null: it committed nothing. */
function committedAt(reply: ObjectReply): number | null {
  return reply.kind === "answer" ? Number(reply.position.slice(reply.position.lastIndexOf(":") + 1)) : null;
}
