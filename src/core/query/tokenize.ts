/**
 * The words of the filter grammar: white space, names, operators, numbers, strings ([QL2]–[QL4]). Each reader takes one
 * token at the source's offset and moves it on, or refuses with the token's span. Knows no columns and no nesting.
 * Called by parse.ts only. U+0000 cannot stand in a filter, so a template uses it to mark its holes.
 */

import type { Complaint, Origin } from "./filter-fault.ts";
import { nearest, refuse } from "./filter-fault.ts";

export interface Source extends Origin {
  /** UTF-16 offset of the next unread character. */
  at: number;
}

/** Marks an interpolated value in the text of a template. */
export const HOLE = "\u0000";

const FIELD = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NAMED = /=[a-z][a-z0-9]*=/y;
const NAMED_RUN = /=(?:[A-Za-z][A-Za-z0-9_]*=?)?/y;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.])/y;
const NUMBER_RUN = /-?[A-Za-z0-9_.]*(?:(?<=[eE])[+-][A-Za-z0-9_.]*)?/y;
/** Everything of a string that needs no decoding. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0000 is what the grammar excludes.
const PLAIN = /[^"\\\u0000\ud800-\udfff]*/y;
const HEX = /[0-9A-Fa-f]{4}/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Moves past blanks, tabs and line ends. */
export function skipSpace(source: Source): void {
  const { text } = source;
  let at = source.at;
  for (let unit = text.charCodeAt(at); unit === 32 || (unit <= 13 && (unit === 9 || unit === 10 || unit === 13)); ) {
    unit = text.charCodeAt(++at);
  }
  source.at = at;
}

/** A field name with its dots, or "". */
export function readField(source: Source): string {
  return take(source, FIELD);
}

/** A run of letters, digits and `_`, or "". */
export function readWord(source: Source): string {
  return take(source, WORD);
}

/** The longest operator token at the offset; `known` serves the suggestion when there is none. */
export function readOperator(source: Source, known: () => readonly string[]): string {
  const { text, at } = source;
  const next = text.charAt(at + 1);
  switch (text.charAt(at)) {
    case "=":
      return next === "=" ? advance(source, 2) : take(source, NAMED) || refuseOperator(source, known);
    case "!":
      if (next === "=") return advance(source, 2);
      return text.startsWith("%=", at + 1) ? advance(source, 3) : refuseOperator(source, known);
    case ">":
    case "<":
      return advance(source, next === "=" ? 2 : 1);
    case "%":
      return next === "=" ? advance(source, 2) : refuseOperator(source, known);
    default:
      return refuseOperator(source, known);
  }
}

export function readNumber(source: Source): number {
  const start = source.at;
  const text = take(source, NUMBER);
  if (text === "") {
    take(source, NUMBER_RUN);
    return syntax(source, start, source.at, "This is not a number");
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    return refuse(source, start, source.at, { reason: "type", detail: "The number is too large" });
  }
  return value === 0 ? 0 : value;
}

/** A string in double quotes; the offset is at its opening quote. */
export function readString(source: Source): string {
  const { text } = source;
  const start = source.at++;
  let value = take(source, PLAIN);
  for (;;) {
    const char = text.charAt(source.at);
    if (char === '"') {
      source.at++;
      return value;
    }
    if (char === "" || (char === "\\" && source.at + 1 === text.length)) {
      return syntax(source, start, start + 1, "The string is not closed");
    }
    value += char === "\\" ? readEscape(source) : readAstral(source);
    value += take(source, PLAIN);
  }
}

/** Refuses with reason `syntax`. */
export function syntax(source: Source, start: number, end: number, detail: string, more?: Partial<Complaint>): never {
  refuse(source, start, end, { reason: "syntax", detail, ...more });
}

/** End of whatever stands at the offset: a word, else one code point, else nothing. */
export function tokenEnd(source: Source): number {
  WORD.lastIndex = source.at;
  const word = WORD.exec(source.text);
  if (word !== null) return source.at + word[0].length;
  const point = source.text.codePointAt(source.at);
  return source.at + (point === undefined ? 0 : point > 0xffff ? 2 : 1);
}

function readEscape(source: Source): string {
  const start = source.at;
  const letter = source.text.charAt(start + 1);
  const char = ESCAPES[letter];
  if (char !== undefined) {
    source.at += 2;
    return char;
  }
  const point = letter === "u" ? readHex(source, start + 2) : -1;
  if (point < 0) {
    source.at = start + 1;
    return syntax(source, start, escapeEnd(source), "Unknown escape");
  }
  if (point === 0) return syntax(source, start, start + 6, "U+0000 cannot stand in text");
  if (point < 0xd800 || point > 0xdfff) {
    source.at = start + 6;
    return String.fromCharCode(point);
  }
  const isPaired = point < 0xdc00 && source.text.startsWith("\\u", start + 6);
  const low = isPaired ? readHex(source, start + 8) : -1;
  if (low < 0xdc00 || low > 0xdfff) return syntax(source, start, start + 6, "A surrogate must come as a pair");
  source.at = start + 12;
  return String.fromCharCode(point, low);
}

/** `\q` is two characters long, also when q is astral; `\u12` is its first two. */
function escapeEnd(source: Source): number {
  const point = source.text.codePointAt(source.at) ?? 0;
  return source.at + (point > 0xffff ? 2 : 1);
}

function readHex(source: Source, at: number): number {
  HEX.lastIndex = at;
  const digits = HEX.exec(source.text);
  return digits === null ? -1 : Number.parseInt(digits[0], 16);
}

/** A pair of surrogates as one code point; a lone one, or U+0000, is no character. */
function readAstral(source: Source): string {
  const point = source.text.codePointAt(source.at) ?? 0;
  if (point <= 0xffff)
    return syntax(source, source.at, source.at + 1, "Text must be well-formed Unicode without U+0000");
  return advance(source, 2);
}

function refuseOperator(source: Source, known: () => readonly string[]): never {
  const start = source.at;
  const run = take(source, NAMED_RUN) || source.text.slice(start, tokenEnd({ ...source, at: start }));
  const detail = run === "" ? "The text ends where an operator is expected" : `${run} is not an operator`;
  return syntax(source, start, start + run.length, detail, {
    suggestion: run === "" ? undefined : nearest(run, known()),
  });
}

function advance(source: Source, count: number): string {
  const text = source.text.slice(source.at, source.at + count);
  source.at += count;
  return text;
}

/** What the sticky expression matches at the offset, or "". */
function take(source: Source, expression: RegExp): string {
  const start = source.at;
  expression.lastIndex = start;
  // `test` instead of `exec`: the end is all that is needed, and this runs for every token.
  if (!expression.test(source.text)) return "";
  source.at = expression.lastIndex;
  return source.text.slice(start, source.at);
}
