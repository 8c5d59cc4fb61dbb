/**
 * `POST /signup` ([A1]): `{ email, password, name?, data? }`. Where the address must be confirmed first, the answer is 202 and the work is
 * done after it: neither its text nor its time tells whether the address has an account. Otherwise it signs in, which the log says once:
 * then anybody may have any address, unconfirmed.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { errorFields } from "../../../core/log.ts";
import { type AuthCall, answer, loadLibrary, post, throttle } from "../auth-call.ts";
import type { AuthSettings } from "../auth-options.ts";
import type { Library, NewPerson } from "../library/library.ts";
import { verifyToken } from "../mail-link.ts";
import { existsMail, isVerificationRequired, mailProblem, verifyMail } from "../mailer.ts";
import { validatePassword } from "../password-policy.ts";
import { optionalText, own, readEmail, readPassword, refuseIf } from "../read-input.ts";
import { beginSession, readCarrier } from "./begin-session.ts";

const MAX_METADATA_CHARACTERS = 4096;
const MAX_NAME_CHARACTERS = 200;

export async function signUp(call: AuthCall): Promise<Response> {
  const { settings, values, context } = call;
  if (settings.signUp.door === "closed") throw new Fault({ slug: "forbidden", detail: "Sign-up is closed" });
  const email = readEmail(values);
  const password = readPassword(values);
  const name = optionalText(values, "name", MAX_NAME_CHARACTERS) ?? "";
  const metadata = readMetadata(values);
  const carrier = readCarrier(values);
  refuseIf(validatePassword(password, settings.policy, { email }));
  const isRequired = isVerificationRequired(settings, context.env);
  // Before anything is counted or written: without mail nobody could follow a link.
  if (isRequired) post(call);
  else warnOnce(call);
  await throttle(call, { action: "signup", email }).request();
  const library = await loadLibrary(call);
  const person = { email, password, name, metadata };
  if (isRequired) {
    context.waitUntil(signUpByMail(call, library, person));
    return answer({ status: "verification-sent" }, { status: 202 });
  }
  const done = await library.signUp(person);
  if (done.kind === "existing") {
    throw new Fault({ slug: "conflict", reason: "unique", fields: ["email"], detail: "This address has an account" });
  }
  if (mailProblem(settings, context) === null) context.waitUntil(sendLink(call, email, done.userId));
  return beginSession(call, await library.signIn(email, password), carrier, 201);
}

/** Never rejects. Who has an account is told so, by mail alone. */
async function signUpByMail(call: AuthCall, library: Library, person: NewPerson): Promise<void> {
  try {
    const done = await library.signUp(person);
    await (done.kind === "existing"
      ? post(call).send(existsMail(done.email))
      : sendLink(call, person.email, done.userId));
  } catch (error) {
    // Two at once with one address: the other one has written and mailed.
    if (error instanceof Fault && error.data.slug === "conflict") return;
    call.context.log.error("a sign-up was not completed", errorFields(error));
  }
}

async function sendLink(call: AuthCall, email: string, userId: string): Promise<void> {
  const { send, link } = post(call);
  await send(verifyMail(email, link("verify", verifyToken(userId, call))));
}

/** By settings: each application says it once an isolate. */
const warned = new WeakSet<AuthSettings>();

function warnOnce({ context, settings }: AuthCall): void {
  if (warned.has(settings)) return;
  warned.add(settings);
  context.log.warn("sign-up does not confirm addresses", { mend: mailProblem(settings, context) });
}

/** `data`: an object that the person may write, as text. */
function readMetadata(values: JsonObject): string {
  const data = own(values, "data") ?? {};
  if (!isJsonObject(data)) throw invalidField("data", "must be an object", "type");
  const text = JSON.stringify(data);
  if (text.length <= MAX_METADATA_CHARACTERS) return text;
  throw invalidField("data", `has ${text.length} characters, limit is ${MAX_METADATA_CHARACTERS}`, "too-long");
}
