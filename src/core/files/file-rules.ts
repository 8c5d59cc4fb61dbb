/**
 * What a file table takes: how large, which types, under which names. Decided on what the client declares, before any byte arrives;
 * that the bytes are what was declared is `type-agrees.ts`.
 */

import { Fault, type FieldError } from "../fault.ts";
import { utf8Length } from "../utf8-length.ts";

export interface FileRules {
  /** Largest file in bytes. */
  readonly maxBytes: number;
  /** `image/png`, or `image/*`; empty: every type. */
  readonly types: readonly string[];
  /** Refused although `types` would take them. */
  readonly blockedTypes: readonly string[];
  /** Largest width and height of an image, in pixels; absent: any. */
  readonly imageSides?: { readonly width?: number; readonly height?: number };
  /** How long an announced file may wait for its bytes. */
  readonly expiresMs: number;
  /** How long one request may send bytes. */
  readonly requestMs: number;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const MAX_NAME_BYTES = 255;
// Controls, what separates paths, and marks that turn the direction of text: `cv\u202Efdp.exe` reads as `cvexe.pdf`.
const BAD_IN_NAMES = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}/\\\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** `IMAGE/PNG; charset=x` → `image/png`; null for what is no media type. */
export function parseMediaType(text: string): string | null {
  const type = (text.split(";", 1)[0] ?? "").trim().toLowerCase();
  return MEDIA_TYPE.test(type) ? type : null;
}

/** What is wrong with a file's name; null when nothing is. */
export function nameProblem(name: string): string | null {
  if (name === "" || name === "." || name === "..") return "must name a file";
  if (utf8Length(name) > MAX_NAME_BYTES) return `has more than ${MAX_NAME_BYTES} bytes`;
  return BAD_IN_NAMES.test(name) ? "may not contain control characters, / or \\" : null;
}

/** Throws what a declared file is refused for: 400, 413 or 415. */
export function checkDeclared(
  { name, type, size }: { readonly name: string; readonly type: string; readonly size: number },
  rules: FileRules,
): void {
  const errors: FieldError[] = [];
  const problem = nameProblem(name);
  if (problem !== null) errors.push({ field: "name", message: problem, code: "name" });
  if (parseMediaType(type) !== type)
    errors.push({ field: "type", message: "must be a media type in lower case, like image/png", code: "type" });
  if (!Number.isSafeInteger(size) || size < 0)
    errors.push({ field: "size", message: "must be the number of bytes", code: "range" });
  if (errors.length > 0) throw new Fault({ slug: "validation-error", errors });
  if (!takesType(type, rules)) throw typeRefused(rules, `Files of type ${type} are not taken here`);
  if (size > rules.maxBytes)
    throw new Fault({
      slug: "payload-too-large",
      limit: rules.maxBytes,
      actual: size,
      detail: `Cannot store the file: it has ${size} bytes, limit is ${rules.maxBytes}`,
    });
}

export function takesType(type: string, rules: FileRules): boolean {
  return !isBlocked(type, rules) && (rules.types.length === 0 || isIn(rules.types, type));
}

export function isBlocked(type: string, { blockedTypes }: FileRules): boolean {
  return isIn(blockedTypes, type);
}

function isIn(patterns: readonly string[], type: string): boolean {
  return patterns.some(
    (pattern) => pattern === type || (pattern.endsWith("/*") && type.startsWith(pattern.slice(0, -1))),
  );
}

export function typeRefused(rules: FileRules, detail: string): Fault {
  return new Fault({ slug: "unsupported-media-type", supported: rules.types, detail });
}

/** What an image that is too large is refused with; null when it is not. `shown`: its size, null where the bytes do not tell. */
export function imageProblem(
  { imageSides }: FileRules,
  shown: { readonly width: number; readonly height: number } | null,
): string | null {
  if (imageSides === undefined) return null;
  if (shown === null) return "tells no width and height, which have a limit here";
  const { width = Number.POSITIVE_INFINITY, height = Number.POSITIVE_INFINITY } = imageSides;
  if (shown.width <= width && shown.height <= height) return null;
  const limit = [imageSides.width ?? "any width", imageSides.height ?? "any height"].join(" × ");
  return `is ${shown.width} × ${shown.height} pixels, limit is ${limit}`;
}
