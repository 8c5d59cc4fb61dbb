/**
 * The body of a sign-in request: JSON from scripts, or a form of a page without script. A form is answered by redirects: to `next`
 * when it went well (`sent` where a mail must be read first), back to its `page` with a word for what went wrong otherwise; both lead nowhere but to this site.
 */

import { Fault, type FieldError, invalid, invalidField } from "../../core/fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { readOptionalJsonBody } from "../../edge/read-body.ts";

const MAX_BYTES = 16_384;
const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
/** What RFC 5321 lets an address have. */
const MAX_EMAIL_LENGTH = 254;
/** As the library takes them, so that nobody is told 202 whom it refuses later. ASCII alone. Whether an address exists only a mail can tell. */
const EMAIL = /^[a-z0-9_'+.-]{0,63}[a-z0-9_+-]@(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z]{2,63}$/;

export interface Input {
  readonly kind: "json" | "form";
  readonly values: JsonObject;
}

/** `{}` for a request without a body: not every endpoint needs one. */
export async function readInput(request: Request): Promise<Input> {
  if (FORM_TYPE.test(request.headers.get("content-type") ?? "")) {
    const text = await readText(request);
    const pairs = [...new URLSearchParams(text)].filter(([name]) => name !== "__proto__");
    return { kind: "form", values: Object.fromEntries(pairs) };
  }
  const value: Json | undefined = await readOptionalJsonBody(request, MAX_BYTES);
  if (value === undefined) return { kind: "json", values: {} };
  if (!isJsonObject(value)) throw invalidField("", "must be an object", "type");
  return { kind: "json", values: value };
}

/** Text of a member; throws for one that is missing or none. Never quotes it. */
export function requiredText(values: JsonObject, name: string): string {
  const value = own(values, name);
  if (typeof value !== "string" || value === "") throw invalidField(name, "is needed, as text", "required");
  return value;
}

export function optionalText(values: JsonObject, name: string, maxLength: number): string | null {
  const value = own(values, name);
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string") throw invalidField(name, "must be text", "type");
  if ([...value].length > maxLength)
    throw invalidField(name, `has ${[...value].length} characters, limit is ${maxLength}`, "too-long");
  return value;
}

/** An address in lower case, so that one mailbox is one account. */
export function readEmail(values: JsonObject): string {
  const email = requiredText(values, "email").trim().toLowerCase();
  if (email.length > MAX_EMAIL_LENGTH)
    throw invalidField("email", `has ${email.length} characters, limit is ${MAX_EMAIL_LENGTH}`, "too-long");
  if (!EMAIL.test(email) || email.startsWith(".") || email.includes(".."))
    throw invalidField("email", "is not an email address", "email");
  return email;
}

/** Text of any kind, for a password that is only compared. */
export function readPassword(values: JsonObject, name = "password"): string {
  const password = requiredText(values, name);
  if (password.length > 1024) throw invalidField(name, "is too long", "too-long");
  return password;
}

export function refuseIf(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(errors);
}

export function own(values: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

async function readText(request: Request): Promise<string> {
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    length += value.byteLength;
    if (length > MAX_BYTES) throw new Fault({ slug: "payload-too-large", limit: MAX_BYTES });
    chunks.push(value);
  }
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}
