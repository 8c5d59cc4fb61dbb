/**
 * An entry as a request of the client, and the answer as the outbox takes it. One write is a call of its table, several are a
 * transaction; each attempt carries the entry's key, and the pipeline repeats nothing by itself.
 */

import type { JsonObject } from "../../core/json.ts";
import type { AttemptReply } from "../../core/offline/judge-reply.ts";
import { type Done, doneAt, type OutboxEntry, type RowWrite, tagLeftBy } from "../../core/offline/outbox-entry.ts";
import type { PresentRow } from "../../core/offline/outbox-port.ts";
import { LedgeError, TransportError } from "../ledge-error.ts";
import type { Call, Reply, Send } from "../send.ts";
import { rowPath } from "../table-client.ts";
import { tablePath } from "../table-path.ts";

interface TransactionBody {
  readonly txid?: string;
  /** One for each operation, in order. */
  readonly steps?: readonly { readonly version?: string }[];
}

const METHODS = { create: "POST", update: "PATCH", replace: "PUT", delete: "DELETE" } as const;

export function callOf({ key, writes }: Pick<OutboxEntry, "key" | "writes">): Call {
  const [write, ...more] = writes;
  const common = { isSafe: false, idempotencyKey: key, headers: {}, options: { retries: 0 } };
  if (write === undefined || more.length > 0)
    return { ...common, method: "POST", path: "/transaction", body: { operations: writes.map(operationOf) } };
  const { op, values, tag } = write;
  return {
    ...common,
    method: METHODS[op],
    path: op === "create" ? tablePath(write.table, write.partition) : pathOf(write),
    ...(op !== "delete" && { body: values }),
    ...(tag !== null && { headers: { "if-match": `"${tag}"` } }),
  };
}

export async function attempt(send: Send, entry: OutboxEntry): Promise<AttemptReply> {
  try {
    const reply = await send(callOf(entry));
    const state = doneOf(entry, reply);
    // Every write that Ledge has done says where. Something in between has answered: a sign-in page of a network, a proxy.
    return state.positions.length === 0 ? { kind: "lost" } : { kind: "done", state };
  } catch (error) {
    if (!isAnswer(error)) return { kind: "lost" };
    const { status, code, message, details, fieldErrors, retryable } = error;
    const retryAfterMs = typeof details.retryAfter === "number" ? details.retryAfter * 1000 : 0;
    const problem = { ...details, status, code, detail: message, fieldErrors } as unknown as JsonObject;
    const positions = positionsIn(String(details.position ?? ""));
    return { kind: "problem", status, isRetryable: retryable, retryAfterMs, problem, positions };
  }
}

/** Null: it could not be read now. */
export async function readPresent(send: Send, write: RowWrite): Promise<PresentRow | null> {
  try {
    const call = { method: "GET", path: pathOf(write), isSafe: true, headers: {}, options: { retries: 0 } };
    const reply = await send(call);
    const positions = positionsOf(reply);
    return positions.length === 0
      ? null
      : { row: (reply.body ?? null) as JsonObject | null, tag: tagOf(reply), positions };
  } catch (error) {
    if (!isAnswer(error) || error.status !== 404) return null;
    return { row: null, tag: null, positions: positionsIn(String(error.details.position ?? "")) };
  }
}

/** Not from something in between, which says nothing about the write. */
function isAnswer(error: unknown): error is LedgeError {
  return error instanceof LedgeError && !(error instanceof TransportError) && error.status !== 0;
}

function operationOf({ op, table, partition, id, values, tag }: RowWrite): object {
  return {
    op,
    resource: table,
    ...(partition !== undefined && { partition }),
    ...(op !== "create" && { id }),
    ...(op !== "delete" && { data: values }),
    ...(tag !== null && { ifVersion: tag }),
  };
}

/** Rejects an id that can be none. */
export function pathOf(write: RowWrite): string {
  return tablePath(write.table, write.partition) + rowPath(write.id);
}

function tagOf({ headers }: Reply): string | null {
  return headers.get("etag")?.replace(/^"|"$/g, "") ?? null;
}

/** What the answer to these writes says of where they took place. */
export function doneOf(
  { writes }: Pick<OutboxEntry, "writes">,
  reply: Reply,
): Done & { readonly tags: readonly (string | null)[] } {
  const positions = positionsOf(reply);
  if (writes.length === 1) return { ...doneAt(positions), tags: [tagOf(reply)] };
  const { txid, steps = [] } = (reply.body ?? {}) as TransactionBody;
  const tags = writes.map((write, at) => steps[at]?.version ?? tagLeftBy(txid, write));
  return { ...doneAt(positions, txid), tags };
}

function positionsOf({ headers }: Reply): string[] {
  return positionsIn(headers.get("ledge-seq") ?? "");
}

function positionsIn(text: string): string[] {
  return text.match(/[^,\s]+/g) ?? [];
}
