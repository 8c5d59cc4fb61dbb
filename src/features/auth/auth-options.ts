/** What `auth()` may be told, and the settings that come of it. Numbers are seconds or ms as their names say. */

import { ConfigError } from "../../define/config-error.ts";
import type { Mailer } from "./mailer.ts";
import { DEFAULT_POLICY, type PasswordPolicy } from "./password-policy.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface AuthOptions {
  readonly signUp?: {
    /**
     * `required` (the default): a mail's link must be followed before the first sign-in, and sign-up answers the same whether the
     * address is known or not. `later`: sign-up signs in at once, which tells whoever asks that an address is taken.
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
    /** Default: 15 minutes. */
    readonly ttlMs?: number;
    /** `iss`. Default: the origin of the request that signs in. */
    readonly issuer?: string;
    /** `aud`. Default: none. */
    readonly audience?: string;
    /** Default: `ES256`. */
    readonly alg?: "ES256" | "RS256";
  };
  readonly passwordPolicy?: Partial<PasswordPolicy>;
  /** Failures that an address or a mail may have within the window. Default: 5 in 15 minutes. */
  readonly throttle?: { readonly attempts?: number; readonly windowMs?: number };
  /** Sends mail. Without one, mail is printed in development and refused elsewhere. */
  readonly mailer?: Mailer;
  /** Where the links of mails lead. Default: `/verify-email`, `/reset-password`. */
  readonly pages?: { readonly verify?: string; readonly reset?: string };
  /** Origin of the links in mails, e.g. `https://board.example.com`. Default: that of the request. */
  readonly origin?: string;
  /** Further origins whose pages may use the cookie. */
  readonly trustedOrigins?: readonly string[];
}

export interface AuthSettings {
  readonly signUp: { readonly verification: "required" | "later"; readonly door: "open" | "closed" };
  readonly session: { readonly ttlMs: number; readonly maxAgeMs: number };
  readonly accessToken: {
    readonly ttlMs: number;
    readonly issuer: string | null;
    readonly audience: string | null;
    readonly alg: "ES256" | "RS256";
  };
  readonly policy: PasswordPolicy;
  readonly throttle: { readonly attempts: number; readonly windowMs: number };
  readonly mailer: Mailer | null;
  readonly pages: { readonly verify: string; readonly reset: string };
  readonly origin: string | null;
  readonly trustedOrigins: readonly string[];
}

/** How long a link in a mail works ([A11] [A12]). */
export const RESET_TTL_MS = 60 * MINUTE_MS;
export const VERIFY_TTL_MS = DAY_MS;

export function settingsOf(options: AuthOptions): AuthSettings {
  const { signUp, session, accessToken, throttle, pages } = options;
  const settings: AuthSettings = {
    signUp: { verification: signUp?.verification ?? "required", door: signUp?.door ?? "open" },
    session: { ttlMs: session?.ttlMs ?? 7 * DAY_MS, maxAgeMs: session?.maxAgeMs ?? 30 * DAY_MS },
    accessToken: {
      ttlMs: accessToken?.ttlMs ?? 15 * MINUTE_MS,
      issuer: accessToken?.issuer ?? null,
      audience: accessToken?.audience ?? null,
      alg: accessToken?.alg ?? "ES256",
    },
    policy: { ...DEFAULT_POLICY, ...options.passwordPolicy },
    throttle: { attempts: throttle?.attempts ?? 5, windowMs: throttle?.windowMs ?? 15 * MINUTE_MS },
    mailer: options.mailer ?? null,
    pages: { verify: pages?.verify ?? "/verify-email", reset: pages?.reset ?? "/reset-password" },
    origin: options.origin ?? null,
    trustedOrigins: options.trustedOrigins ?? [],
  };
  const positive = [
    ...Object.values(settings.session),
    settings.accessToken.ttlMs,
    ...Object.values(settings.throttle),
  ];
  if (!positive.every((value) => Number.isFinite(value) && value > 0)) refuse("times and limits must be above 0");
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
