/** Tokens for attacks: good ones and forged ones, by the same few functions. */

import { SignJWT } from "jose";

export const SECRET = "fuzz-secret-fuzz-secret-fuzz-secret-0123";
export const FOREIGN = "foreign-secret-foreign-secret-foreign-99";

export const nowS = (): number => Math.floor(Date.now() / 1000);
export const secretKey = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** An HS256 token, good for a minute unless the claims say otherwise. */
export function hs256(
  claims: Readonly<Record<string, unknown>>,
  secret = SECRET,
  header: object = {},
): Promise<string> {
  return new SignJWT({ exp: nowS() + 60, ...claims })
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(secretKey(secret));
}

/** A token put together by hand: any header, any payload, any third part. */
export function forged(header: object, claims: object, signature = ""): string {
  return `${base64Url(JSON.stringify(header))}.${base64Url(JSON.stringify(claims))}.${signature}`;
}

/** A token whose header says one thing and whose HMAC is made with other bytes. */
export async function hmacOver(header: object, claims: object, keyBytes: Uint8Array): Promise<string> {
  const input = `${base64Url(JSON.stringify(header))}.${base64Url(JSON.stringify(claims))}`;
  const key = await crypto.subtle.importKey("raw", keyBytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(input)));
  return `${input}.${base64Url(String.fromCharCode(...mac))}`;
}

export function base64Url(binary: string): string {
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
