/**
 * `ledge/client/auth`: `createClient` with sign-in ([A32]). The same client, and `auth` beside its tables. A second entry, so that whoever
 * has another way to sign in does not carry it.
 */

import type { AppLike, Client } from "./app-types.ts";
import { type AuthClient, createAuthClient, withCsrf } from "./auth-client.ts";
import type { AuthUser, SessionStorageLike } from "./auth-types.ts";
import { type ClientOptions, createClientOver, createClientSend } from "./create-client.ts";
import { SESSION_KEY } from "./kept-session.ts";
import { PLATFORM } from "./platform.ts";

export type { AuthClient } from "./auth-client.ts";
export type { AuthChange, AuthSession, AuthUser, Listener, SessionStorageLike } from "./auth-types.ts";

export interface AuthOptions {
  /** `cookie` where there is a document, otherwise `token`. */
  readonly carrier?: "cookie" | "token";
  /** Keeps the session across restarts. Default: memory. Access and refresh token lie in it where tokens carry the session. */
  readonly storage?: SessionStorageLike;
  /**
   * By cookie: for whom the server has made the page. The client is theirs from the beginning; where the cookie has become another person's, in
   * another tab, the server refuses what it sends, and it is signed out.
   */
  readonly user?: Pick<AuthUser, "id"> & Partial<AuthUser>;
  /** The document's cookies. Default: `document.cookie`. */
  readonly readCookies?: () => string;
}

export type ClientWithAuth<A extends AppLike> = Client<A> & { readonly auth: AuthClient };

const page = globalThis as unknown as { readonly document?: { readonly cookie: string } };

export function createClient<A extends AppLike>(
  options: Omit<ClientOptions, "token" | "refreshToken"> & { readonly auth?: AuthOptions },
): ClientWithAuth<A> {
  const { auth = {}, ...rest } = options;
  const { carrier = page.document === undefined ? "token" : "cookie", user, storage = inMemory(user) } = auth;
  const readCookies = auth.readCookies ?? (() => page.document?.cookie ?? "");
  const platform = { ...PLATFORM, ...(rest.fetch !== undefined && { fetch: rest.fetch }), ...rest.platform };
  const fetch = carrier === "cookie" ? withCsrf(platform.fetch, readCookies) : platform.fetch;
  const shared = { ...rest, platform: { ...platform, fetch } };
  const parts = createAuthClient((token) => createClientSend(shared, token), {
    carrier,
    person: user?.id ?? null,
    storage,
    now: platform.now,
  });
  const { client: authClient } = parts;
  const client = createClientOver<A>(parts.send, shared);
  return new Proxy(client as object, {
    get: (target, name) => (name === "auth" ? authClient : Reflect.get(target, name)),
  }) as ClientWithAuth<A>;
}

function inMemory(user: AuthOptions["user"]): SessionStorageLike {
  const kept = new Map<string, string>();
  const unknown = { email: null, emailVerified: false, name: "", roles: [], data: {} };
  if (user !== undefined) kept.set(SESSION_KEY, JSON.stringify({ user: { ...unknown, ...user } }));
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
