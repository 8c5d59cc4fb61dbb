/**
 * Puts live queries on a client, whatever signs its requests: `subscribe` and `subscribeAggregate` beside the other methods of each
 * table, and `realtime` beside the tables. The client it is given stays as it is.
 */

import type { ClientOptions } from "../create-client.ts";
import { PLATFORM } from "../platform.ts";
import type { Send } from "../send.ts";
import { LiveHub } from "./live-hub.ts";
import { type LivePlatform, livePlatform } from "./live-platform.ts";
import type { ChannelState, Realtime } from "./live-types.ts";
import { LIVE_TIMINGS, type LiveTimings, type LiveWiring } from "./live-wiring.ts";
import type { LivePlace } from "./request-ticket.ts";
import type { SharedSockets } from "./shared-sockets.ts";
import { type AnyCallbacks, aggregateRequest, rowsRequest, subscribe } from "./subscribe.ts";
import type { WithLive } from "./with-live-types.ts";

export interface LiveOptions {
  /** `object`: each object's commits are shown as they come. Default `transaction`: a transaction over several is shown as a whole. */
  readonly consistency?: "transaction" | "object";
  /** `shareSockets()`: the tabs of a browser share their sockets. Default: each tab has its own. */
  readonly share?: (wiring: LiveWiring) => SharedSockets | null;
  readonly timings?: Partial<LiveTimings>;
  /** Sockets and streams, for tests. */
  readonly platform?: Partial<LivePlatform>;
}

/** What `createClient` leaves for whatever is put on top. */
interface Bare {
  readonly resource: ((path: string) => object) & { readonly send: Send; readonly options: ClientOptions };
  readonly auth?: { onAuthStateChange?(listener: (change: string) => void): () => void };
}

interface Page {
  addEventListener?(type: "online", listener: () => void): void;
  removeEventListener?(type: "online", listener: () => void): void;
}

type Table = Readonly<Record<string, unknown>>;
type Options = Readonly<Record<string, unknown>>;

export function withLive<C extends object>(client: C, live: LiveOptions = {}): WithLive<C> {
  const bare = client as unknown as Bare;
  const { send, options } = bare.resource;
  const base = { ...PLATFORM, ...(options.fetch !== undefined && { fetch: options.fetch }), ...options.platform };
  const wiring: LiveWiring = {
    send,
    baseUrl: options.url.replace(/\/+$/, "") + (options.basePath ?? "/api"),
    credentials: options.credentials,
    platform: livePlatform(base, live.platform ?? {}),
    timings: { ...LIVE_TIMINGS, ...live.timings },
  };
  const hub = new LiveHub(wiring, live.consistency ?? "transaction");
  const shared = live.share?.(wiring) ?? null;
  if (shared !== null) hub.openShared = (url, share) => shared.open(url, share);
  const page = globalThis as unknown as Page;
  const onOnline = () => hub.hurry();
  page.addEventListener?.("online", onOnline);
  // Whoever is signed in now has other rights.
  const leaveAuth = bare.auth?.onAuthStateChange?.((change) => {
    if (change === "SIGNED_IN" || change === "SIGNED_OUT") hub.reconnect();
  });
  const realtime = realtimeOf(hub, () => {
    page.removeEventListener?.("online", onOnline);
    leaveAuth?.();
    hub.destroy();
    shared?.close();
  });

  const made = new Map<unknown, object>();
  const tableOf = (table: Table, place: LivePlace): object => ({
    ...table,
    subscribe: (asked: Options, callbacks: AnyCallbacks) =>
      subscribe(hub, place, rowsRequest(place, asked), { ...asked, callbacks }),
    subscribeAggregate: (asked: Options, callbacks: AnyCallbacks) =>
      subscribe(hub, place, aggregateRequest(place, asked), { callbacks }),
    in: (partition: string) =>
      tableOf((table.in as (partition: string) => Table)(partition), { resource: place.resource, partition }),
  });
  const resource = (path: string) => tableOf(bare.resource(path) as Table, { resource: path, partition: undefined });
  Object.assign(resource, bare.resource, { hub });
  return new Proxy(client, {
    get(target, name) {
      if (name === "realtime") return realtime;
      if (name === "resource") return resource;
      const member: unknown = Reflect.get(target, name);
      // What else is put on a client is no table.
      if (typeof name !== "string" || typeof (member as Table | undefined)?.list !== "function") return member;
      const table = made.get(name) ?? tableOf(member as Table, { resource: name, partition: undefined });
      made.set(name, table);
      return table;
    },
  }) as unknown as WithLive<C>;
}

function realtimeOf(hub: LiveHub, destroy: () => void): Realtime {
  const rows = (table: string, partition: string | undefined, asked: Options, callbacks: unknown) => {
    const place = { resource: table, partition };
    return subscribe(hub, place, rowsRequest(place, asked), { ...asked, callbacks: callbacks as AnyCallbacks });
  };
  const channels = (state?: ChannelState) =>
    hub.watches.map(({ channel }) => channel).filter((channel) => state === undefined || channel.state === state);
  return {
    getConnectionState: () => hub.connectionState,
    onConnectionChange: (listener) => hub.onConnectionChange(listener),
    getChannels: () => channels(),
    getSubscribedChannels: () => channels("SUBSCRIBED"),
    unsubscribe: (handle) => handle.unsubscribe(),
    unsubscribeAll: () => hub.unsubscribeAll(),
    reconnect: () => hub.reconnect(),
    destroy,
    subscribeToRow: (table, id, callbacks) =>
      subscribe(
        hub,
        { resource: table, partition: undefined },
        { resource: table, row: `${id}` },
        { callbacks: callbacks as AnyCallbacks },
      ),
    subscribeToTables: (list) =>
      list.map(({ config: { table, partition, ...asked }, callbacks }) => rows(table, partition, asked, callbacks)),
  };
}
