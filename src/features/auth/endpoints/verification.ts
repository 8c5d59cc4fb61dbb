/** Addresses that wait to be confirmed ([A12]). Asking for the mail again tells nothing of the address; a link works for a day. */

import { errorFields } from "../../../core/log.ts";
import { type AuthCall, answer, loadLibrary, throttle } from "../auth-call.ts";
import { readEmail, requiredText } from "../read-input.ts";

export async function requestVerification(call: AuthCall): Promise<Response> {
  const { context, values } = call;
  const email = readEmail(values);
  await throttle(call, "verify", email).take();
  const library = await loadLibrary(call);
  context.waitUntil(
    library.requestVerification(email).catch((error: unknown) => {
      context.log.error("a confirmation was not asked for", errorFields(error));
    }),
  );
  return answer({ status: "sent-if-known" }, { status: 202 });
}

/** Confirms the address and signs nobody in: whoever opens a mail is not yet who knows the password. */
export async function confirmVerification(call: AuthCall): Promise<Response> {
  const token = requiredText(call.values, "token");
  await (await loadLibrary(call)).verifyEmail(token);
  return answer(null, { status: 204 });
}
