/**
 * The session of a client as its storage has it, and who listens to its changes. The storage is the truth: other clients (tabs, workers)
 * may share it, so it is read each time, and what they did is announced when it is noticed. What a listener throws is its own affair.
 */

import type { AuthChange, AuthSession, Listener, SessionStorageLike } from "./auth-types.ts";

/** Name under which the storage keeps the session. */
export const SESSION_KEY = "ledge.session";

/** What was there at some time, to be compared later. */
export interface Known {
  readonly session: AuthSession | null;
  readonly text: string | null;
  /** How often this client has changed it: by cookie, a session may end and another of the same text begin. */
  readonly changes: number;
}

export interface KeptSession {
  read(): Promise<Known>;
  /** As last read. */
  readonly latest: Known | undefined;
  become(change: AuthChange, next: AuthSession | null): Promise<void>;
  /** Called now with what is there, then with each change; gives the function that ends it. */
  listen(listener: Listener): () => void;
}

export function createKeptSession(storage: SessionStorageLike): KeptSession {
  const listeners = new Set<Listener>();
  /** As last announced; undefined until the storage has been read. */
  let known: Known | undefined;
  let changes = 0;

  const announce = (change: AuthChange, session: AuthSession | null) => {
    for (const listener of listeners) tell(listener, change, session);
  };
  const read = async (): Promise<Known> => {
    const before = changes;
    const text = await storage.getItem(SESSION_KEY);
    // Whoever changed it while the storage was being read knows better.
    if (known !== undefined && (before !== changes || known.text === text)) return known;
    const former = known;
    known = { session: parse(text), text, changes };
    if (former !== undefined && former.session !== known.session) announce(changeBetween(former, known), known.session);
    return known;
  };
  return {
    read,
    get latest() {
      return known;
    },
    async become(change, session) {
      const text = session === null ? null : JSON.stringify(session);
      changes += 1;
      known = { session, text, changes };
      if (text === null) await storage.removeItem(SESSION_KEY);
      else await storage.setItem(SESSION_KEY, text);
      announce(change, session);
    },
    listen(listener) {
      listeners.add(listener);
      const begin = (session: AuthSession | null) =>
        void (listeners.has(listener) && tell(listener, "INITIAL_SESSION", session));
      void read().then(
        ({ session }) => begin(session),
        () => begin(null),
      );
      return () => void listeners.delete(listener);
    },
  };
}

export function isSame(a: Known, b: Known): boolean {
  return a.text === b.text && a.changes === b.changes;
}

/**
 * Whether what is there belongs to another session or person than what was there. By cookie null says only that nobody has asked yet: whom
 * `getUser` then finds, without a session's id, may have been there before.
 */
export function isOther(former: Known, present: Known): boolean {
  const { session } = former;
  if (sessionIdOf(former) !== sessionIdOf(present)) return true;
  return session !== null && session.user.id !== present.session?.user.id;
}

/** Of the session itself, whose tokens change; null where nothing names it. */
function sessionIdOf({ session }: Known): string | null {
  return session?.refreshToken?.split(".")[0] ?? session?.sessionId ?? null;
}

function changeBetween(former: Known, present: Known): AuthChange {
  if (present.session === null) return "SIGNED_OUT";
  return former.session !== null && !isOther(former, present) ? "TOKEN_REFRESHED" : "SIGNED_IN";
}

const { console } = globalThis as { readonly console?: { error(error: unknown): void } };

function tell(listener: Listener, change: AuthChange, session: AuthSession | null): void {
  try {
    listener(change, session);
  } catch (error) {
    console?.error(error);
  }
}

function parse(text: string | null): AuthSession | null {
  try {
    const value = JSON.parse(text ?? "null") as AuthSession | null;
    return typeof value?.user?.id === "string" ? value : null;
  } catch {
    return null;
  }
}
