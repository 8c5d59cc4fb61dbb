/**
 * `{{path}}` in texts ([HT56]): parsed into literal parts and paths, and filled with values. A text that is one reference gets the
 * value with its type; inside a longer text scalars are inserted as text. What is inserted is never parsed again, and member
 * names are never filled, so no value can change the structure around it. Pure.
 */

import type { Json, JsonScalar } from "../json.ts";
import { isJsonObject } from "../json.ts";

/** The name or index of an operation, then members and array indexes: `["order", "id"]`. */
export type Path = readonly string[];

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly path: Path };

/** The value at a path; undefined: there is none. */
export type Lookup = (path: Path) => Json | undefined;

/** What is wrong with a template or a reference, for whoever knows the place. */
export class TemplateError extends Error {}

const PATH = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_$-]+)*$/;

/** Cheap test: texts without it are literal. */
export function hasTemplate(text: string): boolean {
  return text.includes("{{");
}

/** The parts of a text; throws `TemplateError` for braces that hold no path or do not close. */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = "";
  let at = 0;
  for (let open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", at)) {
    literal += text.slice(at, open);
    if (text.startsWith("{{{{", open)) {
      literal += "{{";
      at = open + 4;
      continue;
    }
    const close = text.indexOf("}}", open + 2);
    if (close < 0) throw new TemplateError("has {{ that is not closed; {{{{ writes it as text");
    const path = text.slice(open + 2, close).trim();
    if (!PATH.test(path)) throw new TemplateError(`has {{…}} that is no path: ${JSON.stringify(path.slice(0, 80))}`);
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    parts.push({ kind: "path", path: path.split(".") });
    at = close + 2;
  }
  literal += text.slice(at);
  if (literal !== "" || parts.length === 0) parts.push({ kind: "text", text: literal });
  return parts;
}

/** Every path in the texts of a value, at any depth. */
export function pathsIn(value: Json): Path[] {
  if (typeof value === "string") {
    if (!hasTemplate(value)) return [];
    return parseTemplate(value).flatMap((part) => (part.kind === "path" ? [part.path] : []));
  }
  if (Array.isArray(value)) return value.flatMap((item: Json) => pathsIn(item));
  return isJsonObject(value) ? Object.values(value).flatMap(pathsIn) : [];
}

/** Whether any text of the value has to be filled: also one that only writes `{{` as text. */
export function isTemplate(value: Json): boolean {
  if (typeof value === "string") return hasTemplate(value);
  if (Array.isArray(value)) return value.some(isTemplate);
  return isJsonObject(value) && Object.values(value).some(isTemplate);
}

/** The value with every `{{` written so that it stands for itself: for values that are data and not a template. */
export function literally(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("{{", "{{{{");
  if (Array.isArray(value)) return value.map(literally);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, literally(item)]));
}

/** The value with its references replaced; throws `TemplateError` where one leads nowhere. Values without any are returned as they are. */
export function fill(value: Json, lookup: Lookup): Json {
  if (typeof value === "string") return hasTemplate(value) ? fillText(value, lookup) : value;
  if (Array.isArray(value)) return value.map((item: Json) => fill(item, lookup));
  if (!isJsonObject(value)) return value;
  // fromEntries makes own members, whatever they are called.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, lookup)]));
}

function fillText(text: string, lookup: Lookup): Json {
  const parts = parseTemplate(text);
  const [first] = parts;
  if (parts.length === 1 && first?.kind === "path") return found(first.path, lookup);
  return parts.map((part) => (part.kind === "text" ? part.text : inserted(part.path, lookup))).join("");
}

function inserted(path: Path, lookup: Lookup): string {
  const value = found(path, lookup);
  if (typeof value === "object" && value !== null)
    throw new TemplateError(`inserts {{${path.join(".")}}}, which is no scalar, into a text`);
  return String(value satisfies JsonScalar);
}

function found(path: Path, lookup: Lookup): Json {
  const value = lookup(path);
  if (value === undefined) throw new TemplateError(`refers to {{${path.join(".")}}}, which is not there`);
  return value;
}
