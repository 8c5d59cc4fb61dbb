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

export type ReadFrame = { readonly ok: true; readonly frame: JsonObject & { readonly type: string } } | UnreadFrame;

/**
 * Not JSON, or no object with a type; of a type that is not known, which leaves the socket open; or a member is not as it must be, or absent
 * (`needs` null). In words: `frameFault`.
 */
export type UnreadFrame = { readonly ok: false; readonly id?: number } & (
  | { readonly kind: "not-json" }
  | { readonly kind: "unknown-type"; readonly type: string }
  | { readonly kind: "member"; readonly type: string; readonly name: string; readonly needs: MemberType | null }
);

export function readFrame(text: string, forms: FrameForms): ReadFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, kind: "not-json" };
  }
  if (!isJsonObject(value) || typeof value.type !== "string") return { ok: false, kind: "not-json" };
  const { type } = value;
  const unread = { ok: false, type, ...(typeof value.id === "number" && { id: value.id }) } as const;
  const form = Object.hasOwn(forms, type) ? forms[type] : undefined;
  if (form === undefined) return { ...unread, kind: "unknown-type" };
  const frame: Record<string, JsonObject[string]> = { type };
  for (const [name, memberForm] of Object.entries(form)) {
    const isOptional = memberForm.endsWith("?");
    const needs = (isOptional ? memberForm.slice(0, -1) : memberForm) as MemberType;
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member === undefined || (member === null && isOptional && needs !== "json")) {
      if (isOptional) continue;
      return { ...unread, kind: "member", name, needs: null };
    }
    if (!isOfType(member, needs)) return { ...unread, kind: "member", name, needs };
    frame[name] = member;
  }
  return { ok: true, frame: frame as JsonObject & { readonly type: string } };
}

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
