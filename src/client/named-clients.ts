/**
 * Clients by name ([SDK4] [PF14]). The only state outside of a client: it lies on the global object, so that a module that is
 * loaded again (hot reload, two bundles) finds the clients that are there.
 */

import type { AppLike, Client } from "./app-types.ts";
import { type ClientOptions, createClient } from "./create-client.ts";

const REGISTRY = Symbol.for("ledge.clients");

/** The client of that name (default `default`), made when there is none. Options of one that is there are ignored. */
export function getOrCreateClient<A extends AppLike>(options: ClientOptions & { readonly name?: string }): Client<A> {
  const { name = "default" } = options;
  const clients = registry();
  const client = clients.get(name) ?? createClient<A>(options);
  clients.set(name, client);
  return client as Client<A>;
}

/** Throws when there is none. */
export function getClient<A extends AppLike>(name = "default"): Client<A> {
  const client = registry().get(name);
  if (client === undefined) throw new Error(`There is no client "${name}": call getOrCreateClient first`);
  return client as Client<A>;
}

/** Forgets it, so that the next `getOrCreateClient` makes another. */
export function forgetClient(name = "default"): void {
  registry().delete(name);
}

function registry(): Map<string, unknown> {
  const holder = globalThis as { [REGISTRY]?: Map<string, unknown> };
  holder[REGISTRY] ??= new Map();
  return holder[REGISTRY];
}
