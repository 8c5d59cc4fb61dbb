/** Calls of effects to the object they come from: without a request, under no scopes but those they name. */

import type { FaultSlug } from "../../core/fault.ts";
import type { ObjectName } from "../../core/ids.ts";
import { CALL_VERSION, type CallHeader, type ObjectCall, type ObjectReply } from "../../core/protocol/object-call.ts";
import { decodeReply, encodeCall } from "../../core/protocol/wire.ts";
import { ANONYMOUS } from "../../core/scope/principal.ts";
import type { LedgeEnv } from "../../edge/env.ts";

export type Answered = Exclude<ObjectReply, { kind: "fault" }> | { readonly kind: "fault"; readonly slug: FaultSlug };

/** `t/<app>/<group>[/<partition>]` */
export function headerFor(object: ObjectName, table: string): CallHeader {
  const partition = object.split("/")[3] ?? null;
  const requestId = `files-${crypto.randomUUID()}`;
  return { v: CALL_VERSION, object, table, partition, requestId, traceparent: null, principal: ANONYMOUS };
}

/** A fault comes back by its slug; what is no answer at all is thrown. */
export async function askObject(env: unknown, call: ObjectCall): Promise<Answered> {
  const stub = (env as LedgeEnv).LEDGE_TABLES.getByName(call.object);
  const reply = decodeReply(await stub.call(encodeCall(call)));
  return reply.kind === "fault" ? { kind: "fault", slug: reply.fault.slug } : reply;
}
