/**
 * The token of a client: where it comes from, and how it is renewed once when it has expired ([SDK5]). Requests that fail
 * together share one renewal. The token is kept here only when the source cannot keep it.
 */

import { LedgeError, StorageError } from "./ledge-error.ts";

type Token = string | null | undefined;

/** Where an application keeps its token, e.g. `{ get: () => SecureStore.getItemAsync("token"), set: … }`. */
export interface TokenStorage {
  get(): Token | Promise<Token>;
  /** Called with a renewed token. */
  set?(token: string): void | Promise<void>;
}

/** The token itself, a function that gives it, or a storage. */
export type TokenSource = string | (() => Token | Promise<Token>) | TokenStorage;

/** Gets a new token for one that has expired; null: it cannot be done, so the 401 is the answer. */
export type RefreshToken = (expired: string) => Token | Promise<Token>;

export interface Credentials {
  read(): Promise<string | null>;
  /** Whether there is another token than the one that was refused. Rejects when the renewal failed. */
  renew(refused: string): Promise<boolean>;
}

export function createCredentials(source: TokenSource | undefined, refresh: RefreshToken | undefined): Credentials {
  /** The latest renewal, by what it renewed; it stays, for those who come late with the same old token. */
  let renewal: { readonly refused: string; readonly token: Promise<string | null> } | null = null;
  /** A renewed token in place of the one that the source goes on giving. */
  let held: { readonly refused: string; readonly token: string } | null = null;

  const read = async (): Promise<string | null> => {
    const given = await guarded("read", async () =>
      typeof source === "string" ? source : typeof source === "function" ? source() : source?.get(),
    );
    return (held?.refused === given ? held?.token : given) ?? null;
  };

  const renewed = async (refused: string): Promise<string | null> => {
    const token = (await refresh?.(refused)) ?? null;
    if (token === null) return null;
    if (typeof source === "object" && source.set !== undefined) {
      const { set } = source;
      await guarded("keep", async () => set.call(source, token));
    } else {
      // The source may give the first token for ever: `held` is looked up by what it gives.
      held = { refused: held?.token === refused ? held.refused : refused, token };
    }
    return token;
  };

  return {
    read,
    async renew(refused) {
      const present = await read();
      if (present !== refused) return present !== null;
      if (renewal?.refused !== refused) renewal = { refused, token: renewed(refused) };
      const { token } = renewal;
      let isRenewed = false;
      try {
        isRenewed = (await token) !== null;
      } finally {
        // One that failed may be tried again.
        if (!isRenewed && renewal?.token === token) renewal = null;
      }
      return isRenewed;
    },
  };
}

/** What a storage of the application throws, as an error of the client. */
export async function guarded<T>(verb: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof LedgeError) throw cause;
    throw new StorageError(`Cannot ${verb} the token`, { cause });
  }
}
