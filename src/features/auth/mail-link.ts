/**
 * The links in mails ([A11] [A12]), and what following one proves: that its reader has the mailbox. A link to confirm is bound to the sign-up it was
 * sent for, by the person's id, so a later sign-up with the same address voids it; it needs no row. Whose sign-up that was it does not prove:
 * that takes its password. A link to a new password is a row, used once, and ends with what belongs to it in one batch.
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { RESET_TTL_MS, VERIFY_TTL_MS } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";
import { verifyPassword } from "./password-hash.ts";
import { hashToken, randomToken } from "./tokens.ts";

const BAD_LINK = "is not valid any more. Ask for a new mail";
const VERIFY_FORM = /^([A-Za-z0-9-]{1,64})\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{43})$/;

interface Place {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly nowMs: number;
}

/** `<user>.<expiry, s, base 36>.<signature>`, for a day. */
export function verifyToken(userId: string, { keyring, nowMs }: Pick<Place, "keyring" | "nowMs">): string {
  const expiry = Math.floor((nowMs + VERIFY_TTL_MS) / 1000).toString(36);
  return `${userId}.${expiry}.${keyring.sign("verify", `${userId}|${expiry}`)}`;
}

/** The person whose sign-up the link was sent for; throws for one that we did not make, or too old. */
export function openVerifyToken(token: string, { keyring, nowMs }: Pick<Place, "keyring" | "nowMs">): string {
  const [, userId, expiry, signature] = VERIFY_FORM.exec(token) ?? [];
  if (userId === undefined || expiry === undefined || signature === undefined) throw badLink("invalid");
  if (!keyring.isSigned("verify", `${userId}|${expiry}`, signature)) throw badLink("invalid");
  if (Number.parseInt(expiry, 36) * 1000 <= nowMs) throw badLink("expired");
  return userId;
}

/**
 * Confirms the address for who signed up with it, and for nobody else: the reader of the mail, who has the mailbox, must know the password
 * of the sign-up, or a stranger's would be confirmed by the owner. Throws unless there still is such a sign-up. Harmless when repeated.
 */
export async function confirmSignUp(
  userId: string,
  password: string,
  { database, nowMs }: Pick<Place, "database" | "nowMs">,
): Promise<void> {
  const hash = await database
    .prepare("SELECT password FROM auth_accounts WHERE user_id = ? AND provider_id = 'credential'")
    .bind(userId)
    .first<string>("password");
  if (hash === null) throw badLink("invalid");
  if (!(await verifyPassword(password, hash))) {
    const detail = "This is not the password that was chosen at the sign-up which the mail was sent for";
    throw new Fault({ slug: "unauthorized", reason: "invalid-credentials", detail });
  }
  const done = await database
    .prepare("UPDATE auth_users SET email_verified = 1, is_pending = 0, updated_at = ? WHERE id = ?")
    .bind(nowMs, userId)
    .run();
  if (done.meta.changes === 0) throw badLink("invalid");
}

/** The person whose address waits to be confirmed; null when there is none. */
export async function findUnverified(database: D1Database, email: string): Promise<string | null> {
  return database.prepare("SELECT id FROM auth_users WHERE email = ? AND email_verified = 0").bind(email).first("id");
}

/** A token for a new password, for an hour; null when the address has no account. */
export async function makeResetToken(
  email: string,
  { database, nowMs }: Pick<Place, "database" | "nowMs">,
): Promise<string | null> {
  const userId = await database.prepare("SELECT id FROM auth_users WHERE email = ?").bind(email).first("id");
  if (userId === null) return null;
  const token = randomToken();
  await database
    .prepare(
      "INSERT INTO auth_verifications (id, identifier, value, expires_at, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )
    .bind(crypto.randomUUID(), identifierOf(token), userId, nowMs + RESET_TTL_MS, nowMs)
    .run();
  return token;
}

export interface Resetting {
  readonly linkId: string;
  readonly userId: string;
  readonly email: string;
}

/** Whose password a link may set; throws for one that was used or is too old. */
export async function openResetToken(token: string, { database, nowMs }: Pick<Place, "database" | "nowMs">) {
  const found = await database
    .prepare(
      "SELECT v.id AS linkId, u.id AS userId, u.email FROM auth_verifications AS v JOIN auth_users AS u ON u.id = v.value WHERE v.identifier = ? AND v.expires_at > ?",
    )
    .bind(identifierOf(token), nowMs)
    .first<Resetting>();
  if (found === null) throw badLink("invalid");
  return found;
}

/**
 * Uses the link: all of it or nothing. The person has shown that the mailbox is theirs, so whatever somebody else may have put there ends:
 * sessions, keys, other links, and the name and data of a sign-up that was never confirmed.
 */
export async function resetByLink(
  { linkId, userId }: Resetting,
  passwordHash: string,
  { database, nowMs }: Pick<Place, "database" | "nowMs">,
): Promise<void> {
  const run = (sql: string, ...values: readonly unknown[]) => database.prepare(sql).bind(...values);
  try {
    await database.batch([
      // Fails the batch when somebody else was faster with the same link, or a sign-up took the place of this one.
      run(
        "INSERT INTO auth_guards (held) SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM auth_verifications WHERE id = ? AND value = ?)",
        linkId,
        userId,
      ),
      run("DELETE FROM auth_verifications WHERE value = ?", userId),
      run(
        "UPDATE auth_accounts SET password = ?, updated_at = ? WHERE user_id = ? AND provider_id = 'credential'",
        passwordHash,
        nowMs,
        userId,
      ),
      run("UPDATE auth_users SET name = '', user_metadata = '{}' WHERE id = ? AND is_pending = 1", userId),
      run("UPDATE auth_users SET email_verified = 1, is_pending = 0, updated_at = ? WHERE id = ?", nowMs, userId),
      run("DELETE FROM auth_sessions WHERE user_id = ?", userId),
      run("DELETE FROM auth_api_keys WHERE user_id = ?", userId),
    ]);
  } catch (error) {
    if (error instanceof Error && error.message.includes("auth_guards.held")) throw badLink("invalid");
    throw error;
  }
}

function identifierOf(token: string): string {
  return hashToken(`reset-password:${token}`);
}

function badLink(code: "invalid" | "expired"): Fault {
  return invalidField("token", BAD_LINK, code);
}
