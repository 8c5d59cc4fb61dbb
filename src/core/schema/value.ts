/**
 * One column value in its three forms: what a client sends (checked by `parseValue`), the JSON form that Ledge
 * works with, and the stored form that SQLite holds (`encodeValue`, `decodeValue`).
 * Called by validation, the filter language (literals), the SQL layer and the ledger.
 */

import type { Json } from "../json.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { ColumnSpec } from "./table-spec.ts";
import { isInstant, parseInstant, printInstant } from "./time.ts";

/** What a column holds in SQLite. */
export type Stored = string | number | Uint8Array | null;

/** A value accepted, in its JSON form; or why it was refused, as the end of a sentence that begins with the field. */
export type Parsed =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly code: ValueFault; readonly message: string };

export type ValueFault = "type" | "range" | "length" | "enum" | "text" | "required";

const BIGINT_FORM = /^(0|-?[1-9][0-9]{0,18})$/;
const MIN_BIGINT = -(2n ** 63n);
const MAX_BIGINT = 2n ** 63n - 1n;

/**
 * Checks a JSON value against a column and brings it into the column's JSON form (times become
 * `YYYY-MM-DDTHH:mm:ss.sssZ`, numbers for bigint become digits, `1` and `0` for bool become booleans).
 * `null` is accepted where the column allows NULL.
 */
export function parseValue(column: ColumnSpec, value: Json): Parsed {
  if (value === null) return column.notNull ? refuse("required", "may not be null") : accept(null);
  switch (column.kind) {
    case "text":
      return parseText(column, value);
    case "int":
      if (typeof value !== "number" || !Number.isInteger(value)) return refuse("type", "must be an integer");
      if (!Number.isSafeInteger(value)) return refuse("range", "must lie within ±(2^53−1)");
      return accept(value === 0 ? 0 : value);
    case "real":
      if (typeof value !== "number" || !Number.isFinite(value)) return refuse("type", "must be a finite number");
      return accept(value === 0 ? 0 : value);
    case "bigint":
      return parseBigint(value);
    case "bool":
      if (value === 1 || value === 0) return accept(value === 1);
      return typeof value === "boolean" ? accept(value) : refuse("type", "must be true or false");
    case "time":
      return parseTime(column, value);
    case "json":
      return parseJson(value);
    case "blob":
      if (typeof value !== "string") return refuse("type", "must be base64 text");
      return decodeBase64(value) === null ? refuse("type", "must be base64 text (with padding)") : accept(value);
  }
}

/** Whether the text is well-formed Unicode without U+0000, as every stored text must be ([QL20]). */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

/** Number of code points. */
export function codePointLength(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** JSON form → stored form. The value has been through `parseValue`. */
export function encodeValue(column: ColumnSpec, value: Json): Stored {
  if (value === null) return null;
  switch (column.kind) {
    case "bool":
      return value === true ? 1 : 0;
    case "time": {
      if (column.timeStorage === "iso") return value as string;
      const ms = Date.parse(value as string);
      return column.timeStorage === "s" ? ms / 1000 : ms;
    }
    case "json":
      return JSON.stringify(value);
    case "blob":
      return decodeBase64(value as string) ?? new Uint8Array();
    default:
      return value as string | number;
  }
}

/** Stored form → JSON form. */
export function decodeValue(column: ColumnSpec, stored: unknown): Json {
  if (stored === null || stored === undefined) return null;
  switch (column.kind) {
    case "bool":
      return stored !== 0;
    case "time":
      if (column.timeStorage === "iso") return stored as string;
      return printInstant(column.timeStorage === "s" ? (stored as number) * 1000 : (stored as number));
    case "json":
      return JSON.parse(stored as string) as Json;
    case "blob":
      return encodeBase64(new Uint8Array(stored as ArrayBuffer));
    default:
      return stored as string | number;
  }
}

function parseText(column: ColumnSpec, value: Json): Parsed {
  if (typeof value !== "string") return refuse("type", "must be text");
  if (!isCleanText(value)) return refuse("text", ILL_FORMED);
  if (column.enumValues !== undefined && !column.enumValues.includes(value)) {
    return refuse("enum", `must be one of ${column.enumValues.join(", ")}`);
  }
  if (column.maxLength !== undefined) {
    const length = codePointLength(value);
    if (length > column.maxLength) {
      return refuse("length", `has ${length} characters, limit is ${column.maxLength}`);
    }
  }
  return accept(value);
}

function parseBigint(value: Json): Parsed {
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? accept(String(value === 0 ? 0 : value))
      : refuse("range", "as a number must be an integer within ±(2^53−1); send larger ones as digits in a string");
  }
  if (typeof value !== "string" || !BIGINT_FORM.test(value))
    return refuse("type", "must be an integer as a string of digits");
  const parsed = BigInt(value);
  if (parsed < MIN_BIGINT || parsed > MAX_BIGINT) return refuse("range", "must fit into 64 bits, signed");
  return accept(value);
}

function parseTime(column: ColumnSpec, value: Json): Parsed {
  const ms =
    typeof value === "string" ? parseInstant(value) : typeof value === "number" && isInstant(value) ? value : null;
  if (ms === null) return refuse("type", "must be a time: ISO 8601 text, or milliseconds since 1970, years 0001–9999");
  if (column.timeStorage === "s" && ms % 1000 !== 0) return refuse("range", "holds whole seconds");
  return accept(printInstant(ms));
}

/** Levels of arrays and objects in a JSON column; SQLite itself cannot read more than 1000. */
const MAX_JSON_DEPTH = 64;

function parseJson(value: Json): Parsed {
  if (!isWithinDepth(value, MAX_JSON_DEPTH)) return refuse("range", `is nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (!holdsOnly(value, (leaf) => typeof leaf !== "string" || isCleanText(leaf))) return refuse("text", ILL_FORMED);
  // JSON text may write 1e400, which no number is.
  if (!holdsOnly(value, (leaf) => typeof leaf !== "number" || Number.isFinite(leaf)))
    return refuse("range", "holds a number beyond ±1.7976931348623157e308");
  return accept(value);
}

function isWithinDepth(value: Json, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((item) => isWithinDepth(item as Json, depth - 1));
}

/** Whether all scalars in the value, names of members among them, meet the test. */
function holdsOnly(value: Json, test: (leaf: Json) => boolean): boolean {
  if (typeof value !== "object" || value === null) return test(value);
  if (Array.isArray(value)) return value.every((item) => holdsOnly(item, test));
  return Object.entries(value).every(([name, item]) => test(name) && holdsOnly(item as Json, test));
}

const ILL_FORMED = "holds text that is not well-formed Unicode, or U+0000";

function accept(value: Json): Parsed {
  return { ok: true, value };
}

function refuse(code: ValueFault, message: string): Parsed {
  return { ok: false, code, message };
}
