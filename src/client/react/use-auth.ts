/** `useAuth()`: who is signed in, for clients of `ledge/client/auth`; what they can do is at `client.auth`. */

import type { AuthClient } from "../auth-client.ts";
import type { AuthSession, AuthUser } from "../auth-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import { outsideOf, useOutside } from "./use-outside.ts";

export interface Auth {
  /** Null for strangers, and until it is known. */
  readonly user: AuthUser | null;
  readonly isAuthenticated: boolean;
  /** It is not known yet. */
  readonly isLoading: boolean;
}

export const UNKNOWN: Auth = { user: null, isAuthenticated: false, isLoading: true };

export function useAuth(): Auth {
  const client = useHookClient() as unknown as { readonly auth?: AuthClient };
  const { auth } = client;
  if (typeof auth?.onAuthStateChange !== "function") throw new Error("useAuth needs a client of ledge/client/auth");
  return useOutside(followAuth(auth), UNKNOWN);
}

function followAuth(auth: AuthClient) {
  let state = UNKNOWN;
  return outsideOf(
    auth,
    "auth",
    () => state,
    (changed) =>
      auth.onAuthStateChange((_change, session) => {
        state = authOf(session);
        changed();
      }),
  );
}

export function authOf(session: AuthSession | null): Auth {
  return { user: session?.user ?? null, isAuthenticated: session !== null, isLoading: false };
}
