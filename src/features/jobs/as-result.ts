/** What a handler gave back as it is kept in its job's row, and how large that is. */

import type { Json } from "../../core/json.ts";
import { utf8Length } from "../../core/utf8-length.ts";

export function asResult(value: unknown): { readonly result: Json; readonly bytes: number } {
  // A function, or a symbol, has no text.
  const text = JSON.stringify(value ?? null) ?? "null";
  return { result: JSON.parse(text) as Json, bytes: utf8Length(text) };
}
