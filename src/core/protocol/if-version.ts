/** `ifVersion` of a batch item: a row tag without quotes, or `epoch:version` ([HT39]). */

import type { TagCondition } from "./etag.ts";

const FORM = /^[a-z2-7]{16}:(?:0|[1-9][0-9]{0,15})(?::[0-9a-f]{6}(?:\+[0-9a-f-]{36})?)?$/;

export const IF_VERSION_FORM = "must be a row's tag without quotes, or <epoch>:<version>";

/** The condition that it sets; null when it is malformed. */
export function parseIfVersion(value: unknown): TagCondition | null {
  if (typeof value !== "string" || !FORM.test(value)) return null;
  const [epoch, version, shape = ""] = value.split(":");
  return { kind: "tags", tags: [{ isWeak: false, opaque: `${epoch}:${version}:${shape}` }] };
}
