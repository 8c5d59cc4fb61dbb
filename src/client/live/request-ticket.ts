/**
 * A ticket for one socket or stream of a table ([WS1]), through the client's own pipeline: so whatever signs its requests, and renews
 * what has expired, stands behind its sockets too, and a refusal is a problem with its reason, which a socket cannot tell.
 */

import type { ObjectName } from "../../core/ids.ts";
import { LedgeError } from "../ledge-error.ts";
import type { LiveWiring } from "./live-wiring.ts";

/** Where a table is reached. */
export interface LivePlace {
  readonly resource: string;
  readonly partition: string | undefined;
}

export interface Ticket {
  readonly ticket: string;
  /** The object that it is for: tables of one object share a socket. */
  readonly object: ObjectName;
  /** Equal for callers who see the same of it, so that their tabs may share a socket; absent: none is shared. */
  readonly share?: string;
}

export async function requestTicket({ send }: LiveWiring, { resource, partition }: LivePlace): Promise<Ticket> {
  const body = { resource, ...(partition !== undefined && { partition }) };
  // Making one changes nothing; the connection has its own way of trying again.
  const call = { method: "POST", path: "/live/ticket", body, isSafe: true, headers: {}, options: { retries: 0 } };
  return (await send(call)).body as Ticket;
}

/** `/tasks`, or `/@lobby/messages`. */
export function placePath({ resource, partition }: LivePlace): string {
  return `${partition === undefined ? "" : `/@${partition}`}/${encodeURIComponent(resource)}`;
}

/** As many are followed as may be: another one finds its place once one has been left. */
export function isFull(error: unknown): boolean {
  return error instanceof LedgeError && error.code === "SUBSCRIPTION_LIMIT_EXCEEDED";
}

/** Whether trying again later may help; and how long to wait at least. */
export function retryAfterOf(error: unknown): number | null {
  if (!(error instanceof LedgeError)) return 0;
  const { retryable, status, details } = error;
  if (!retryable && status > 0 && status < 500) return null;
  if (error.code === "STORAGE_ERROR") return null;
  return Number(details.retryAfter ?? 0) * 1000;
}
