/**
 * Links that grant one download ([FS12]): what they are for and until when, under an HMAC with a key of their own. Whoever holds one needs
 * no other right until it ends. Without a secret there are none, but in development those of one isolate.
 */

import { Fault } from "../../core/fault.ts";
import { fromHex, hex } from "../../core/hex.ts";
import type { ObjectName } from "../../core/ids.ts";
import { derivedKey } from "../../edge/derived-key.ts";
import { isDevelopment, type LedgeEnv } from "../../edge/env.ts";

const PURPOSE = "ledge file link 1";
/** In development without a secret: a fixed key must grant nothing. */
let isolateSecret: string | undefined;

export interface LinkClaim {
  readonly object: ObjectName;
  readonly table: string;
  readonly id: string;
  readonly use: "download" | "show";
  /** Of an image; null: the bytes as they are. */
  readonly preset: string | null;
  /** Seconds since 1970. */
  readonly expires: number;
}

/** 64 hex digits. */
export async function signLink(env: LedgeEnv, claim: LinkClaim): Promise<string> {
  const [secret] = secretsOf(env);
  return hex(await crypto.subtle.sign("HMAC", await derivedKey(secret, PURPOSE), textOf(claim)));
}

/** Also true of what was signed with the secret before the present one. */
export async function isSigned(env: LedgeEnv, claim: LinkClaim, signature: string): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/.test(signature)) return false;
  for (const secret of secretsOf(env)) {
    const key = await derivedKey(secret, PURPOSE);
    if (await crypto.subtle.verify("HMAC", key, Uint8Array.from(fromHex(signature)), textOf(claim))) return true;
  }
  return false;
}

function textOf({ object, table, id, use, preset, expires }: LinkClaim): Uint8Array<ArrayBuffer> {
  const claim = [object, table, id, use, expires, ...(preset === null ? [] : [preset])];
  return Uint8Array.from(new TextEncoder().encode(JSON.stringify(claim)));
}

function secretsOf(env: LedgeEnv): readonly [string, ...string[]] {
  const { LEDGE_SECRET: current = "", LEDGE_SECRET_OLD: former = "" } = env;
  if (current === "") {
    if (!isDevelopment(env)) throw new Fault({ slug: "unavailable", retryAfter: 60 });
    isolateSecret ??= crypto.randomUUID();
    return [isolateSecret];
  }
  return former === "" ? [current] : [current, former];
}
