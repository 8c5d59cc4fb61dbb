/**
 * Identifiers: the few branded values that get confused, and the only parsers that mint them.
 * Random bytes and the clock are parameters: this room owns no clock and no randomness.
 * Called by the edge (mints row ids), the objects (epochs) and the client.
 */

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** Position in one object's ledger: a safe integer, 1, 2, 3 … without gaps; 0 is "before the first". */
export type Seq = Brand<number, "Seq">;
/** 16 lower-case base32 characters, random, made with the object ([CL3]). */
export type Epoch = Brand<string, "Epoch">;
/** Name of a Durable Object: `t/<app>/<group or table>[/<partition>]`. */
export type ObjectName = Brand<string, "ObjectName">;
/** A row's primary key in its JSON form: text for `uuid` and `text` ids, a number for `int` ids. */
export type RowId = string | number;
/** How a table's ids are made ([HT6]): UUIDv7 by client or Worker, client-made text, or integers made by the object. */
export type IdKind = "uuid" | "text" | "int";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TEXT_ID = /^[A-Za-z0-9._~-]{1,128}$/;
const INT_ID = /^(0|[1-9][0-9]{0,15})$/;
const PARTITION = /^[A-Za-z0-9_-]{1,64}$/;
const APP_NAME = /^[a-z][a-z0-9-]{0,31}$/;
const EPOCH = /^[a-z2-7]{16}$/;

/** First segments under a resource that win over an id, so no such id can be created ([HT2]). */
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  "count",
  "aggregate",
  "search",
  "batch",
  "rpc",
  "subscribe",
  "live",
  "sync",
]);

/** First segments under the base path that no resource may be called ([HT2]). */
export const RESERVED_RESOURCES: ReadonlySet<string> = new Set([
  "transaction",
  "auth",
  "env",
  "live",
  "channels",
  "jobs",
  "search",
]);

/** Parses a row id as it stands in a path; `null` when it is malformed (the caller answers 404). */
export function parseRowId(text: string, kind: IdKind): RowId | null {
  switch (kind) {
    case "uuid":
      return UUID.test(text) ? text : null;
    case "text":
      return TEXT_ID.test(text) && text !== "." && text !== ".." ? text : null;
    case "int": {
      if (!INT_ID.test(text)) return null;
      const value = Number(text);
      return Number.isSafeInteger(value) ? value : null;
    }
  }
}

/** Whether a client may create a row under this id: a well-formed UUIDv7, or a text id that no static segment shadows. */
export function isCreatableId(value: unknown, kind: IdKind): value is string {
  if (typeof value !== "string") return false;
  if (kind === "uuid") return UUID_V7.test(value);
  if (kind === "text") return parseRowId(value, "text") !== null && !RESERVED_IDS.has(value);
  return false;
}

/** Whether the text may name a partition: `[A-Za-z0-9_-]{1,64}` ([HT1]). */
export function isPartition(text: string): boolean {
  return PARTITION.test(text);
}

/** Whether the text may name an application (a part of every object's name). */
export function isAppName(text: string): boolean {
  return APP_NAME.test(text);
}

/** The name of the object that owns a group (or an ungrouped table), and of one partition of it. */
export function objectName(app: string, group: string, partition: string | null): ObjectName {
  return (partition === null ? `t/${app}/${group}` : `t/${app}/${group}/${partition}`) as ObjectName;
}

/** A UUIDv7 from a time (ms since 1970) and 10 random bytes. */
export function uuidv7(nowMs: number, random: Uint8Array): string {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  const byte = (index: number) => random[index] ?? 0;
  const time = hex(Math.trunc(nowMs), 12);
  const a = hex(0x7000 | ((byte(0) & 0x0f) << 8) | byte(1), 4);
  const b = hex(0x8000 | ((byte(2) & 0x3f) << 8) | byte(3), 4);
  let tail = "";
  for (let index = 4; index < 10; index++) tail += hex(byte(index), 2);
  return `${time.slice(0, 8)}-${time.slice(8)}-${a}-${b}-${tail}`;
}

/** A UUIDv7 from a time (ms since 1970) and a random UUID (version 4), whose random digits it keeps. */
export function timedUuid(nowMs: number, random: string): string {
  const time = Math.trunc(nowMs).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** An epoch from 10 random bytes: 16 base32 characters. */
export function epochFrom(random: Uint8Array): Epoch {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let bits = 0;
  let held = 0;
  let text = "";
  for (const value of random.subarray(0, 10)) {
    bits = (bits << 8) | value;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += alphabet[(bits >> held) & 31];
    }
    bits &= (1 << held) - 1;
  }
  return text as Epoch;
}

/** Reads an epoch that came from storage or the wire; `null` when it is not one. */
export function parseEpoch(text: string): Epoch | null {
  return EPOCH.test(text) ? (text as Epoch) : null;
}

/** Brands a ledger position read from storage. */
export function seqOf(value: number): Seq {
  return value as Seq;
}

/** The position token of `Ledge-Seq`: `<epoch>:<seq>` ([HT7]). */
export function positionToken(epoch: Epoch, seq: Seq): string {
  return `${epoch}:${seq}`;
}
