/** API keys of the person who is signed in ([A16]): made, listed, given a new secret, ended. The text of a key is shown once. */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { JsonObject } from "../../../core/json.ts";
import {
  createApiKey,
  KEY_LIST_LIMIT,
  listApiKeys,
  publicKey,
  revokeApiKey,
  rotateApiKey,
  verifyApiKey,
} from "../api-keys.ts";
import { type AuthCall, answer, requireIdentity, requireSession, throttle } from "../auth-call.ts";
import { optionalText, own, requiredText } from "../read-input.ts";
import { keyCredential } from "../user-principal.ts";

const MAX_LIFE_S = 5 * 366 * 86_400;

/** `{ name, prefix?, expiresIn? }`, in seconds. */
export async function createKey(call: AuthCall): Promise<Response> {
  const { database, settings, values, nowMs } = call;
  const { user, session } = await requireSession(call);
  const name = optionalText(values, "name", 100);
  if (name === null) throw invalidField("name", "is needed, as text", "required");
  const prefix = optionalText(values, "prefix", 32) ?? "";
  if (!/^[a-z0-9-]*$/.test(prefix)) throw invalidField("prefix", "may have a–z, 0–9 and -", "pattern");
  const expiresAtMs = readExpiry(values, nowMs);
  const made = await createApiKey(
    database,
    { userId: user.id, sessionId: session.id, name, prefix, expiresAtMs },
    { nowMs, max: settings.maxKeys },
  );
  if (made === null) {
    // A reset in the meantime has ended the session, and with it what it was doing.
    await requireSession(call);
    const detail = `You have ${settings.maxKeys} keys, which is the limit. Revoke one first`;
    throw new Fault({ slug: "conflict", reason: "too-many", detail });
  }
  return answer({ ...publicKey(made.row), key: made.key }, { status: 201 });
}

/** `?limit=…&cursor=…`: in the order in which they were made. */
export async function listKeys(call: AuthCall): Promise<Response> {
  const { context, database } = call;
  const { user } = await requireSession(call);
  const { searchParams } = context.url;
  const limit = Number(searchParams.get("limit") ?? KEY_LIST_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > KEY_LIST_LIMIT)
    throw invalidField("limit", `must be an integer from 1 to ${KEY_LIST_LIMIT}`, "range");
  const page = await listApiKeys(database, user.id, { limit, cursor: searchParams.get("cursor") });
  if (page === null) throw new Fault({ slug: "cursor-invalid", reason: "malformed" });
  const { rows, nextCursor } = page;
  return answer({ items: rows.map(publicKey), nextCursor, hasMore: nextCursor !== null });
}

/**
 * `{ key }` → `{ valid: true, key, userId }` or `{ valid: false, reason }`, for services that are shown keys. Its name is its owner's
 * own business. Wrong secrets for a key that is there are counted.
 */
export async function verifyKey(call: AuthCall): Promise<Response> {
  const { database, values, nowMs } = call;
  const { user } = await requireIdentity(call);
  const check = await verifyApiKey(database, requiredText(values, "key"), nowMs);
  if (check.kind === "refused") {
    if (check.reason === "mismatch") await throttle(call, { action: "key", email: null }).request();
    return answer({ valid: false, reason: check.reason });
  }
  const { name, ...key } = publicKey(check.key);
  const isOwn = check.user.id === user.id;
  return answer({ valid: true, key: isOwn ? { ...key, name: name ?? null } : key, userId: check.user.id });
}

/** `{ expiresIn? }`: lives as long as before, or from now on; one that has expired must be told. */
export async function rotateKey(call: AuthCall): Promise<Response> {
  const { context, database, values, nowMs } = call;
  const { user } = await requireSession(call);
  const expiresAtMs = readExpiry(values, nowMs);
  const rotated = await rotateApiKey(database, { id: context.params.id ?? "", userId: user.id, expiresAtMs }, nowMs);
  if (rotated === "expired") throw invalidField("expiresIn", "is needed, since the key has expired", "required");
  if (rotated === null) throw absent();
  context.accessEnded({ kind: "credential", userId: user.id, credential: keyCredential(rotated.row.id) });
  return answer({ ...publicKey(rotated.row), key: rotated.key });
}

export async function revokeKey(call: AuthCall): Promise<Response> {
  const { context, database } = call;
  const { user } = await requireSession(call);
  const id = context.params.id ?? "";
  if (!(await revokeApiKey(database, id, user.id))) throw absent();
  context.accessEnded({ kind: "credential", userId: user.id, credential: keyCredential(id) });
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
