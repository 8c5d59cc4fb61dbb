/**
 * The one file that loads better-auth, and only when somebody signs up or in: `await import`ed by the endpoints. It gives the library our
 * hashes and our database, and no route, cookie, mail or log of its own. One instance a call: it costs less than a millisecond, and keeps
 * requests apart.
 */

import { Buffer } from "node:buffer";
import { betterAuth } from "better-auth/minimal";
import type { Logger } from "../../../core/log.ts";
import type { AuthSettings } from "../auth-options.ts";
import type { Keyring } from "../keyring.ts";
import { hashPassword, needsRehash, verifyPassword } from "../password-hash.ts";
import { hashToken } from "../tokens.ts";
import { databaseAdapter, type SigningUp } from "./database-adapter.ts";
import { asFault, wrongPassword } from "./library-fault.ts";
import { rehash } from "./rehash.ts";

export interface LibraryCall {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
  /** Whether an address must be confirmed before the first sign-in. */
  readonly isVerificationRequired: boolean;
  readonly log: Logger;
  /** For what goes on after the answer. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

/** What a sign-up found: nobody, so that there is a person now; or somebody, and nothing was written. */
export type SignedUp =
  | { readonly kind: "created"; readonly userId: string }
  | { readonly kind: "existing"; readonly email: string };

export interface Library {
  /**
   * A sign-up that waits for its mail takes the place of an earlier one that does, so whoever came first holds nobody's address. Whoever
   * comes last does not either: its link asks for its password.
   */
  signUp(person: NewPerson): Promise<SignedUp>;
  /** The token of a new session; throws `unauthorized`, for an address that must be confirmed first as for a wrong password. */
  signIn(email: string, password: string): Promise<string>;
}

export interface NewPerson {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  /** JSON text of `user_metadata`. */
  readonly metadata: string;
}

export function library(call: LibraryCall): Library {
  const { database, isVerificationRequired } = call;
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asFault(error);
    }
  };
  return {
    async signUp({ email, password, name, metadata }) {
      const replaces = await findPending(database, email);
      const met: { existing: string | null } = { existing: null };
      const onExisting = (existing: string) => {
        met.existing = existing;
      };
      const api = apiOf(call, { isPending: isVerificationRequired, replaces }, { onExisting });
      const body = { email, password, name, userMetadata: metadata };
      const { user } = await run(() => api.signUpEmail({ body }));
      return met.existing === null ? { kind: "created", userId: user.id } : { kind: "existing", email: met.existing };
    },
    async signIn(email, password) {
      const met: { hash: string | null } = { hash: null };
      const api = apiOf(call, null, {
        onRight: (hash) => {
          met.hash = hash;
        },
      });
      const { token } = await run(() => api.signInEmail({ body: { email, password } }));
      const { hash } = met;
      const userId = hash === null ? null : await findOpened(database, token, { hash, password });
      if (hash === null || userId === null) throw wrongPassword();
      if (needsRehash(hash)) call.waitUntil(rehash(database, { userId, hash }, password));
      return token;
    },
  };
}

/** A sign-up with that address whose mail nobody has followed. */
async function findPending(database: D1Database, email: string): Promise<string | null> {
  return database.prepare("SELECT id FROM auth_users WHERE email = ? AND is_pending = 1").bind(email).first("id");
}

/**
 * Whose session it is, if the password is still theirs now that there is one: a reset while it was being checked has ended only the sessions
 * that were there. One that comes later ends this one. At another hash it may be the same, made anew by a sign-in beside this one.
 */
async function findOpened(
  database: D1Database,
  token: string,
  { hash, password }: { readonly hash: string; readonly password: string },
): Promise<string | null> {
  const account = await database
    .prepare(
      "SELECT a.user_id AS userId, a.password FROM auth_sessions AS s JOIN auth_accounts AS a ON a.user_id = s.user_id WHERE s.token_hash = ? AND a.provider_id = 'credential'",
    )
    .bind(hashToken(token))
    .first<{ userId: string; password: string | null }>();
  const held = account?.password ?? null;
  if (account !== null && (held === hash || (held !== null && (await verifyPassword(password, held))))) {
    return account.userId;
  }
  await database.prepare("DELETE FROM auth_sessions WHERE token_hash = ?").bind(hashToken(token)).run();
  return null;
}

interface Listeners {
  readonly onExisting?: (email: string) => void;
  /** A password was right, by this hash. */
  readonly onRight?: (hash: string) => void;
}

function apiOf(
  { database, keyring, settings, isVerificationRequired, log, waitUntil }: LibraryCall,
  signingUp: SigningUp | null,
  { onExisting, onRight }: Listeners,
) {
  const { policy, session } = settings;
  return betterAuth({
    database: databaseAdapter(database, signingUp),
    // It makes no links and answers no requests, but wants to have one.
    baseURL: "http://localhost",
    secret: Buffer.from(keyring.key("library")).toString("base64url"),
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      requireEmailVerification: isVerificationRequired,
      minPasswordLength: policy.minLength,
      // Counts UTF-16 units; ours has counted characters before.
      maxPasswordLength: 2 * policy.maxLength,
      password: {
        hash: hashPassword,
        verify: async ({ hash, password }) => {
          const isRight = await verifyPassword(password, hash);
          if (isRight) onRight?.(hash);
          return isRight;
        },
      },
      onExistingUserSignUp: async ({ user }) => onExisting?.(user.email),
    },
    emailVerification: { sendOnSignUp: false, sendOnSignIn: false },
    user: {
      additionalFields: {
        userMetadata: { type: "string", input: true, required: false },
        appMetadata: { type: "string", input: false, required: false },
      },
    },
    session: { expiresIn: session.ttlMs / 1000 },
    advanced: {
      database: { generateId: () => crypto.randomUUID(), joins: true },
      backgroundTasks: { handler: (promise) => waitUntil(promise) },
    },
    // Its messages hold addresses of people.
    logger: { level: "error", log: (level) => log.warn("the sign-in library complains", { at: level }) },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  }).api;
}
