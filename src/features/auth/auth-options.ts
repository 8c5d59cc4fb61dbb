/** What `auth()` may be told, and the settings that come of it. Numbers are seconds or ms as their names say. */

import { ConfigError } from "../../define/config-error.ts";
import type { Mailer } from "./mailer.ts";
import { DEFAULT_POLICY, type PasswordPolicy } from "./password-policy.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface AuthOptions {
  readonly signUp?: {
    /**
     * `required`: a mail's link must be followed before the first sign-in, and sign-up answers the same whether the address is known
     * or not. `later`: sign-up signs in at once, which tells whoever asks that an address is taken. Default: `required` where mail
     * can be sent (with a `mailer`, and in development), otherwise `later`.
     */
    readonly verification?: "required" | "later";
    /** `closed`: nobody signs up. */
    readonly door?: "open" | "closed";
  };
  readonly session?: {
    /** How long a session lives without a refresh. Default: 7 days. */
    readonly ttlMs?: number;
    /** How long at most, however often it is refreshed. Default: 30 days. */
    readonly maxAgeMs?: number;
  };
  readonly accessToken?: {
    /** Default: 15 minutes; at most a day. */
    readonly ttlMs?: number;
    /** `iss`. Default: `origin`. */
    readonly issuer?: string;
    /** `aud`. Default: none. */
    readonly audience?: string;
    /** Default: `ES256`. */
    readonly alg?: "ES256" | "RS256";
  };
  readonly passwordPolicy?: Partial<PasswordPolicy>;
  readonly throttle?: {
    /** Failures that an address or a mail may have within the window, and mails that one mailbox gets. Default: 5. */
    readonly attempts?: number;
    /** Sign-ups and mails that one address may ask for within the window. Default: 20. */
    readonly requests?: number;
    /** Default: 15 minutes. */
    readonly windowMs?: number;
  };
  /** Keys that a person may have. Default: 50. */
  readonly maxKeys?: number;
  /** Sends mail. Without one, mail is printed in development, and elsewhere what needs mail is refused. */
  readonly mailer?: Mailer;
  /** Where the links of mails lead. Default: `/verify-email`, `/reset-password`. */
  readonly pages?: { readonly verify?: string; readonly reset?: string };
  /** Of the links in mails and of `iss`: `https://board.example.com`. Default: the variable `LEDGE_ORIGIN`; in development, where one is. */
  readonly origin?: string;
  /** Further origins whose pages may use the cookie. */
  readonly trustedOrigins?: readonly string[];
}

export interface AuthSettings {
  readonly signUp: { readonly verification: "required" | "later" | null; readonly door: "open" | "closed" };
  readonly session: { readonly ttlMs: number; readonly maxAgeMs: number };
  readonly accessToken: {
    readonly ttlMs: number;
    readonly issuer: string | null;
    readonly audience: string | null;
    readonly alg: "ES256" | "RS256";
  };
  readonly policy: PasswordPolicy;
  readonly throttle: { readonly attempts: number; readonly requests: number; readonly windowMs: number };
  readonly maxKeys: number;
  readonly mailer: Mailer | null;
  readonly pages: { readonly verify: string; readonly reset: string };
  readonly origin: string | null;
  readonly trustedOrigins: readonly string[];
}

/** How long a link in a mail works ([A11] [A12]). */
export const RESET_TTL_MS = 60 * MINUTE_MS;
export const VERIFY_TTL_MS = DAY_MS;
/** How long a token that was replaced may be used again, by those whose answer is on its way or was lost. */
export const REPEAT_MS = 30_000;

export function settingsOf(options: AuthOptions): AuthSettings {
  const { signUp, session, accessToken, throttle, pages } = options;
  const settings: AuthSettings = {
    signUp: { verification: signUp?.verification ?? null, door: signUp?.door ?? "open" },
    session: { ttlMs: session?.ttlMs ?? 7 * DAY_MS, maxAgeMs: session?.maxAgeMs ?? 30 * DAY_MS },
    accessToken: {
      ttlMs: accessToken?.ttlMs ?? 15 * MINUTE_MS,
      issuer: accessToken?.issuer ?? null,
      audience: accessToken?.audience ?? null,
      alg: accessToken?.alg ?? "ES256",
    },
    policy: { ...DEFAULT_POLICY, ...options.passwordPolicy },
    throttle: {
      attempts: throttle?.attempts ?? 5,
      requests: throttle?.requests ?? 20,
      windowMs: throttle?.windowMs ?? 15 * MINUTE_MS,
    },
    maxKeys: options.maxKeys ?? 50,
    mailer: options.mailer ?? null,
    pages: { verify: pages?.verify ?? "/verify-email", reset: pages?.reset ?? "/reset-password" },
    origin: options.origin ?? null,
    trustedOrigins: options.trustedOrigins ?? [],
  };
  const positive = [
    ...Object.values(settings.session),
    settings.accessToken.ttlMs,
    ...Object.values(settings.throttle),
    settings.maxKeys,
  ];
  if (!positive.every((value) => Number.isFinite(value) && value > 0)) refuse("times and limits must be above 0");
  // A former signing key is published for a day after its last use.
  if (settings.accessToken.ttlMs > DAY_MS) refuse(`accessToken.ttlMs is ${settings.accessToken.ttlMs}, a day at most`);
  if (settings.policy.minLength < 8)
    refuse(`passwordPolicy.minLength is ${settings.policy.minLength}, at least 8 is needed`);
  for (const origin of [...settings.trustedOrigins, ...(settings.origin === null ? [] : [settings.origin])]) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      refuse(`"${origin}" is not an origin: https://example.com`);
  }
  return settings;
}

function refuse(problem: string): never {
  throw new ConfigError(null, undefined, `auth(): ${problem}`, "Correct the options of auth() in src/app.ts.");
}
