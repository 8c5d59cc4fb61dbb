/**
 * `createClient<typeof app>({ url })`: a value whose members are the tables of the application. At run time it knows none of them:
 * a member is made when it is first asked for, so the server's tables are not part of the bundle.
 */

import type { AppLike, Client } from "./app-types.ts";
import { type Credentials, createCredentials, type RefreshToken, type TokenSource } from "./credentials.ts";
import { type FetchLike, PLATFORM, type Platform } from "./platform.ts";
import { RETRY, type RetryPolicy } from "./retry.ts";
import { createSend, type Send } from "./send.ts";
import { type AnyTable, createTable } from "./table-client.ts";

export interface ClientOptions {
  /** Of the server: `https://example.com`; a relative one (`""`) where fetch knows its origin. */
  readonly url: string;
  /** As in `defineApp`; default `/api`. */
  readonly basePath?: string;
  /** Default: the global one. */
  readonly fetch?: FetchLike;
  /** Sent as `Authorization: Bearer …`; asked for before every request. */
  readonly token?: TokenSource;
  /** Called once when a token has expired; its requests then repeat once. */
  readonly refreshToken?: RefreshToken;
  /** Of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For cookies: `include` sends them to another origin. */
  readonly credentials?: "include" | "same-origin" | "omit";
  /** For each attempt; default 30 000, 0: none. */
  readonly timeoutMs?: number;
  /** `false`: no request is repeated, and writes carry no key of the client's. */
  readonly retry?: Partial<RetryPolicy> | false;
  /** Timers, chance and clock, for tests. */
  readonly platform?: Partial<Platform>;
}

/** The pipeline of a client with these options; whose its requests are, says `token`. */
export function createClientSend(options: ClientOptions, token: Credentials): Send {
  const { url, basePath = "/api", timeoutMs = 30_000, retry } = options;
  return createSend({
    baseUrl: url.replace(/\/+$/, "") + basePath,
    headers: options.headers ?? {},
    credentials: options.credentials,
    token,
    timeoutMs,
    retry: { ...RETRY, ...(retry === false ? { maxRetries: 0 } : retry) },
    platform: { ...PLATFORM, fetch: options.fetch ?? PLATFORM.fetch, ...options.platform },
  });
}

export function createClient<A extends AppLike>(options: ClientOptions): Client<A> {
  return createClientOver(createClientSend(options, createCredentials(options.token, options.refreshToken)), options);
}

/** For who sends in another way, as the client with sign-in does. */
export function createClientOver<A extends AppLike>(send: Send, options: ClientOptions): Client<A> {
  const resource = (path: string): AnyTable => createTable({ send, path: `/${encodeURIComponent(path)}` });
  // For what is put on top of a client, as `withLive` is.
  Object.assign(resource, { send, options });
  // The search over all tables is that of the root.
  return new Proxy({ resource, search: createTable({ send, path: "" }).search } as Record<string, unknown>, {
    get(made, name) {
      // `then`: awaiting a client must give the client.
      if (typeof name !== "string" || name === "then") return undefined;
      made[name] ??= resource(name);
      return made[name];
    },
  }) as Client<A>;
}
