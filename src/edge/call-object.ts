/**
 * One call to one object, and what becomes of it when the object is lost on the way ([HT71] [HT72]). A read is repeated
 * once. A write is repeated once under the same key, so that it cannot take place twice; if that is lost too, the caller
 * learns that the outcome is unknown, and with which key to ask again. An overloaded object is never queued for.
 */

import { Fault, type FaultData } from "../core/fault.ts";
import { errorFields } from "../core/log.ts";
import { isWrite, type MutatingCall, type ObjectCall, type ObjectReply } from "../core/protocol/object-call.ts";
import type { ProcedureCall } from "../core/protocol/procedure-call.ts";
import { decodeReply, encodeCall } from "../core/protocol/wire.ts";
import { enterObject, hasOverdueCall, leaveObject } from "./calls-in-flight.ts";
import type { TableRequest } from "./exchange.ts";
import { ATTEMPT_DEADLINE_MS, CALL_TIMEOUT_MS } from "./limits.ts";

/** A fault that an object answered, with the position it answered from. */
export class ObjectFault extends Fault {
  readonly position: string | null;

  constructor(data: FaultData, position: string | null) {
    super(data);
    this.position = position;
  }
}

/** What a failed call means. Decided by properties the runtime sets (workerd 1.20261023), never by message text. */
type Failure = "overloaded" | "lost" | "timeout" | "defect";

/** Calls with a reply other than a fault; a fault is thrown. */
export type Success = Exclude<ObjectReply, { kind: "fault" }>;

export async function readObject(request: TableRequest, call: Exclude<ObjectCall, MutatingCall>): Promise<Success> {
  let failure = await attempt(request, call);
  if (failure.kind === "reply") return failure.reply;
  if (failure.cause === "lost") failure = await attempt(request, call);
  if (failure.kind === "reply") return failure.reply;
  switch (failure.cause) {
    case "overloaded":
      throw new Fault({ slug: "overloaded", retryAfter: 1 });
    case "timeout":
      throw new Fault({ slug: "timeout" });
    case "lost":
      throw new Fault({ slug: "unavailable", retryAfter: 1 });
    case "defect":
      throw failure.error;
  }
}

/** Those that their key makes safe to repeat. */
type RepeatableCall = Exclude<MutatingCall, ProcedureCall>;

/** `key` is what the client may repeat the request with. */
export async function writeObject(request: TableRequest, call: RepeatableCall, key: string): Promise<Success> {
  const first = await attempt(request, call);
  if (first.kind === "reply") return first.reply;
  if (first.cause === "overloaded") throw new Fault({ slug: "overloaded", retryAfter: 1 });
  if (first.cause === "defect") throw first.error;
  const isInTime = Date.now() - request.nowMs < ATTEMPT_DEADLINE_MS;
  if (first.cause === "lost" && isInTime) {
    const repeat = { ...call, attempt: call.attempt === null ? null : { ...call.attempt, isRepeat: true } };
    const second = await attempt(request, repeat).catch((error: unknown) => {
      // A passing failure of the repetition says nothing about what the first one did.
      if (error instanceof Fault && (error.data.slug === "overloaded" || error.data.slug === "unavailable"))
        return null;
      throw error;
    });
    if (second?.kind === "reply") return second.reply;
    if (second?.cause === "defect") throw second.error;
  }
  throw new Fault({ slug: "outcome-unknown", retryAfter: 1, idempotencyKey: key });
}

type Outcome =
  | { readonly kind: "reply"; readonly reply: Success }
  | { readonly kind: "failure"; readonly cause: Failure; readonly error: unknown };

async function attempt({ env, object, log }: TableRequest, call: ObjectCall): Promise<Outcome> {
  const ticket = enterObject(object, Date.now());
  if (ticket === null) throw new Fault({ slug: "overloaded", retryAfter: 1 });
  let reply: ObjectReply;
  try {
    // A stub that threw stays broken, so every attempt takes a new one.
    const sent = env.LEDGE_TABLES.getByName(object).call(encodeCall(call));
    reply = decodeReply(await (isTimed(call, object) ? withTimeout(CALL_TIMEOUT_MS, sent) : sent));
  } catch (error) {
    const cause = causeOf(error);
    if (cause !== "defect") log.warn("object call failed", { object, op: call.op, cause, ...errorFields(error) });
    return { kind: "failure", cause, error };
  } finally {
    leaveObject(object, ticket);
  }
  if (reply.kind === "fault") throw new ObjectFault(reply.fault, reply.position);
  return { kind: "reply", reply };
}

function causeOf(error: unknown): Failure {
  if (error instanceof CallTimeout) return "timeout";
  // Raised on this side before anything was sent: no such binding, or a value that cannot be copied.
  if (error instanceof TypeError || (error as Error | null)?.name === "DataCloneError") return "defect";
  const { overloaded, retryable, durableObjectReset, remote } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (overloaded === true) return "overloaded";
  if (retryable === true || durableObjectReset === true) return "lost";
  // Thrown by the object's own code; whatever it had begun was rolled back with its transaction.
  return remote === true ? "defect" : "lost";
}

class CallTimeout extends Error {}

/**
 * A timer costs a read as much as its SQL (`docs/benchmarks.md`), and an object that answers at all answers within milliseconds. So a
 * read has one only while an earlier call to its object is overdue; the first reads into a hanging object end with the platform's
 * own limit on it (30 s, storage that does not answer resets the object). A write always has one: its outcome must be told.
 */
function isTimed(call: ObjectCall, object: string): boolean {
  return isWrite(call) || hasOverdueCall(object);
}

/** Throws `CallTimeout` where the answer takes longer; nothing is left running for it afterwards. */
export function withTimeout<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CallTimeout(`The object did not answer within ${limitMs} ms`)), limitMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
