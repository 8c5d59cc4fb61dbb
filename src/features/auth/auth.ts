/**
 * The feature `auth`: people sign up and in. One line in src/app.ts, `features: [auth()]`, and nothing outside this folder knows of it;
 * remove both and Ledge serves bearer tokens of others, as before. What happens on every request is small and ours; the library
 * (better-auth) is loaded when somebody signs up, in, or back in.
 */

import type { Feature, RouteOptions } from "../../edge/app-options.ts";
import { type AuthEndpoint, authRoute } from "./auth-call.ts";
import { checkDatabase } from "./auth-env.ts";
import { type AuthOptions, settingsOf } from "./auth-options.ts";
import { createKey, listKeys, revokeKey, rotateKey, verifyKey } from "./endpoints/keys.ts";
import { changePassword, forgotPassword, resetPassword } from "./endpoints/password.ts";
import { accessToken, jwks, me, refresh, signOut } from "./endpoints/session.ts";
import { signIn } from "./endpoints/sign-in.ts";
import { signUp } from "./endpoints/sign-up.ts";
import { confirmVerification, requestVerification } from "./endpoints/verification.ts";
import { identify } from "./identify.ts";
import { checkMail } from "./mailer.ts";

export type { AuthOptions } from "./auth-options.ts";
export type { Mail, Mailer } from "./mailer.ts";
export { hashPassword, needsRehash, verifyPassword } from "./password-hash.ts";
export { type PasswordPolicy, validatePassword } from "./password-policy.ts";
export { setAppMetadata } from "./set-app-metadata.ts";

/** The endpoints look at credentials themselves: an old cookie must not keep anybody from signing in. */
const OWN: RouteOptions = { credentials: "ignored" };
/** Tells of every caller that the API knows. */
const ANY: RouteOptions = { credentials: "forgiven" };

export function auth(options: AuthOptions = {}): Feature {
  const settings = settingsOf(options);
  const endpoints: readonly (readonly [method: string, path: string, endpoint: AuthEndpoint, use?: RouteOptions])[] = [
    ["POST", "/signup", signUp],
    ["POST", "/login", signIn],
    ["POST", "/logout", signOut],
    ["GET", "/me", me, ANY],
    ["POST", "/refresh", refresh],
    ["POST", "/token", accessToken],
    ["GET", "/jwks", jwks],
    ["POST", "/password/forgot", forgotPassword],
    ["POST", "/password/reset", resetPassword],
    ["POST", "/password/change", changePassword],
    ["POST", "/verify/request", requestVerification],
    ["POST", "/verify/confirm", confirmVerification],
    ["GET", "/keys", listKeys],
    ["POST", "/keys", createKey],
    ["POST", "/keys/verify", verifyKey],
    ["POST", "/keys/:id/rotate", rotateKey],
    ["DELETE", "/keys/:id", revokeKey],
  ];
  return {
    name: "auth",
    routes: (route, { basePath }) => {
      for (const [method, path, endpoint, use = OWN] of endpoints) {
        route(method, `${basePath}/auth${path}`, authRoute(settings, endpoint), use);
      }
    },
    authenticate: (credentials) => identify(credentials, settings)?.then(({ user }) => user) ?? null,
    health: async (env) => {
      await checkDatabase(env);
      // A mailer was given, so mail is meant to be sent.
      if (settings.mailer !== null) checkMail(settings, env);
    },
  };
}
