/**
 * What a writer sends: one operation is one HTTP write under one Idempotency-Key, made so that its effect is known from the
 * key alone. Pure; `writers.ts` sends them, `check-campaign.ts` replays them.
 */

import type { Call } from "./http-client.ts";
import type { Random } from "./random.ts";

export type TableName = "notes" | "orders" | "lines" | "readings" | "tickets" | "tallies" | "papers";

export interface Operation {
  readonly key: string;
  readonly writer: string;
  readonly table: TableName;
  /**
   * `refuse`: a write that rolls back after its mark and its effect. `delete` is soft for papers, and undone by `restore`; `remove` is
   * for good. `upsert`: a batch that changes rows and creates others.
   */
  readonly act: "create" | "patch" | "replace" | "delete" | "refuse" | "restore" | "remove" | "upsert";
  readonly partition: string | null;
  /** Key of the operation that created the row. */
  readonly origin: string;
  /** Null for a create whose id the server makes. */
  readonly id: string | number | null;
  /** `lines` only: `origin` of the order. */
  readonly parent: string | null;
  /** The rows of a batch, in its order; null for a write of one row. */
  readonly batch: readonly BatchRow[] | null;
  /** Without an Idempotency-Key, `key` is only the name that the row carries. */
  readonly isKeyed: boolean;
  readonly call: Call;
}

export type BatchRow = Pick<Operation, "origin" | "parent" | "id">;

/** A row as its writer knows it. */
export interface OwnRow {
  readonly table: Exclude<TableName, "tallies">;
  readonly partition: string | null;
  readonly origin: string;
  readonly parent: string | null;
  readonly id: string | number;
  /** Null when an outcome nobody waited for may have changed it. */
  etag: string | null;
  /** Softly removed. */
  isGone: boolean;
}

export const PLACES = ["p1", "p2"] as const;
/** How often a reading opens a place of its own: an object that wakes for the first time. */
const NEW_PLACE = 0.3;
export const TALLIES = ["t1", "t2", "t3"] as const;
/** What a PATCH adds to a tally. */
export const stepOf = (key: string) => 1 + (hash(key) % 9);

/** The text of a row that the operation under this key wrote last: 20 to 2,000 characters, some of them not ASCII. */
export function bodyOf(key: string): string {
  const piece = `${key} é→🜂 `;
  const length = 20 + (hash(key) % 1980);
  return piece
    .repeat(Math.ceil(length / piece.length))
    .slice(0, length)
    .toWellFormed();
}

export function createOf(
  table: OwnRow["table"],
  key: string,
  writer: string,
  random: Random,
  parent: OwnRow | null,
): Operation {
  const partition =
    table !== "readings" ? null : random.chance(NEW_PLACE) ? key.replaceAll(".", "-") : random.pick(PLACES);
  const id = table === "orders" || table === "lines" ? uuidv7(random) : table === "readings" ? `r.${key}` : null;
  const body = {
    ...(id === null ? {} : { id }),
    ...(parent === null ? {} : { orderId: parent.id }),
    ...(table === "notes" ? { data: { key, list: [1, null, "é"] }, done: true } : {}),
    ...written(key),
    origin: key,
  };
  return {
    key,
    writer,
    table,
    act: "create",
    partition,
    origin: key,
    id,
    parent: parent?.origin ?? null,
    batch: null,
    isKeyed: true,
    call: { method: "POST", path: pathOf(table, partition, null), body, headers: headersOf(writer, key) },
  };
}

export function changeOf(
  row: OwnRow,
  act: "patch" | "replace" | "delete",
  key: string,
  writer: string,
  condition: string | null,
): Operation {
  const headers = { ...headersOf(writer, key), ...(condition === null ? {} : { "if-match": condition }) };
  const path = pathOf(row.table, row.partition, row.id);
  const call: Call =
    act === "delete"
      ? { method: "DELETE", path, headers }
      : act === "patch"
        ? { method: "PATCH", path, headers, body: written(key) }
        : { method: "PUT", path, headers, body: { ...written(key), origin: row.origin } };
  const { table, partition, origin, id, parent } = row;
  return { key, writer, table, act, partition, origin, id, parent, batch: null, isKeyed: true, call };
}

/** The same write, sent without an Idempotency-Key. */
export function unkeyed(operation: Operation): Operation {
  const { "idempotency-key": _, ...headers } = operation.call.headers ?? {};
  return { ...operation, isKeyed: false, call: { ...operation.call, headers } };
}

export function tallyOf(act: "create" | "patch" | "refuse", id: string, key: string, writer: string): Operation {
  const path = pathOf("tallies", null, act === "create" ? null : id);
  const body = act === "refuse" ? { last: key, body: "refuse", step: 1000 } : { ...written(key), step: stepOf(key) };
  const call: Call = {
    method: act === "create" ? "POST" : "PATCH",
    path,
    headers: headersOf(writer, key),
    body: act === "create" ? { ...written(key), id, origin: key } : body,
  };
  const place = { table: "tallies", partition: null, origin: "", id, parent: null, batch: null } as const;
  return { key, writer, act, ...place, isKeyed: true, call };
}

/** The same key with another request: 422, whatever became of the first. */
export function misuseOf({ call, batch, act, table, id }: Operation): Call {
  // Neither takes a body that could differ.
  if (act === "restore" || act === "remove")
    return { ...call, method: "PATCH", path: pathOf(table, null, id), body: { last: "misuse" } };
  if (batch !== null) return { ...call, body: shortened(call.body as Readonly<Record<string, unknown>>) };
  const method = call.method === "DELETE" ? "PATCH" : call.method;
  return { ...call, method, body: { ...(call.body as object | undefined), last: "misuse" } };
}

/** A batch's body without its first row. */
function shortened({ filter, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lists = Object.entries(rest).map(([name, value]) => [name, Array.isArray(value) ? value.slice(1) : value]);
  return { ...(filter === undefined ? {} : { filter: `(${filter});origin!="none"` }), ...Object.fromEntries(lists) };
}

export function headersOf(writer: string, key: string): Record<string, string> {
  return { authorization: `Bearer dev:${writer}`, "idempotency-key": key };
}

export function pathOf(table: TableName, partition: string | null, id: string | number | null): string {
  return `/api/${partition === null ? "" : `@${partition}/`}${table}${id === null ? "" : `/${id}`}`;
}

/** What every write puts into a row. */
export function written(key: string) {
  return { last: key, body: bodyOf(key) };
}

function uuidv7(random: Random): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const hex = (digits: number) =>
    random
      .between(0, 16 ** digits - 1)
      .toString(16)
      .padStart(digits, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619) >>> 0;
  return value;
}
