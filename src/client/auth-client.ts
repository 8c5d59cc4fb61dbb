/**
 * `client.auth` ([A6] [SDK5]): sign-up, sign-in, sign-out, who is there, and a listener. By cookie in browsers, where it sends the CSRF token
 * along; by bearer tokens elsewhere, kept where the application says and renewed once for all requests that wait. Knows no DOM: the
 * cookie is read through a function.
 */

import type { AuthChange, AuthSession, AuthUser, Listener, SessionStorageLike } from "./auth-types.ts";
import { LedgeError } from "./ledge-error.ts";
import type { FetchLike } from "./platform.ts";
import type { Call, Reply, Send } from "./send.ts";

/** Name under which the storage keeps the session. */
const KEY = "ledge.session";

export interface AuthClient {
  /** 202: a mail was sent, whether the address is known or not; the session is null then. */
  signUp(person: {
    readonly email: string;
    readonly password: string;
    readonly name?: string;
    readonly options?: { readonly data?: object };
  }): Promise<AuthSession | null>;
  signInWithPassword(credentials: { readonly email: string; readonly password: string }): Promise<AuthSession>;
  /** `everywhere`: ends all sessions of the person. */
  signOut(options?: { readonly scope?: "here" | "everywhere" }): Promise<void>;
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
  confirmVerification(token: string): Promise<void>;
  /** Called now with what is known, and at each change. Gives the function that ends it. */
  onAuthStateChange(listener: Listener): () => void;
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

export function createAuthClient(send: Send, { carrier, storage, now }: AuthClientOptions): AuthClientParts {
  const listeners = new Set<Listener>();
  /** Undefined until the storage has been read. */
  let session: AuthSession | null | undefined;

  const current = async (): Promise<AuthSession | null> => {
    if (session !== undefined) return session;
    const text = await storage.getItem(KEY);
    // Somebody may have signed in while the storage was being read.
    if (session === undefined) session = parse(text);
    return session;
  };
  const become = async (change: AuthChange, next: AuthSession | null): Promise<void> => {
    session = next;
    if (next === null) await storage.removeItem(KEY);
    else await storage.setItem(KEY, JSON.stringify(next));
    for (const listener of listeners) listener(change, next);
  };
  const post = async (path: string, body: object): Promise<Reply> => send(call("POST", path, body));
  const begun = async (change: AuthChange, { body }: Reply): Promise<AuthSession> => {
    const { expiresIn, ...rest } = body as AuthSession & { readonly expiresIn?: number };
    const next = { ...rest, ...(expiresIn !== undefined && { expiresAt: now() + expiresIn * 1000 }) };
    await become(change, next);
    return next;
  };

  /** One renewal at a time, so that a refresh token is used once. */
  let renewal: Promise<AuthSession | null> | null = null;
  const renew = async (): Promise<AuthSession | null> => {
    const before = await current();
    const { refreshToken } = before ?? {};
    if (carrier === "token" && refreshToken === undefined) return null;
    try {
      return await begun("TOKEN_REFRESHED", await post("/refresh", refreshToken === undefined ? {} : { refreshToken }));
    } catch (error) {
      if (!(error instanceof LedgeError) || error.status !== 401) throw error;
      await become("SIGNED_OUT", null);
      return null;
    }
  };
  const refreshSession = (): Promise<AuthSession | null> => {
    renewal ??= renew().finally(() => {
      renewal = null;
    });
    return renewal;
  };

  const client: AuthClient = {
    async signUp({ email, password, name, options }) {
      const body = { email, password, session: carrier, ...(name !== undefined && { name }), ...options };
      const reply = await post("/signup", body);
      return reply.status === 201 ? begun("SIGNED_IN", reply) : null;
    },
    async signInWithPassword({ email, password }) {
      return begun("SIGNED_IN", await post("/login", { email, password, session: carrier }));
    },
    async signOut({ scope = "here" } = {}) {
      try {
        await post("/logout", scope === "everywhere" ? { everywhere: true } : {});
      } catch (error) {
        // A session that has ended already is what was asked for.
        if (!(error instanceof LedgeError) || error.status !== 401) throw error;
      }
      await become("SIGNED_OUT", null);
    },
    async getUser() {
      const { body } = await send(call("GET", "/me"));
      const { user } = body as { readonly user: AuthUser | null };
      const before = await current();
      if (user === null && before !== null) await become("SIGNED_OUT", null);
      if (user !== null && carrier === "cookie" && before?.user.id !== user.id) await become("SIGNED_IN", { user });
      return user;
    },
    getSession: current,
    isAuthenticated: async () => (await current()) !== null,
    refreshSession,
    resetPassword: async (email) => void (await post("/password/forgot", { email })),
    updatePassword: async (change) =>
      void (await post("token" in change ? "/password/reset" : "/password/change", change)),
    requestVerification: async (email) => void (await post("/verify/request", { email })),
    confirmVerification: async (token) => void (await post("/verify/confirm", { token })),
    onAuthStateChange(listener) {
      listeners.add(listener);
      void current().then((now) => listeners.has(listener) && listener("INITIAL_SESSION", now));
      return () => void listeners.delete(listener);
    },
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

function parse(text: string | null): AuthSession | null {
  try {
    const value = JSON.parse(text ?? "null") as AuthSession | null;
    return typeof value?.user?.id === "string" ? value : null;
  } catch {
    return null;
  }
}
