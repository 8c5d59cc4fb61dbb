/**
 * The parameter `include` ([QL50]): `labels(limit:5;orderBy:-name;filter:color=="red"),people`. Only its shape is read here; what an
 * option says is text that the related table's own parsers read. Strings, parentheses and lists keep their separators.
 */

import { invalidField } from "../fault.ts";

export interface IncludePath {
  /** Names of relations, from the table outwards. */
  readonly relations: readonly string[];
  readonly options: ReadonlyMap<IncludeOption, string>;
}

export const INCLUDE_OPTIONS = ["limit", "offset", "select", "orderBy", "filter"] as const;
export type IncludeOption = (typeof INCLUDE_OPTIONS)[number];

export const MAX_INCLUDE_PATHS = 10;
export const MAX_INCLUDE_DEPTH = 3;
/** Rows for each parent. */
export const MAX_INCLUDED = 100;

const IDENT = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function parseInclude(text: string): readonly IncludePath[] {
  const paths = split(text, ",").map(parsePath);
  if (paths.length > MAX_INCLUDE_PATHS)
    throw refused(`has ${paths.length} relations, the limit is ${MAX_INCLUDE_PATHS}`);
  const names = paths.map(({ relations }) => relations.join("."));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw refused(`names ${twice} twice`);
  return paths;
}

function parsePath(text: string): IncludePath {
  const open = text.indexOf("(");
  const relations = (open < 0 ? text : text.slice(0, open)).split(".");
  if (!relations.every((name) => IDENT.test(name)) || (open >= 0 && !text.endsWith(")")))
    throw refused(`must be relations as name or name(limit:5;orderBy:-id), not ${JSON.stringify(text)}`);
  if (relations.length > MAX_INCLUDE_DEPTH)
    throw refused(`is ${relations.length} relations deep, the limit is ${MAX_INCLUDE_DEPTH}`);
  const options = new Map<IncludeOption, string>();
  for (const part of open < 0 ? [] : split(text.slice(open + 1, -1), ";")) {
    const colon = part.indexOf(":");
    const name = INCLUDE_OPTIONS.find((known) => known === part.slice(0, Math.max(colon, 0)));
    if (name === undefined) throw refused(`takes ${INCLUDE_OPTIONS.join(", ")}, not ${JSON.stringify(part)}`);
    if (options.has(name)) throw refused(`has ${name} twice`);
    options.set(name, part.slice(colon + 1));
  }
  return { relations, options };
}

/** At separators that stand in no string, parenthesis or list. */
function split(text: string, separator: string): readonly string[] {
  const parts = [""];
  let depth = 0;
  for (const [piece = ""] of text.matchAll(/"(?:[^"\\]|\\.)*"|./gsu)) {
    if (piece === "(" || piece === "[") depth++;
    if (piece === ")" || piece === "]") depth--;
    if (piece === '"' || depth < 0) break;
    if (piece === separator && depth === 0) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  if (depth !== 0 || parts.join(separator) !== text) throw refused(`does not close what it opens: ${text}`);
  return parts;
}

function refused(message: string): Error {
  return invalidField("include", message);
}
