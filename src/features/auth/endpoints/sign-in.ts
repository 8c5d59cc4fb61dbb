/**
 * `POST /login` ([A2] [A34]): `{ email, password, session? }`. An unknown address and a wrong password are one answer and take one time:
 * a password is hashed either way. A try counts before it is made, and is given back when it succeeds.
 */

import { type AuthCall, loadLibrary, throttle } from "../auth-call.ts";
import { readEmail, readPassword } from "../read-input.ts";
import { beginSession, readCarrier } from "./begin-session.ts";

export async function signIn(call: AuthCall): Promise<Response> {
  const { values } = call;
  const email = readEmail(values);
  const password = readPassword(values);
  const carrier = readCarrier(values);
  const token = await throttle(call, { action: "login", email }).failures(async () =>
    (await loadLibrary(call)).signIn(email, password),
  );
  return beginSession(call, token, carrier);
}
