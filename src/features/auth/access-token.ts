/**
 * Access tokens ([A14]): JWTs of a session, signed with a published key, so that other services can verify them by JWKS. Ledge itself
 * also looks whether the session lives, so signing out ends them here at once; elsewhere they live for their 15 minutes.
 */

import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { Fault } from "../../core/fault.ts";
import { MAX_TOKEN_LENGTH } from "../../edge/limits.ts";
import type { AuthSettings } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";
import type { LiveSession } from "./live-session.ts";
import { KID_PREFIX, signingKey, verificationKey } from "./signing-keys.ts";
import { userPrincipal } from "./user-principal.ts";

export interface AccessToken {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly tokenType: "Bearer";
}

interface Issuing {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
  /** `iss`; null where nothing tells where the application is. */
  readonly issuer: string | null;
  readonly nowMs: number;
}

export async function issueAccessToken(
  session: LiveSession,
  { database, keyring, settings, issuer, nowMs }: Issuing,
): Promise<AccessToken> {
  const { ttlMs, audience, alg } = settings.accessToken;
  const { kid, key } = await signingKey(database, { alg, keyring, nowMs });
  const expiresAtMs = Math.min(nowMs + ttlMs, session.expiresAtMs);
  const { claims } = userPrincipal(session.user, null);
  const jwt = new SignJWT({ ...claims, sid: session.id })
    .setProtectedHeader({ alg, kid, typ: "at+jwt" })
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(expiresAtMs / 1000))
    .setJti(crypto.randomUUID());
  if (issuer !== null) jwt.setIssuer(issuer);
  if (audience !== null) jwt.setAudience(audience);
  const expiresIn = Math.floor((expiresAtMs - nowMs) / 1000);
  return { accessToken: await jwt.sign(key), expiresIn, tokenType: "Bearer" };
}

/** Whether a bearer token says that it is one of ours; proves nothing. */
export function claimsToBeOurs(token: string): boolean {
  // A header of ours begins so in base64url; most foreign ones end here.
  if (!token.startsWith("ey") || token.length > MAX_TOKEN_LENGTH) return false;
  try {
    return decodeProtectedHeader(token).kid?.startsWith(KID_PREFIX) === true;
  } catch {
    return false;
  }
}

/** The session that a token is of, and when the token expires; throws `unauthorized` for one that is not ours or too old. */
export async function openAccessToken(
  token: string,
  { database, nowMs }: { readonly database: D1Database; readonly nowMs: number },
): Promise<{ readonly sessionId: string; readonly expiresAtMs: number }> {
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid = "", alg }) => {
        const known = await verificationKey(database, kid, nowMs);
        // The algorithm is the stored key's, never the token's choice.
        if (known === null || known.alg !== alg) throw refused();
        return known.key;
      },
      { algorithms: ["ES256", "RS256"], typ: "at+jwt", requiredClaims: ["sub", "exp"], currentDate: new Date(nowMs) },
    );
    if (typeof payload.sid !== "string" || payload.exp === undefined) throw refused();
    return { sessionId: payload.sid, expiresAtMs: payload.exp * 1000 };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new Fault({ slug: "unauthorized", reason: "expired" });
    if (error instanceof errors.JOSEError) throw refused();
    throw error;
  }
}

function refused(): Fault {
  return new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
}
