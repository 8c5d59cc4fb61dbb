/**
 * YOURS. Whether the page is still its person's: tabs tell each other who has come and gone, and the page looks again when it is shown. It is loaded
 * anew for somebody else, who then has a page of their own; until then it says that its person is signed out.
 */

import { useSyncExternalStore } from "react";
import type { BoardClient, Person } from "./board-client.ts";

interface Auth {
  getUser(): Promise<{ readonly id: string } | null>;
  onAuthStateChange(listener: (change: string, session: object | null) => void): () => void;
}

let isSignedOut = false;
const listeners = new Set<() => void>();

/** A trial needs no sign-in, and has none. */
export function watchPerson(client: BoardClient, { id, isTrial }: Person): void {
  if (isTrial) return;
  const { auth } = client as unknown as { readonly auth: Auth };
  const tabs = new BroadcastChannel("board-person");
  const look = async () => {
    const user = await auth.getUser();
    // The address may name what only this person sees.
    if (user !== null && user.id !== id) location.assign(location.pathname);
    else if (user !== null && isSignedOut) location.reload();
  };
  const lookLater = () => void look().catch(() => {});
  tabs.onmessage = lookLater;
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && lookLater());
  auth.onAuthStateChange((_change, session) => {
    const before = isSignedOut;
    isSignedOut = session === null;
    if (isSignedOut && !before) {
      tabs.postMessage("gone");
      lookLater();
    }
    for (const listener of listeners) listener();
  });
  // Who opens a page may have signed in for it.
  tabs.postMessage("here");
}

export function useIsSignedOut(): boolean {
  return useSyncExternalStore(follow, () => isSignedOut);
}

function follow(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
