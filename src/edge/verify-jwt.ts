/**
 * JSON Web Tokens → User, by jose. Key and algorithm are pinned by configuration, never by the token: HS256 with a shared
 * secret, or the asymmetric algorithms with a JWKS. So a token cannot choose `none`, nor pass a public key off as a secret.
 * Verified tokens are remembered for a short while (bounded), since verifying is most of what a read costs here.
 */

import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { Fault } from "../core/fault.ts";
import type { JsonObject } from "../core/json.ts";
import type { User } from "../core/scope/principal.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { KEYS_RETRY_AFTER_S, MAX_CACHED_TOKENS, MAX_TOKEN_CACHE_MS } from "./limits.ts";
import { isSubject } from "./subject.ts";

export interface JwtOptions {
  /** Name of the variable that holds the HS256 secret. Default: `LEDGE_SECRET`. Ignored with `jwksUrl`. */
  readonly secret?: string;
  /** Keys of an identity provider; then only asymmetric algorithms are accepted. */
  readonly jwksUrl?: string;
  readonly issuer?: string | readonly string[];
  readonly audience?: string | readonly string[];
  /** Claim with the roles (a text or a list), dots reach into objects. Default: `roles`. */
  readonly rolesClaim?: string;
}

export type VerifyToken = (token: string, nowMs: number) => Promise<User> | User;

const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

interface Remembered {
  readonly user: User;
  readonly untilMs: number;
}

/** Verifies tokens signed with a shared secret. */
export function verifyWithSecret(secret: string, options: JwtOptions): VerifyToken {
  // Imported once: jose would import raw bytes anew for every token.
  let key: Promise<CryptoKey> | undefined;
  const keyOf = () => {
    key ??= crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
      "verify",
    ]);
    return key;
  };
  return remembering(
    async (token, nowMs) => (await jwtVerify(token, await keyOf(), verifyOptions(options, ["HS256"], nowMs))).payload,
    options,
  );
}

/**
 * Verifies tokens of an identity provider by its published keys, which jose fetches and caches, and fetches anew for an
 * unknown key id at most twice a minute. A failure is not repeated for a while either, so that forged tokens cannot turn
 * the Worker against a provider that is down.
 */
export function verifyWithJwks(jwksUrl: string, options: JwtOptions): VerifyToken {
  let quietUntilMs = 0;
  const remote = createRemoteJWKSet(new URL(jwksUrl), {
    [customFetch]: async (url, init) => {
      if (Date.now() < quietUntilMs) throw new Error("the keys were asked for in vain a moment ago");
      return fetch(url, init as RequestInit);
    },
  });
  const keyOf: JWTVerifyGetKey = async (header, input) => {
    try {
      return await remote(header, input);
    } catch (error) {
      const isTokenAtFault =
        error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      if (isTokenAtFault) throw error;
      if (Date.now() >= quietUntilMs) quietUntilMs = Date.now() + KEYS_RETRY_AFTER_S * 1000;
      throw new KeysUnavailable(error);
    }
  };
  return remembering(
    async (token, nowMs) => (await jwtVerify(token, keyOf, verifyOptions(options, ASYMMETRIC, nowMs))).payload,
    options,
  );
}

function verifyOptions({ issuer, audience }: JwtOptions, algorithms: string[], nowMs: number): JWTVerifyOptions {
  return {
    algorithms,
    requiredClaims: ["sub"],
    currentDate: new Date(nowMs),
    ...(issuer === undefined ? {} : { issuer: [issuer].flat() }),
    ...(audience === undefined ? {} : { audience: [audience].flat() }),
  };
}

function remembering(verify: (token: string, nowMs: number) => Promise<JWTPayload>, options: JwtOptions): VerifyToken {
  const known = new BoundedCache<string, Remembered>(MAX_CACHED_TOKENS);
  const check = async (token: string, nowMs: number) => {
    const user = userOf(await verify(token, nowMs).catch(refuse), options.rolesClaim ?? "roles");
    const expiresMs = user.expiresAtS === undefined ? Number.POSITIVE_INFINITY : user.expiresAtS * 1000;
    known.set(token, { user, untilMs: Math.min(expiresMs, nowMs + MAX_TOKEN_CACHE_MS) });
    return user;
  };
  return (token, nowMs) => {
    const found = known.get(token);
    if (found !== undefined && nowMs < found.untilMs) return found.user;
    known.delete(token);
    return check(token, nowMs);
  };
}

function refuse(error: unknown): never {
  if (error instanceof KeysUnavailable) throw error;
  throw new Fault({
    slug: "unauthorized",
    reason: error instanceof errors.JWTExpired ? "expired" : "invalid-credentials",
  });
}

/** The identity provider's keys could not be had: not the caller's fault, so not a 401. */
export class KeysUnavailable extends Error {
  constructor(cause: unknown) {
    super("The keys that verify tokens could not be fetched", { cause });
    this.name = "KeysUnavailable";
  }
}

function userOf(payload: JWTPayload, rolesClaim: string): User {
  if (!isSubject(payload.sub)) throw new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
  const expiry = payload.exp === undefined ? {} : { expiresAtS: payload.exp };
  return {
    kind: "user",
    id: payload.sub,
    roles: rolesOf(payload, rolesClaim),
    claims: payload as JsonObject,
    ...expiry,
  };
}

function rolesOf(payload: JWTPayload, path: string): readonly string[] {
  let found: unknown = payload;
  for (const name of path.split(".")) {
    found =
      typeof found === "object" && found !== null && Object.hasOwn(found, name)
        ? (found as Record<string, unknown>)[name]
        : undefined;
  }
  return [found].flat().filter((role): role is string => typeof role === "string");
}
