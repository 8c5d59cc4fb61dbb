/**
 * `POST /signup` ([A1]): `{ email, password, name?, data? }`. Where the address must be confirmed first, the answer is 202 and the work is
 * done after it: neither its text nor its time tells whether the address has an account. Otherwise it signs in.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { errorFields } from "../../../core/log.ts";
import { type AuthCall, answer, loadLibrary, throttle } from "../auth-call.ts";
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
  await throttle(call, "signup", null).take();
  const library = await loadLibrary(call);
  const person = { email, password, name, metadata };
  if (settings.signUp.verification === "required") {
    const work = library.signUp(person).catch((error: unknown) => {
      // Two at once with one address: the other one has written and mailed.
      if (error instanceof Fault && error.data.slug === "conflict") return;
      context.log.error("a sign-up was not completed", errorFields(error));
    });
    context.waitUntil(work);
    return answer({ status: "verification-sent" }, { status: 202 });
  }
  if ((await library.signUp(person)) === "existing") {
    throw new Fault({ slug: "conflict", reason: "unique", fields: ["email"], detail: "This address has an account" });
  }
  return beginSession(call, await library.signIn(email, password), carrier, 201);
}

/** `data`: an object that the person may write, as text. */
function readMetadata(values: JsonObject): string {
  const data = own(values, "data") ?? {};
  if (!isJsonObject(data)) throw invalidField("data", "must be an object", "type");
  const text = JSON.stringify(data);
  if (text.length <= MAX_METADATA_CHARACTERS) return text;
  throw invalidField("data", `has ${text.length} characters, limit is ${MAX_METADATA_CHARACTERS}`, "too-long");
}
