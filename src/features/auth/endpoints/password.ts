/**
 * Passwords that were forgotten or shall change ([A11]). Asking for a mail is answered before anything is looked up, so it tells
 * nothing; a link works once and ends every session of the person.
 */

import { Fault } from "../../../core/fault.ts";
import { errorFields } from "../../../core/log.ts";
import { type AuthCall, answer, post, requireSession, throttle } from "../auth-call.ts";
import { makeResetToken, openResetToken, resetByLink } from "../mail-link.ts";
import { resetMail } from "../mailer.ts";
import { hashPassword, verifyPassword } from "../password-hash.ts";
import { validatePassword } from "../password-policy.ts";
import { readEmail, readPassword, refuseIf, requiredText } from "../read-input.ts";
import { sessionCredential } from "../user-principal.ts";

export async function forgotPassword(call: AuthCall): Promise<Response> {
  const { context, values } = call;
  const email = readEmail(values);
  const { send, link } = post(call);
  await throttle(call, { action: "forgot", email }).request();
  const work = async () => {
    const token = await makeResetToken(email, call);
    if (token !== null) await send(resetMail(email, link("reset", token)));
  };
  context.waitUntil(
    work().catch((error: unknown) => context.log.error("a password was not reset", errorFields(error))),
  );
  return answer({ status: "sent-if-known" }, { status: 202 });
}

/** Also ends every API key: whoever resets a password may have lost the account to somebody for a while. */
export async function resetPassword(call: AuthCall): Promise<Response> {
  const { context, settings, values } = call;
  const token = requiredText(values, "token");
  const password = readPassword(values);
  refuseIf(validatePassword(password, settings.policy));
  // A guesser of links must not keep the Worker busy.
  await throttle(call, { action: "reset", email: null }).failures(async () => {
    const resetting = await openResetToken(token, call);
    refuseIf(validatePassword(password, settings.policy, { email: resetting.email }));
    await resetByLink(resetting, await hashPassword(password), call);
    context.accessEnded({ kind: "everything", userId: resetting.userId });
  });
  return answer(null, { status: 204 });
}

/** `{ currentPassword, newPassword }`: ends every other session. Keys stay: the person is there, and revokes those that are not theirs. */
export async function changePassword(call: AuthCall): Promise<Response> {
  const { context, settings, database, values, nowMs } = call;
  const { user, session } = await requireSession(call);
  const current = readPassword(values, "currentPassword");
  const wanted = readPassword(values, "newPassword");
  const email = String(user.claims.email ?? "");
  refuseIf(validatePassword(wanted, settings.policy, { email, field: "newPassword" }));
  const accountId = await throttle(call, { action: "login", email }).failures(async () => {
    const account = await database
      .prepare("SELECT id, password FROM auth_accounts WHERE user_id = ? AND provider_id = 'credential'")
      .bind(user.id)
      .first<{ id: string; password: string | null }>();
    if (account?.password != null && (await verifyPassword(current, account.password))) return account.id;
    throw new Fault({ slug: "forbidden", detail: "The current password is wrong" });
  });
  const hash = await hashPassword(wanted);
  await database.batch([
    database.prepare("UPDATE auth_accounts SET password = ?, updated_at = ? WHERE id = ?").bind(hash, nowMs, accountId),
    database.prepare("DELETE FROM auth_sessions WHERE user_id = ? AND id <> ?").bind(user.id, session.id),
  ]);
  context.accessEnded({ kind: "sessions", userId: user.id, except: sessionCredential(session.id) });
  return answer(null, { status: 204 });
}
