/** Refuses input that can never fit into a row ([HT4]). The object checks the whole row once more. */

import { Fault } from "../core/fault.ts";
import type { Draft } from "../core/schema/table-spec.ts";
import { MAX_ROW_BYTES } from "./limits.ts";

export function checkRowSize(draft: Draft): void {
  const text = JSON.stringify(draft);
  // No text of that many UTF-16 units can exceed the limit in UTF-8.
  if (text.length <= MAX_ROW_BYTES / 3) return;
  const actual = new TextEncoder().encode(text).byteLength;
  if (actual > MAX_ROW_BYTES) throw new Fault({ slug: "payload-too-large", limit: MAX_ROW_BYTES, actual });
}
