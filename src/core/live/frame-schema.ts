/**
 * Forms of frames as data, and the one reader that checks a frame against its form ([WS2]): members that are not known are ignored,
 * one that is missing or of another type is named. The forms are also what the hash of the wire schema covers.
 */

import { isJsonObject, type JsonObject } from "../json.ts";
import { isSafeSeq } from "./position.ts";

/** A type, with `?` when the member may be absent. */
export type MemberType = "int" | "seq" | "text" | "texts" | "bool" | "object" | "objects" | "json";
export type MemberForm = MemberType | `${MemberType}?`;
export type FrameForm = Readonly<Record<string, MemberForm>>;
/** The frames of one direction, by type. */
export type FrameForms = Readonly<Record<string, FrameForm>>;

export type ReadFrame =
  | { readonly ok: true; readonly frame: JsonObject & { readonly type: string } }
  /** `unknown-type` leaves the socket open; the others are no frames of the protocol. */
  | {
      readonly ok: false;
      readonly kind: "not-json" | "unknown-type" | "member";
      readonly detail: string;
      readonly id?: number;
    };

export function readFrame(text: string, forms: FrameForms): ReadFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, kind: "not-json", detail: "The frame is not JSON" };
  }
  if (!isJsonObject(value) || typeof value.type !== "string")
    return { ok: false, kind: "not-json", detail: "A frame is an object with a type" };
  const id = typeof value.id === "number" ? { id: value.id } : {};
  const form = Object.hasOwn(forms, value.type) ? forms[value.type] : undefined;
  if (form === undefined)
    return { ok: false, kind: "unknown-type", detail: `There is no frame "${value.type.slice(0, 40)}"`, ...id };
  const frame: Record<string, JsonObject[string]> = { type: value.type };
  for (const [name, memberForm] of Object.entries(form)) {
    const isOptional = memberForm.endsWith("?");
    const type = (isOptional ? memberForm.slice(0, -1) : memberForm) as MemberType;
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member === undefined || (member === null && isOptional && type !== "json")) {
      if (isOptional) continue;
      return { ok: false, kind: "member", detail: `${value.type} needs ${name}`, ...id };
    }
    if (!isOfType(member, type))
      return { ok: false, kind: "member", detail: `${name} of ${value.type} must be ${TYPE_NAMES[type]}`, ...id };
    frame[name] = member;
  }
  return { ok: true, frame: frame as JsonObject & { readonly type: string } };
}

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

function isOfType(value: unknown, type: MemberType): boolean {
  switch (type) {
    case "int":
      return Number.isSafeInteger(value);
    case "seq":
      return isSafeSeq(value);
    case "text":
      return typeof value === "string";
    case "texts":
      return Array.isArray(value) && value.every((each) => typeof each === "string");
    case "bool":
      return typeof value === "boolean";
    case "object":
      return isJsonObject(value);
    case "objects":
      return Array.isArray(value) && value.every(isJsonObject);
    case "json":
      return true;
  }
}
