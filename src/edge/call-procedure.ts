/** Calls a feature's procedure in the object of a table, in its transaction. A fault is thrown; a call that is lost on the way is too, and is not repeated. */

import { Fault } from "../core/fault.ts";
import { type ObjectName, objectName } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { CALL_VERSION } from "../core/protocol/object-call.ts";
import { decodeReply, encodeCall } from "../core/protocol/wire.ts";
import { ANONYMOUS, type Principal } from "../core/scope/principal.ts";
import type { LedgeEnv } from "./env.ts";

export interface ProcedurePlace {
  readonly env: LedgeEnv;
  /** Name of the application. */
  readonly app: string;
  readonly group: string;
  readonly table: string;
  /** In whose name the commit stands in the ledger; default: nobody's. */
  readonly principal?: Principal;
}

export async function callProcedure<T extends Json>(
  { env, app, group, table, principal = ANONYMOUS }: ProcedurePlace,
  name: string,
  input: Json,
): Promise<T> {
  const object: ObjectName = objectName(app, group, null);
  const call = encodeCall({
    v: CALL_VERSION,
    op: "procedure",
    ...{ object, table, principal, name, input },
    partition: null,
    requestId: `procedure-${crypto.randomUUID()}`,
    traceparent: null,
    idempotency: null,
    attempt: null,
    wantsChange: false,
  });
  const reply = decodeReply(await env.LEDGE_TABLES.getByName(object).call(call));
  if (reply.kind === "fault") throw new Fault(reply.fault);
  if (reply.kind !== "answer" || reply.body === null) throw new Error(`${object} did not answer "${name}"`);
  return JSON.parse(reply.body) as T;
}
