/**
 * Addresses that wait to be confirmed ([A12]). Asking for the mail again tells nothing of the address; a link works for a day, for who knows the
 * password of the sign-up. So anybody may ask for one.
 */

import { errorFields } from "../../../core/log.ts";
import { type AuthCall, answer, post, throttle } from "../auth-call.ts";
import { confirmSignUp, findUnverified, openVerifyToken, verifyToken } from "../mail-link.ts";
import { verifyMail } from "../mailer.ts";
import { readEmail, readPassword, requiredText } from "../read-input.ts";

export async function requestVerification(call: AuthCall): Promise<Response> {
  const { context, database, values } = call;
  const email = readEmail(values);
  const { send, link } = post(call);
  await throttle(call, { action: "verify", email }).request();
  const work = async () => {
    const userId = await findUnverified(database, email);
    if (userId !== null) await send(verifyMail(email, link("verify", verifyToken(userId, call))));
  };
  context.waitUntil(
    work().catch((error: unknown) => context.log.error("a confirmation was not asked for", errorFields(error))),
  );
  return answer({ status: "sent-if-known" }, { status: 202 });
}

/** `{ token, password }`: confirms the address, and signs nobody in. */
export async function confirmVerification(call: AuthCall): Promise<Response> {
  const userId = openVerifyToken(requiredText(call.values, "token"), call);
  const password = readPassword(call.values);
  await throttle(call, { action: "confirm", email: userId }).failures(() => confirmSignUp(userId, password, call));
  return answer(null, { status: 204 });
}
