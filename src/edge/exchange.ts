/**
 * What one request carries through the edge. An `Arrival` is a request nobody has looked at; an `Exchange` knows who asks;
 * a `TableRequest` also knows which table of which object, and that the caller may enter its partition.
 */

import type { ObjectName, RowId } from "../core/ids.ts";
import type { Logger } from "../core/log.ts";
import type { CallHeader } from "../core/protocol/object-call.ts";
import { CALL_VERSION } from "../core/protocol/object-call.ts";
import type { Principal } from "../core/scope/principal.ts";
import type { Edge, TableEntry } from "./edge.ts";
import type { LedgeEnv, Lifetime } from "./env.ts";
import type { Trace } from "./trace.ts";

export interface Arrival {
  readonly edge: Edge;
  readonly request: Request;
  readonly url: URL;
  readonly env: LedgeEnv;
  readonly lifetime: Lifetime;
  readonly trace: Trace;
  /** ms since 1970, fixed for the request. */
  readonly nowMs: number;
  readonly log: Logger;
}

export interface Exchange extends Arrival {
  readonly principal: Principal;
}

export interface TableRequest extends Exchange {
  readonly entry: TableEntry;
  readonly partition: string | null;
  readonly object: ObjectName;
}

/** What every call to the object of this request carries. */
export function callHeader({ entry, partition, object, principal, trace, url }: TableRequest): CallHeader {
  const isCommitted = url.search !== "" && url.searchParams.get("consistency") === "committed";
  return {
    v: CALL_VERSION,
    object,
    table: entry.resource.name,
    partition,
    requestId: trace.requestId,
    traceparent: trace.traceparent,
    principal,
    ...(isCommitted ? { consistency: "committed" } : {}),
  };
}

/** A row's id as an extra of a problem. */
export function idText(id: RowId | null): { readonly id?: string } {
  return id === null ? {} : { id: String(id) };
}
