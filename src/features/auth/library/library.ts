/**
 * The one file that loads better-auth, and only when somebody signs up, in, or back in: `await import`ed by the endpoints. It gives
 * the library our hashes, our database, our mail, and no route, cookie or log of its own. One instance a call: it costs less than a
 * millisecond, and keeps requests apart.
 */

import { Buffer } from "node:buffer";
import { betterAuth } from "better-auth/minimal";
import type { Logger } from "../../../core/log.ts";
import { type AuthSettings, RESET_TTL_MS, VERIFY_TTL_MS } from "../auth-options.ts";
import type { Keyring } from "../keyring.ts";
import { existsMail, type Mail, resetMail, verifyMail } from "../mailer.ts";
import { hashPassword, needsRehash, verifyPassword } from "../password-hash.ts";
import { databaseAdapter } from "./database-adapter.ts";
import { asFault } from "./library-fault.ts";

export interface LibraryCall {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
  /** Of the links in mails. */
  readonly origin: string;
  readonly log: Logger;
  readonly post: (mail: Mail) => Promise<void>;
  /** For what goes on after the answer. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

export interface Library {
  /** `existing` when the address has an account: nothing was written then. */
  signUp(person: NewPerson): Promise<"created" | "existing">;
  /** The token of a new session; throws `unauthorized`, or `forbidden` with `unverified-email`. */
  signIn(email: string, password: string): Promise<string>;
  /** Mails a link when the address has an account. Never tells. */
  forgotPassword(email: string): Promise<void>;
  resetPassword(token: string, password: string): Promise<void>;
  /** Mails a link when the address waits to be confirmed. Never tells. */
  requestVerification(email: string): Promise<void>;
  verifyEmail(token: string): Promise<void>;
}

export interface NewPerson {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  /** JSON text of `user_metadata`. */
  readonly metadata: string;
}

export function library(call: LibraryCall): Library {
  const met: { existing: { readonly email: string; readonly emailVerified: boolean } | null } = { existing: null };
  const { api } = instance(call, (user) => {
    met.existing = user;
  });
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asFault(error);
    }
  };
  const requestVerification = (email: string) =>
    run(async () => void (await api.sendVerificationEmail({ body: { email } })));
  return {
    requestVerification,
    async signUp({ email, password, name, metadata }) {
      const body = { email, password, name, userMetadata: metadata };
      await run(() => api.signUpEmail({ body }));
      const { existing } = met;
      if (existing === null) return "created";
      // Who lost the first mail signs up again; who has an account is told so, by mail alone.
      call.waitUntil(
        existing.emailVerified ? call.post(existsMail(existing.email)) : requestVerification(existing.email),
      );
      return "existing";
    },
    signIn: (email, password) => run(async () => (await api.signInEmail({ body: { email, password } })).token),
    forgotPassword: (email) => run(async () => void (await api.requestPasswordReset({ body: { email } }))),
    resetPassword: (token, newPassword) =>
      run(async () => void (await api.resetPassword({ body: { token, newPassword } }))),
    verifyEmail: (token) => run(async () => void (await api.verifyEmail({ query: { token } }))),
  };
}

function instance(
  { database, keyring, settings, origin, log, post, waitUntil }: LibraryCall,
  onExisting: (user: { readonly email: string; readonly emailVerified: boolean }) => void,
) {
  const { policy, pages, session, signUp } = settings;
  const link = (page: string, token: string) => `${origin}${page}?token=${encodeURIComponent(token)}`;
  return betterAuth({
    database: databaseAdapter(database),
    baseURL: origin,
    secret: Buffer.from(keyring.key("library")).toString("base64url"),
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      requireEmailVerification: signUp.verification === "required",
      minPasswordLength: policy.minLength,
      // Counts UTF-16 units; ours has counted characters before.
      maxPasswordLength: 2 * policy.maxLength,
      password: {
        hash: hashPassword,
        verify: async ({ hash, password }) => {
          const isRight = await verifyPassword(password, hash);
          if (isRight && needsRehash(hash)) waitUntil(rehash(database, hash, password));
          return isRight;
        },
      },
      resetPasswordTokenExpiresIn: RESET_TTL_MS / 1000,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: ({ user, token }) => post(resetMail(user.email, link(pages.reset, token))),
      onExistingUserSignUp: async ({ user }) => onExisting(user),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: false,
      expiresIn: VERIFY_TTL_MS / 1000,
      sendVerificationEmail: ({ user, token }) => post(verifyMail(user.email, link(pages.verify, token))),
    },
    user: {
      additionalFields: {
        userMetadata: { type: "string", input: true, required: false },
        appMetadata: { type: "string", input: false, required: false },
      },
    },
    session: { expiresIn: session.ttlMs / 1000 },
    verification: { storeIdentifier: "hashed" },
    advanced: {
      database: { generateId: () => crypto.randomUUID(), joins: true },
      backgroundTasks: { handler: (promise) => waitUntil(promise) },
    },
    // Its messages hold addresses of people.
    logger: { level: "error", log: (level) => log.warn("the sign-in library complains", { at: level }) },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  });
}

/** A salt makes each hash one of its kind, so it names its row. */
async function rehash(database: D1Database, hash: string, password: string): Promise<void> {
  const statement = "UPDATE auth_accounts SET password = ?1 WHERE password = ?2";
  await database
    .prepare(statement)
    .bind(await hashPassword(password), hash)
    .run();
}
