/**
 * `client.auth` ([A6] [SDK5]): sign-up, sign-in, sign-out, who is there, and a listener. By cookie in browsers, where it sends the CSRF token
 * along; by bearer tokens elsewhere, kept where the application says and renewed once for all requests that wait. Knows no DOM: the
 * cookie is read through a function. An answer that was overtaken by another sign-in changes nothing.
 */

import type { AuthChange, AuthSession, AuthUser, Listener, SessionStorageLike } from "./auth-types.ts";
import { createKeptSession, isSame, type Known, sessionIdOf } from "./kept-session.ts";
import { LedgeError } from "./ledge-error.ts";
import type { FetchLike } from "./platform.ts";
import type { Call, Reply, Send } from "./send.ts";

export interface AuthClient {
  /** 202: a mail was sent, whether the address is known or not; the session is null then. */
  signUp(person: {
    readonly email: string;
    readonly password: string;
    readonly name?: string;
    readonly options?: { readonly data?: object };
  }): Promise<AuthSession | null>;
  signInWithPassword(credentials: { readonly email: string; readonly password: string }): Promise<AuthSession>;
  /** `everywhere`: ends all sessions of the person; with `keys` also the API keys. */
  signOut(options?: { readonly scope?: "here" | "everywhere"; readonly keys?: boolean }): Promise<void>;
  /** Asks the server; null for strangers. */
  getUser(): Promise<AuthUser | null>;
  /** What is known here without asking; null before the first answer of the server where cookies carry the session. */
  getSession(): Promise<AuthSession | null>;
  isAuthenticated(): Promise<boolean>;
  refreshSession(): Promise<AuthSession | null>;
  /** Mails a link, if the address is known. */
  resetPassword(email: string): Promise<void>;
  updatePassword(
    change:
      | { readonly token: string; readonly password: string }
      | { readonly currentPassword: string; readonly newPassword: string },
  ): Promise<void>;
  requestVerification(email: string): Promise<void>;
  /** `token` of the mail's link, and the password of the sign-up that it was sent for. */
  confirmVerification(proof: { readonly token: string; readonly password: string }): Promise<void>;
  /** Called now with what is known, and at each change, also by another client of the same storage once it is noticed. Gives its end. */
  onAuthStateChange(listener: Listener): () => void;
  /** The same under another name. */
  subscribe(listener: Listener): () => void;
}

export interface AuthClientParts {
  readonly client: AuthClient;
  /** For the options of the client whose requests this session carries. */
  readonly token: { get(): Promise<string | null>; set(token: string): void };
  readonly refreshToken: (expired: string) => Promise<string | null>;
}

export interface AuthClientOptions {
  readonly carrier: "cookie" | "token";
  readonly storage: SessionStorageLike;
  /** ms since 1970. */
  readonly now: () => number;
}

/** `bare` goes out as it is; `renewing` has an expired token renewed on the way, as all other requests of the client. */
export interface AuthSends {
  readonly bare: Send;
  readonly renewing: Send;
}

