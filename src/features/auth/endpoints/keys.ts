/** API keys of the person who is signed in ([A16]): made, listed, given a new secret, ended. The text of a key is shown once. */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { JsonObject } from "../../../core/json.ts";
import { createApiKey, listApiKeys, publicKey, revokeApiKey, rotateApiKey, verifyApiKey } from "../api-keys.ts";
import { type AuthCall, answer, requireIdentity, requireSession } from "../auth-call.ts";
import { optionalText, own, requiredText } from "../read-input.ts";

const MAX_LIFE_S = 5 * 366 * 86_400;

/** `{ name, prefix?, expiresIn? }`, in seconds. */
export async function createKey(call: AuthCall): Promise<Response> {
  const { database, values, nowMs } = call;
  const { user } = await requireSession(call);
  const name = optionalText(values, "name", 100);
  if (name === null) throw invalidField("name", "is needed, as text", "required");
  const prefix = optionalText(values, "prefix", 32) ?? "";
  if (!/^[a-z0-9-]*$/.test(prefix)) throw invalidField("prefix", "may have a–z, 0–9 and -", "pattern");
  const expiresAtMs = readExpiry(values, nowMs);
  const { key, row } = await createApiKey(database, { userId: user.id, name, prefix, expiresAtMs }, nowMs);
  return answer({ ...publicKey(row), key }, { status: 201 });
}

export async function listKeys(call: AuthCall): Promise<Response> {
  const { user } = await requireSession(call);
  return answer({ items: (await listApiKeys(call.database, user.id)).map(publicKey) });
}

/** `{ key }` → `{ valid: true, key, userId }` or `{ valid: false, reason }`, for services that are shown keys. */
export async function verifyKey(call: AuthCall): Promise<Response> {
  const { database, values, nowMs } = call;
  await requireIdentity(call);
  const check = await verifyApiKey(database, requiredText(values, "key"), nowMs);
  if (check.kind === "refused") return answer({ valid: false, reason: check.reason });
  return answer({ valid: true, key: publicKey(check.key), userId: check.user.id });
}

export async function rotateKey(call: AuthCall): Promise<Response> {
  const { context, database, nowMs } = call;
  const { user } = await requireSession(call);
  const rotated = await rotateApiKey(database, context.params.id ?? "", user.id, nowMs);
  if (rotated === null) throw absent();
  return answer({ ...publicKey(rotated.row), key: rotated.key });
}

export async function revokeKey(call: AuthCall): Promise<Response> {
  const { context, database } = call;
  const { user } = await requireSession(call);
  if (!(await revokeApiKey(database, context.params.id ?? "", user.id))) throw absent();
  return answer(null, { status: 204 });
}

function readExpiry(values: JsonObject, nowMs: number): number | null {
  const seconds = own(values, "expiresIn");
  if (seconds === undefined || seconds === null) return null;
  if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds < 1 || seconds > MAX_LIFE_S)
    throw invalidField("expiresIn", `must be a number of seconds up to ${MAX_LIFE_S}`, "range");
  return nowMs + seconds * 1000;
}

function absent(): Fault {
  return new Fault({ slug: "not-found", detail: "There is no such key" });
}
