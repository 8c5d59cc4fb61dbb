/**
 * `ledge/client/live`: `createClient` with live queries, and `withLive`, which puts them on any client, e.g. one that signs in. An entry of
 * its own, so that whoever only asks does not carry it.
 */

import type { AppLike, Client } from "./app-types.ts";
import { type ClientOptions, createClient as createBareClient } from "./create-client.ts";
import { type LiveOptions, withLive } from "./live/with-live.ts";
import type { WithLive } from "./live/with-live-types.ts";

export type {
  AggregateCallbacks,
  AnyChange,
  Channel,
  ChannelState,
  ConnectionState,
  LiveCallbacks,
  LiveRows,
  LiveStatus,
  Realtime,
  RowChanged,
  SubscribeOptions,
  SubscriptionHandle,
} from "./live/live-types.ts";
export { shareSockets } from "./live/shared-sockets.ts";
export { type LiveOptions, withLive } from "./live/with-live.ts";
export type { WithLive } from "./live/with-live-types.ts";

export type LiveClient<A extends AppLike> = WithLive<Client<A>>;

export function createClient<A extends AppLike>(
  options: ClientOptions & { readonly live?: LiveOptions },
): LiveClient<A> {
  const { live, ...rest } = options;
  return withLive(createBareClient<A>(rest), live);
}
