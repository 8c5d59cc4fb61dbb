/**
 * Brings a value of the file into the form its column takes. What cannot be brought there without guessing is passed on as
 * it is: the server refuses it, and its reason is the one shown. Pure.
 */

import type { Json } from "../../core/json.ts";
import { parseInstant, printInstant } from "../../core/schema/time.ts";
import type { SourceForm } from "./read-records.ts";
import type { ImportColumn } from "./table-description.ts";

export interface Converted {
  readonly value: Json;
  /** The JSON type changed, although the file had types: e.g. the number 1776 became the text "1776". */
  readonly isConverted: boolean;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WORDED_DATE = /^([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})$/i;

export function convertValue(column: ImportColumn, value: Json, form: SourceForm): Converted {
  if (form === "text" && value === "" && (column.kind !== "text" || !column.notNull))
    return { value: null, isConverted: false };
  const converted = typeof value === "string" ? fromText(column, value, form) : fromTyped(column, value);
  const isConverted = form === "typed" && typeof converted !== typeof value;
  return {
    value: converted,
    isConverted: isConverted || (column.kind === "time" && form === "typed" && converted !== value),
  };
}

function fromTyped(column: ImportColumn, value: Json): Json {
  if (column.kind === "text" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  return value;
}

function fromText(column: ImportColumn, text: string, form: SourceForm): Json {
  switch (column.kind) {
    case "int":
    case "real":
      return NUMBER.test(text.trim()) ? Number(text) : text;
    case "bool":
      return boolOf(text.trim().toLowerCase()) ?? text;
    case "time":
      return parseInstant(text) === null ? (wordedDate(text) ?? text) : text;
    case "json":
      return form === "text" ? jsonOf(text) : text;
    default:
      return text;
  }
}

function boolOf(text: string): boolean | null {
  if (text === "true" || text === "1" || text === "yes") return true;
  return text === "false" || text === "0" || text === "no" ? false : null;
}

/** "Jun 12 1998" → `1998-06-12T00:00:00.000Z`; null when the order of day and month, or the century, would be a guess. */
function wordedDate(text: string): string | null {
  const [, month = "", day = "", year = ""] = WORDED_DATE.exec(text.trim()) ?? [];
  const number = MONTHS.indexOf(month.toLowerCase()) + 1;
  if (number === 0) return null;
  const ms = parseInstant(`${year}-${String(number).padStart(2, "0")}-${day.padStart(2, "0")}`);
  return ms === null ? null : printInstant(ms);
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
