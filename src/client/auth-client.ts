/**
 * `client.auth` ([A6] [SDK5]): sign-up, sign-in, sign-out, who is there, and a listener. By cookie in browsers, where it sends the CSRF token
 * along; by bearer tokens elsewhere, kept where the application says and renewed once for all requests that wait. Knows no DOM: the
 * cookie is read through a function. An answer that was overtaken by another sign-in changes nothing, and no request is repeated as
 * another person.
 */

import type { AuthChange, AuthSession, AuthUser, Listener, SessionStorageLike } from "./auth-types.ts";
import { type Credentials, guarded } from "./credentials.ts";
import { createKeptSession, isOther, isSame, type Known } from "./kept-session.ts";
import { AuthError, LedgeError } from "./ledge-error.ts";
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
  /** Sends what this session carries. A request stays that of the session it began with: its repetition under another one is refused. */
  readonly send: Send;
}

export interface AuthClientOptions {
  readonly carrier: "cookie" | "token";
  /** For whom the page was made; null: for whoever is signed in. */
  readonly person: string | null;
  readonly storage: SessionStorageLike;
  /** ms since 1970. */
  readonly now: () => number;
}

const OVERTAKEN = "Somebody signed in or out before the request was repeated; its first attempt may have taken place";

export function createAuthClient(sendWith: (token: Credentials) => Send, options: AuthClientOptions): AuthClientParts {
  const { carrier, now, person } = options;
  const kept = createKeptSession(options.storage);
  const { read, become } = kept;
  const tokenOf = (known: Known | null) => (carrier === "token" && known?.session?.accessToken) || null;
  // A loop otherwise: what renews the token goes out without one being renewed for it.
  const bare = sendWith({
    read: async () => (carrier === "token" ? tokenOf(await read()) : null),
    renew: async () => false,
  });
  // A cookie is whose it is by now: the server is told whom the page takes it for.
  const meant = (call: Call): Call => {
    const id = kept.latest?.session?.user.id ?? person;
    return carrier === "token" || id === null ? call : { ...call, headers: { ...call.headers, "ledge-user": id } };
  };
  const renewing: Send = (call) => sendWith(credentialsOfOneCall())(call);
  const post = (path: string, body: object): Promise<Reply> => bare(call("POST", path, body));
  const send: Send = async (call) => {
    try {
      return await renewing(meant(call));
    } catch (error) {
      // By cookie somebody else, or nobody, may be there by now.
      if (carrier === "cookie" && isRefused(error) && kept.latest?.session) void refreshSession().catch(() => {});
      throw error;
    }
  };
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
  const renew = async (refused: string | undefined): Promise<AuthSession | null> => {
    const before = await read();
    // Who comes late with the old token finds the new one.
    if (refused !== undefined && before.session?.accessToken !== refused) return before.session;
    const { refreshToken } = before.session ?? {};
    if (carrier === "token" && refreshToken === undefined) return null;
    try {
      const reply = await bare(meant(call("POST", "/refresh", refreshToken === undefined ? {} : { refreshToken })));
      const change = before.session === null ? "SIGNED_IN" : "TOKEN_REFRESHED";
      return await unlessOvertaken(before, change, sessionIn(reply));
    } catch (error) {
      if (!isRefused(error)) throw error;
      // Known before; whoever hears it again would ask again.
      if (before.session === null) return null;
      return unlessOvertaken(before, "SIGNED_OUT", null);
    }
  };
  const refreshSession = (refused?: string): Promise<AuthSession | null> => {
    renewal ??= renew(refused).finally(() => {
      renewal = null;
    });
    return renewal;
  };
  const current = async () => (await read()).session;
  const credentialsOfOneCall = (): Credentials => {
    let owner: Promise<Known | null> | undefined;
    return {
      async read() {
        const reading = carrier === "token" ? guarded("read", read) : read().catch(() => null);
        const isFirst = owner === undefined;
        owner ??= reading;
        // A cookie goes by itself: no request by cookie waits for the storage, or fails with it.
        if (isFirst && carrier === "cookie") return null;
        const [former, present] = [await owner, await reading];
        if (former !== null && present !== null && isOther(former, present))
          throw new AuthError(OVERTAKEN, { code: "SIGN_IN_CHANGED", status: 0 });
        return tokenOf(present);
      },
      // Whose the token is that is there then, `read` looks.
      renew: async (refused) => (await refreshSession(refused)) !== null,
    };
  };

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
        await renewing(meant(call("POST", "/logout", scope === "everywhere" ? { everywhere: true, keys } : {})));
      } catch (error) {
        // A session that has ended already is what was asked for.
        if (!isRefused(error)) throw error;
      }
      const present = await read();
      // The tokens of that session may have been renewed meanwhile; another one is not ours to end.
      if (!isOther(before, present)) await become("SIGNED_OUT", null);
    },
    async getUser() {
      const before = await read();
      const { body } = await renewing(call("GET", "/me"));
      const { user } = body as { readonly user: AuthUser | null };
      const known = before.session;
      // A page that was made for one person is another's once they sign in there.
      const whose = person === null ? user?.id : (known?.user.id ?? person);
      const isOurs = user !== null && whose === user.id;
      if (!isOurs && known !== null) await unlessOvertaken(before, "SIGNED_OUT", null);
      if (isOurs && carrier === "cookie" && known?.user.id !== user.id)
        await unlessOvertaken(before, "SIGNED_IN", { user });
      return user;
    },
    getSession: current,
    isAuthenticated: async () => (await current()) !== null,
    refreshSession: () => refreshSession(),
    resetPassword: async (email) => void (await post("/password/forgot", { email })),
    updatePassword: async (change) =>
      void ("token" in change
        ? await post("/password/reset", change)
        : await send(call("POST", "/password/change", change))),
    requestVerification: async (email) => void (await post("/verify/request", { email })),
    confirmVerification: async (proof) => void (await post("/verify/confirm", proof)),
    onAuthStateChange: kept.listen,
    subscribe: kept.listen,
  };
  return { client, send };
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