export function createAuthClient({ bare, renewing }: AuthSends, options: AuthClientOptions): AuthClientParts {
  const { carrier, now } = options;
  const kept = createKeptSession(options.storage);
  const { read, become } = kept;
  const post = (path: string, body: object): Promise<Reply> => bare(call("POST", path, body));
  const sessionIn = ({ body }: Reply): AuthSession => {
    const { expiresIn, ...rest } = body as AuthSession & { readonly expiresIn?: number };
    return { ...rest, ...(expiresIn !== undefined && { expiresAt: now() + expiresIn * 1000 }) };
  };
  const begun = async (reply: Reply): Promise<AuthSession> => {
    const next = sessionIn(reply);
    await become("SIGNED_IN", next);
    return next;
  };
  /** What is there now, where that is another session than before: somebody signed in or out meanwhile, here or in another client. */
  const unlessOvertaken = async (before: Known, change: AuthChange, next: AuthSession | null) => {
    const present = await read();
    if (!isSame(before, present)) return present.session;
    await become(change, next);
    return next;
  };

  /** One renewal at a time, so that a refresh token is used once. */
  let renewal: Promise<AuthSession | null> | null = null;
  const renew = async (): Promise<AuthSession | null> => {
    const before = await read();
    const { refreshToken } = before.session ?? {};
    if (carrier === "token" && refreshToken === undefined) return null;
    try {
      const reply = await post("/refresh", refreshToken === undefined ? {} : { refreshToken });
      return await unlessOvertaken(before, "TOKEN_REFRESHED", sessionIn(reply));
    } catch (error) {
      if (!isRefused(error)) throw error;
      return unlessOvertaken(before, "SIGNED_OUT", null);
    }
  };
  const refreshSession = (): Promise<AuthSession | null> => {
    renewal ??= renew().finally(() => {
      renewal = null;
    });
    return renewal;
  };
  const current = async () => (await read()).session;

  const client: AuthClient = {
    async signUp({ email, password, name, options }) {
      const body = { email, password, session: carrier, ...(name !== undefined && { name }), ...options };
      const reply = await post("/signup", body);
      return reply.status === 201 ? begun(reply) : null;
    },
    async signInWithPassword({ email, password }) {
      return begun(await post("/login", { email, password, session: carrier }));
    },
    async signOut({ scope = "here", keys = false } = {}) {
      const before = await read();
      try {
        await renewing(call("POST", "/logout", scope === "everywhere" ? { everywhere: true, keys } : {}));
      } catch (error) {
        // A session that has ended already is what was asked for.
        if (!isRefused(error)) throw error;
      }
      const present = await read();
      // The tokens of that session may have been renewed meanwhile; another one is not ours to end.
      if (isSame(before, present) || sessionIdOf(before) === sessionIdOf(present)) await become("SIGNED_OUT", null);
    },
    async getUser() {
      const before = await read();
      const { body } = await renewing(call("GET", "/me"));
      const { user } = body as { readonly user: AuthUser | null };
      const known = before.session;
      if (user === null && known !== null) await unlessOvertaken(before, "SIGNED_OUT", null);
      if (user !== null && carrier === "cookie" && known?.user.id !== user.id)
        await unlessOvertaken(before, "SIGNED_IN", { user });
      return user;
    },
    getSession: current,
    isAuthenticated: async () => (await current()) !== null,
    refreshSession,
    resetPassword: async (email) => void (await post("/password/forgot", { email })),
    updatePassword: async (change) =>
      void ("token" in change
        ? await post("/password/reset", change)
        : await renewing(call("POST", "/password/change", change))),
    requestVerification: async (email) => void (await post("/verify/request", { email })),
    confirmVerification: async (proof) => void (await post("/verify/confirm", proof)),
    onAuthStateChange: kept.listen,
    subscribe: kept.listen,
  };
  return {
    client,
    token: {
      get: async () => (await current())?.accessToken ?? null,
      // The pipeline gives back what `refreshToken` gave it, which is kept already.
      set: () => undefined,
    },
    refreshToken: async () => (await refreshSession())?.accessToken ?? null,
  };
}

function isRefused(error: unknown): boolean {
  return error instanceof LedgeError && error.status === 401;
}

/** Sends `X-CSRF-Token` with whatever may change something, where there is a cookie of it. */
export function withCsrf(fetch: FetchLike, readCookies: () => string): FetchLike {
  return (url, init) => {
    const token = /(?:^|; )csrf_token=([^;]*)/.exec(readCookies())?.[1];
    const isRead = init?.method === undefined || /^(GET|HEAD|OPTIONS)$/.test(init.method);
    if (token === undefined || isRead) return fetch(url, init);
    return fetch(url, { ...init, headers: { ...init?.headers, "x-csrf-token": token } });
  };
}

function call(method: string, path: string, body?: object): Call {
  return { method, path: `/auth${path}`, body, isSafe: method === "GET", headers: {}, options: { retries: 0 } };
}
