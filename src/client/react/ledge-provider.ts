/** Gives a client to the hooks below it. The client is made outside of React, once, so that a component that mounts again finds it as it was. */

import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";
import type { HookClient, Registered } from "./registered.ts";

const Client = createContext<object | null>(null);

export function LedgeProvider({
  client,
  children,
}: {
  readonly client: Registered;
  readonly children?: ReactNode;
}): ReactElement {
  return createElement(Client.Provider, { value: client }, children);
}

/** The client, for whatever no hook does. */
export function useLedge(): Registered {
  return useHookClient() as unknown as Registered;
}

/** The same for the hooks themselves. */
export function useHookClient(): HookClient {
  const client = useContext(Client);
  if (client === null) throw new Error("A hook of ledge/client/react needs a <LedgeProvider client={…}> above it");
  return client as HookClient;
}
