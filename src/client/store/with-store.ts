/**
 * Puts the live store on a client: `store` beside its tables. Around `withLive`, and around `withOutbox` where writes are to be shown before the server
 * has them. The client it is given stays as it is.
 */

import { QueryCache } from "../cache/query-cache.ts";
import type { ClientOptions } from "../create-client.ts";
import { followPerson } from "../follow-person.ts";
import { heardTable, type Methods } from "../heard-table.ts";
import type { LiveHub } from "../live/live-hub.ts";
import { placePath } from "../live/request-ticket.ts";
import type { LaterWrite } from "../offline/offline-types.ts";
import type { OutboxRunner } from "../offline/outbox-runner.ts";
import { rowWrite, type WriteWiring, writeWiring } from "../offline/row-write.ts";
import { TAB_PLATFORM, type TabPlatform } from "../offline/tab-platform.ts";
import { PLATFORM } from "../platform.ts";
import type { Send } from "../send.ts";
import type { DehydratedStore } from "./handover.ts";
import { LiveStoreState } from "./live-store.ts";
import { RowKeeper } from "./row-keeper.ts";
import { indexedDbRows, type RowStorage } from "./row-storage.ts";
import type { SharedHandle } from "./shared-handle.ts";
import type { LiveStore, WithStore } from "./store-types.ts";

export interface StoreOptions {
  /** How long what nobody looks at is kept up; default 30 s. */
  readonly keepMs?: number;
  /** Listeners are told at most once in so many ms; default 16. Writes that are made here are told of at once. */
  readonly frameMs?: number;
  /**
   * Keeps the rows of what is watched, so that a page that opens without a network shows them; `true`: in IndexedDB. Default: not. Give `principal`,
   * too, where it is not `ledge/client/auth` that signs in.
   */
  readonly persist?: boolean | RowStorage;
  /** Who is signed in, by anything that names one person; for what is kept. */
  readonly principal?: () => string | null;
  /** Whether there is a network. For tests. */
  readonly tabs?: TabPlatform;
}

/** What others leave for whatever is put on top. */
interface Parts {
  readonly resource: ((path: string) => object) & {
    readonly options: ClientOptions;
    readonly send: Send;
    readonly hub?: LiveHub;
    readonly runner?: OutboxRunner;
    /** Of the outbox: with the keys that the application names. */
    readonly wiring?: WriteWiring;
  };
  readonly cache?: unknown;
  readonly auth?: unknown;
}

export function withStore<C extends { readonly realtime: unknown }>(
  client: C,
  { keepMs = 30_000, frameMs = 16, tabs = TAB_PLATFORM, persist = false, principal }: StoreOptions = {},
): WithStore<C> {
  const { resource, cache, auth } = client as unknown as Parts;
  const { hub, runner, options, send } = resource;
  if (hub === undefined) throw new TypeError("The live store needs a client with live queries: withStore(withLive(…))");
  const platform = { ...PLATFORM, ...options.platform };
  const { now, after, makeKey } = platform;
  const { wiring = writeWiring(platform, hub) } = resource;
  let person: string | null = null;
  const name = options.url.replace(/\/+$/, "") + (options.basePath ?? "/api");
  const storage = persist === true ? indexedDbRows(name) : persist || null;
  const { identified } = followPerson(auth, (present, change) => {
    const isOther = person !== present;
    person = present;
    if (isOther && change !== "INITIAL_SESSION") state.switched();
  });
  const keeper =
    storage && new RowKeeper({ storage, now, after, owner: () => (principal?.() ?? person) || "", identified });
  const state: LiveStoreState = new LiveStoreState({
    keeper,
    send,
    makeKey,
    hub,
    runner: runner ?? null,
    cache: cache instanceof QueryCache ? cache : new QueryCache({ now }),
    isOnline: tabs.isOnline,
    now,
    after,
    keepMs,
    frameMs,
  });
  tabs.onOnline(() => state.turned());
  const revoked = hub.onPurged;
  hub.onPurged = (place) => {
    void keeper?.clear(placePath(place));
    revoked(place);
  };
  const made = (asked: LaterWrite | readonly LaterWrite[]) =>
    [asked].flat().map((each) => rowWrite(each as LaterWrite, wiring));
  const store = {
    list: state.list.bind(state),
    infinite: state.infinite.bind(state),
    row: state.row.bind(state),
    aggregate: state.aggregate.bind(state),
    query: state.query.bind(state),
    keyOf: (table: string) => wiring.keyOf(table).name,
    invalidate: (path: string) => state.wrote(path),
    write: async (asked: LaterWrite | readonly LaterWrite[]) => state.write(made(asked)),
    show: (asked: LaterWrite | readonly LaterWrite[]) => state.show(made(asked)),
    refresh: state.refresh.bind(state),
    dehydrate: () => state.dehydrate(),
    hydrate: (read: DehydratedStore) => state.hydrate(read),
    flush: async () => keeper?.flush(),
    purge: () => state.switched(),
    prefetch: async (handle: SharedHandle<unknown>) => void (await handle.until(hasSomething)),
    get stats() {
      return state.stats;
    },
  } as unknown as LiveStore<C>;
  const tables = new Map<string, object>();
  const heard = (path: string, table: object): object => {
    const known = tables.get(path) ?? heardTable(table, path, (stale) => state.wrote(stale));
    tables.set(path, known);
    return known;
  };
  const own = { store, resource: Object.assign((path: string) => heard(path, resource(path)), resource) };
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
      const isTable = typeof name === "string" && typeof (member as Methods | undefined)?.updateWhere === "function";
      return isTable ? heard(name, member as object) : member;
    },
  }) as WithStore<C>;
}

function hasSomething(snapshot: unknown): boolean {
  const { isReady, status } = snapshot as { readonly isReady?: boolean; readonly status: string };
  return isReady === true || status === "error" || status === "ready";
}
