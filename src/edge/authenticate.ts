/**
 * Request → Principal: anonymous without credentials, a User with good ones, 401 with any others. Bad credentials are
 * never taken for none, so that a client with an expired token does not silently see the public view.
 */

import { Fault } from "../core/fault.ts";
import { errorFields, type Logger } from "../core/log.ts";
import { ANONYMOUS, type Principal } from "../core/scope/principal.ts";
import type { AskFeature } from "./app-options.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { admitsDevelopmentTokens, isDevelopmentToken, parseDevelopmentToken } from "./development-token.ts";
import type { LedgeEnv } from "./env.ts";
import { KEYS_RETRY_AFTER_S, MAX_TOKEN_LENGTH, MIN_SECRET_LENGTH } from "./limits.ts";
import { type JwtOptions, KeysUnavailable, type VerifyToken, verifyWithJwks, verifyWithSecret } from "./verify-jwt.ts";

export interface AuthOptions {
  readonly jwt?: JwtOptions;
}

export interface Credentials {
  readonly method: string;
  readonly headers: Headers;
  readonly url: URL;
  readonly env: LedgeEnv;
  readonly nowMs: number;
  readonly log: Logger;
}

export type Authenticate = (credentials: Credentials) => Principal | Promise<Principal>;

const BEARER = /^bearer +(\S+)$/i;

/** Made once per application. Features are asked for credentials of their own before bearer tokens are looked at. */
export function createAuthenticate(options: AuthOptions = {}, features: readonly AskFeature[] = []): Authenticate {
  const byToken = authenticateByToken(options);
  const askFrom = (index: number, credentials: Credentials): Principal | Promise<Principal> => {
    const ask = features[index];
    if (ask === undefined) return byToken(credentials);
    const known = ask(credentials);
    if (known instanceof Promise) return known.then((principal) => principal ?? askFrom(index + 1, credentials));
    return known ?? askFrom(index + 1, credentials);
  };
  return features.length === 0 ? byToken : (credentials) => askFrom(0, credentials);
}

/** Bearer tokens. Verifiers are kept per secret, since tests and previews may change it. */
function authenticateByToken({ jwt = {} }: AuthOptions): Authenticate {
  const bySecret = new BoundedCache<string, VerifyToken>(4);
  const byKeys = jwt.jwksUrl === undefined ? null : verifyWithJwks(jwt.jwksUrl, jwt);

  const verifier = (env: LedgeEnv): VerifyToken => {
    if (byKeys !== null) return byKeys;
    const secret = (env as unknown as Record<string, unknown>)[jwt.secret ?? "LEDGE_SECRET"];
    // In development a secret may be missing; a guessable one would be worse than none.
    if (typeof secret !== "string" || secret.length < MIN_SECRET_LENGTH) throw wrong();
    const known = bySecret.get(secret);
    if (known !== undefined) return known;
    const made = verifyWithSecret(secret, jwt);
    bySecret.set(secret, made);
    return made;
  };

  return ({ headers, url, env, nowMs, log }) => {
    const header = headers.get("authorization");
    if (header === null) return ANONYMOUS;
    const token = BEARER.exec(header)?.[1];
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw wrong();
    if (isDevelopmentToken(token)) {
      const user = admitsDevelopmentTokens(env, url) ? parseDevelopmentToken(token) : null;
      if (user === null) throw wrong();
      return user;
    }
    const verified = verifier(env)(token, nowMs);
    return verified instanceof Promise ? verified.catch((error) => unavailable(error, log)) : verified;
  };
}

function wrong(): Fault {
  return new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
}

function unavailable(error: unknown, log: Logger): never {
  if (!(error instanceof KeysUnavailable)) throw error;
  log.error("token keys unavailable", errorFields(error));
  throw new Fault({ slug: "unavailable", retryAfter: KEYS_RETRY_AFTER_S });
}
