/**
 * Passwords that were forgotten or shall change ([A11]). Asking for a mail is answered before anything is looked up, so it tells
 * nothing; a link works once and ends every session of the person.
 */

import { Fault } from "../../../core/fault.ts";
import { errorFields } from "../../../core/log.ts";
import { type AuthCall, answer, loadLibrary, requireSession, throttle } from "../auth-call.ts";
import { hashPassword, verifyPassword } from "../password-hash.ts";
import { validatePassword } from "../password-policy.ts";
import { readEmail, readPassword, refuseIf, requiredText } from "../read-input.ts";

export async function forgotPassword(call: AuthCall): Promise<Response> {
  const { context, values } = call;
  const email = readEmail(values);
  await throttle(call, "forgot", email).take();
  const library = await loadLibrary(call);
  context.waitUntil(
    library.forgotPassword(email).catch((error: unknown) => {
      context.log.error("a password was not reset", errorFields(error));
    }),
  );
  return answer({ status: "sent-if-known" }, { status: 202 });
}

export async function resetPassword(call: AuthCall): Promise<Response> {
  const { settings, values } = call;
  const token = requiredText(values, "token");
  const password = readPassword(values);
  refuseIf(validatePassword(password, settings.policy));
  // Every try hashes a password: a guesser of links must not keep the Worker busy.
  const tries = throttle(call, "reset", null);
  await tries.take();
  await (await loadLibrary(call)).resetPassword(token, password);
  await tries.giveBack();
  return answer(null, { status: 204 });
}

/** `{ currentPassword, newPassword }`: ends every other session. */
export async function changePassword(call: AuthCall): Promise<Response> {
  const { settings, database, values, nowMs } = call;
  const { user, session } = await requireSession(call);
  const current = readPassword(values, "currentPassword");
  const wanted = readPassword(values, "newPassword");
  const email = String(user.claims.email ?? "");
  refuseIf(validatePassword(wanted, settings.policy, { email, field: "newPassword" }));
  const tries = throttle(call, "login", email);
  await tries.take();
  const account = await database
    .prepare("SELECT id, password FROM auth_accounts WHERE user_id = ? AND provider_id = 'credential'")
    .bind(user.id)
    .first<{ id: string; password: string | null }>();
  if (account?.password == null || !(await verifyPassword(current, account.password))) {
    throw new Fault({ slug: "forbidden", detail: "The current password is wrong" });
  }
  await tries.giveBack();
  const hash = await hashPassword(wanted);
  await database.batch([
    database
      .prepare("UPDATE auth_accounts SET password = ?, updated_at = ? WHERE id = ?")
      .bind(hash, nowMs, account.id),
    database.prepare("DELETE FROM auth_sessions WHERE user_id = ? AND id <> ?").bind(user.id, session.id),
  ]);
  return answer(null, { status: 204 });
}
