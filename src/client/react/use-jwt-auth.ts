/** `useJWTAuth()` ([RH7]): who is signed in by tokens, the token for whatever else asks the server, and what a sign-in page calls. */

import type { AuthClient } from "../auth-client.ts";
import type { AuthSession } from "../auth-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import { type Auth, authOf, UNKNOWN } from "./use-auth.ts";
import { outsideOf, useOutside } from "./use-outside.ts";

interface Told extends Auth {
  /** For requests that are not the client's; null for strangers, and where cookies carry the session. The client renews it by itself. */
  readonly accessToken: string | null;
  /** When it ends, in ms since 1970. */
  readonly expiresAt: number | null;
}

export type JWTAuth = Told & Pick<AuthClient, "signUp" | "signInWithPassword" | "signOut" | "refreshSession">;

const NOBODY: Told = { ...UNKNOWN, accessToken: null, expiresAt: null };

/** For clients of `ledge/client/auth` with `auth: { carrier: "token" }`. */
export function useJWTAuth(): JWTAuth {
  const { auth } = useHookClient() as unknown as { readonly auth?: AuthClient };
  if (typeof auth?.onAuthStateChange !== "function") throw new Error("useJWTAuth needs a client of ledge/client/auth");
  const { signUp, signInWithPassword, signOut, refreshSession } = auth;
  return { ...useOutside(followTokens(auth), NOBODY), signUp, signInWithPassword, signOut, refreshSession };
}

function followTokens(auth: AuthClient) {
  let told = NOBODY;
  return outsideOf(
    auth,
    "jwt",
    () => told,
    (changed) =>
      auth.onAuthStateChange((_change, session) => {
        told = toldOf(session);
        changed();
      }),
  );
}

function toldOf(session: AuthSession | null): Told {
  return { ...authOf(session), accessToken: session?.accessToken ?? null, expiresAt: session?.expiresAt ?? null };
}
