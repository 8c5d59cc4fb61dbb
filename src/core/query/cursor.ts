/**
 * Cursors ([PG1]–[PG3]): `base64url(JSON) "." base64url(MAC)`, the MAC being HMAC-SHA256 over the first part, cut to 16 bytes.
 * Pure but for the signing function, which the edge makes from its secret; a second one reads cursors of the old secret.
 * A cursor says where to go on in which order of which table, nothing else: never a right.
 */

import { Fault } from "../fault.ts";
import type { JsonScalar } from "../json.ts";
import { isJsonObject } from "../json.ts";
import { decodeBase64, encodeBase64 } from "../schema/base64.ts";
import { isScalar } from "./tree.ts";

/** HMAC-SHA256 of the text's bytes under one key; at least 16 bytes. */
export type SignCursor = (payload: string) => Promise<Uint8Array>;

export interface CursorPosition {
  /** Table, and partition where there is one: `tasks`, `@acme/tasks`. */
  readonly table: string;
  /** 16 hex digits of SHA-256 of the canonical orderBy. */
  readonly order: string;
  /** Sort values of the last row, the id last; JSON form. */
  readonly key: readonly JsonScalar[];
  /** Milliseconds since 1970 at which the page was read. */
  readonly atMs: number;
}

/** What the request expects of its cursor. */
export interface CursorExpectation {
  readonly table: string;
  readonly order: string;
  /** Number of values in a key of this order. */
  readonly keyLength: number;
  readonly nowMs: number;
  readonly maxAgeMs?: number | undefined;
}

const VERSION = 1;
const MAC_BYTES = 16;
const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})$/;
/** A key of 6 values fits easily, unless a text column is sorted by that holds very long texts. */
const MAX_CURSOR_LENGTH = 8192;

/** Makes the cursor of a position. */
export async function encodeCursor(position: CursorPosition, sign: SignCursor): Promise<string> {
  const { table, order, key, atMs } = position;
  const payload = toBase64Url(asciiJson({ v: VERSION, t: table, o: order, k: key, at: atMs }));
  return `${payload}.${await macText(payload, sign)}`;
}

/**
 * Reads a cursor; `signers` are the present key and those still accepted. Throws `cursor-invalid`, asked in this order:
 * shape, signature, version, table, order; then `cursor-expired`.
 */
export async function decodeCursor(
  text: string,
  expected: CursorExpectation,
  signers: readonly SignCursor[],
): Promise<CursorPosition> {
  const parts = text.length > MAX_CURSOR_LENGTH ? null : FORM.exec(text);
  const payload = parts?.[1] ?? "";
  const content = readPayload(payload);
  if (parts === null || content === null) throw refused("malformed");
  if (!(await isSigned(payload, parts[2] ?? "", signers))) throw refused("tampered");
  if (content.v !== VERSION) throw refused("version_mismatch");
  const { t: table, o: order, k: key, at: atMs } = content;
  if (typeof table !== "string" || typeof order !== "string" || typeof atMs !== "number") throw refused("malformed");
  if (!Array.isArray(key) || !key.every(isScalar)) throw refused("malformed");
  if (table !== expected.table) throw refused("table_mismatch");
  if (order !== expected.order || key.length !== expected.keyLength) throw refused("orderby_mismatch");
  if (expected.maxAgeMs !== undefined && expected.nowMs - atMs > expected.maxAgeMs) {
    throw new Fault({ slug: "cursor-expired" });
  }
  return { table, order, key, atMs };
}

function refused(reason: "malformed" | "tampered" | "version_mismatch" | "table_mismatch" | "orderby_mismatch"): Fault {
  return new Fault({ slug: "cursor-invalid", reason });
}

/** Every key is tried, also after one fits, so that time does not tell which. */
async function isSigned(payload: string, mac: string, signers: readonly SignCursor[]): Promise<boolean> {
  const expected = await Promise.all(signers.map((sign) => macText(payload, sign)));
  return expected.map((one) => isSameText(one, mac)).includes(true);
}

async function macText(payload: string, sign: SignCursor): Promise<string> {
  return base64Url((await sign(payload)).subarray(0, MAC_BYTES));
}

/** Comparison whose time does not depend on where the texts differ. */
function isSameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}

function readPayload(payload: string): { readonly [member: string]: unknown } | null {
  const base64 = payload.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = decodeBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
  if (bytes === null) return null;
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  try {
    const content: unknown = JSON.parse(text);
    return isJsonObject(content) && typeof content.v === "number" ? content : null;
  } catch {
    return null;
  }
}

function toBase64Url(ascii: string): string {
  return base64Url(Uint8Array.from(ascii, (char) => char.charCodeAt(0)));
}

function base64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** JSON text in ASCII alone, so that its characters are its bytes. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
