/** What `client.auth` gives: the person, the session, its changes; and what it needs to keep it ([A15]). Types only. */

export interface AuthUser {
  readonly id: string;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly name: string;
  readonly roles: readonly string[];
  /** What the person gave at sign-up. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt?: string;
}

export interface AuthSession {
  readonly user: AuthUser;
  readonly sessionId?: string;
  /** Where bearer tokens carry the session. */
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly tokenType?: "Bearer";
  /** ms since 1970: of the access token. */
  readonly expiresAt?: number;
}

export type AuthChange = "INITIAL_SESSION" | "SIGNED_IN" | "SIGNED_OUT" | "TOKEN_REFRESHED";
export type Listener = (change: AuthChange, session: AuthSession | null) => void;

/** `localStorage`, React Native's `AsyncStorage`, or a map in memory. */
export interface SessionStorageLike {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}
