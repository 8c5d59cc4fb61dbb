/** A frame that could not be read, in words for whoever sent it ([WS2]). Apart from the reader, because a client reads without words. Pure. */

import type { MemberType, UnreadFrame } from "./frame-schema.ts";

const TYPE_NAMES: Readonly<Record<MemberType, string>> = {
  int: "an integer",
  seq: "an integer ≥ 0",
  text: "text",
  texts: "a list of texts",
  bool: "true or false",
  object: "an object",
  objects: "a list of objects",
  json: "JSON",
};

/** `id of unwatch must be an integer`. */
export function frameFault(unread: UnreadFrame): string {
  switch (unread.kind) {
    case "not-json":
      return "A frame is a JSON object with a type";
    case "unknown-type":
      return `There is no frame "${unread.type.slice(0, 40)}"`;
    case "member":
      return unread.needs === null
        ? `${unread.type} needs ${unread.name}`
        : `${unread.name} of ${unread.type} must be ${TYPE_NAMES[unread.needs]}`;
  }
}
