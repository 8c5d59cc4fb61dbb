/**
 * Puts an outbox on a client, whatever signs its requests: `later` on each table for writes that are stored first, `outbox` for what has
 * become of them, `sync` for how many there are. The client it is given stays as it is.
 */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import { NOBODY, type OutboxEntry } from "../../core/offline/outbox-entry.ts";
import { statusOf } from "../../core/offline/sync-status.ts";
import type { ClientOptions } from "../create-client.ts";
import { followPerson } from "../follow-person.ts";
import type { LiveHub } from "../live/live-hub.ts";
import { PLATFORM, type Platform } from "../platform.ts";
import type { Send } from "../send.ts";
import { indexedDbStorage } from "./indexed-db-storage.ts";
import type {
  LaterOptions,
  LaterWrite,
  OutboxClient,
  OutboxItem,
  OutboxOptions,
  Sync,
  WithOutbox,
} from "./offline-types.ts";
import { orMemory } from "./or-memory.ts";
import { OutboxRunner } from "./outbox-runner.ts";
import { rowWrite, type WriteWiring, writeWiring } from "./row-write.ts";
import { TAB_PLATFORM } from "./tab-platform.ts";
import { followWithdrawals } from "./withdrawn-rows.ts";

/** What `createClient` leaves for whatever is put on top. */
interface Bare {
  readonly resource: ((path: string) => object) & {
    readonly send: Send;
    readonly options: ClientOptions;
    readonly hub?: LiveHub;
  };
  readonly auth?: { refreshSession?(): Promise<unknown> };
}

type Table = Readonly<Record<string, unknown>>;

export function withOutbox<C extends object>(client: C, given: OutboxOptions = {}): WithOutbox<C> {
  const bare = client as unknown as Bare;
  const { send, options, hub } = bare.resource;
  const platform: Platform = { ...PLATFORM, ...options.platform, ...given.platform };
  const name = given.name ?? options.url.replace(/\/+$/, "") + (options.basePath ?? "/api");
  const { conflicts = "server-wins" } = given;
  const { identified, leave } = followPerson(bare.auth, (id, change) =>
    runner.signedIn(id ?? (change === "SIGNED_OUT" ? NOBODY : null)),
  );
  const runner: OutboxRunner = new OutboxRunner({
    name,
    send,
    platform,
    ...(given.storage === undefined
      ? orMemory(
          indexedDbStorage(name, () => runner.reread()),
          platform,
        )
      : { storage: given.storage }),
    tabs: given.tabs ?? TAB_PLATFORM,
    elapsedMs: given.platform?.now ?? options.platform?.now ?? elapsedMs,
    policyOf: (table) => (typeof conflicts === "object" ? (conflicts[table] ?? "server-wins") : conflicts),
    refused: (entry) => {
      noteRefusal?.(entry);
      given.onWriteRejected?.(itemOf(entry, runner));
    },
    identified,
    renew: async () => {
      try {
        return ((await bare.auth?.refreshSession?.()) ?? null) !== null;
      } catch {
        return false;
      }
    },
  });
  const noteRefusal = hub && followWithdrawals(hub, runner, send);
  const wiring = writeWiring(platform, hub, given.keys);
  const write = async (later: LaterWrite): Promise<{ readonly key: string; readonly id: RowId }> => {
    const made = rowWrite(later, wiring);
    const { key } = await runner.write({ key: platform.makeKey(), writes: [made] });
    return { key, id: made.id };
  };

  const laterOf = (table: string, partition?: string) => {
    const later =
      (op: LaterWrite["op"]) =>
      (id?: RowId, values?: JsonObject, { on }: LaterOptions = {}) =>
        write({ table, partition, op, id, values, on });
    return {
      create: (row: JsonObject) => later("create")(undefined, row),
      update: later("update"),
      replace: later("replace"),
      delete: (id: RowId, options?: LaterOptions) => later("delete")(id, undefined, options),
    };
  };
  const tableOf = (table: Table, path: string, partition?: string): object => ({
    ...table,
    later: laterOf(path, partition),
    in: (inner: string) => tableOf((table.in as (partition: string) => Table)(inner), path, inner),
  });
  const outbox = outboxOf(runner, wiring, () => {
    leave();
    runner.close();
  });
  const sync: Sync = {
    get status() {
      return runner.status;
    },
    onChange: (listener) => runner.onChange(() => listener(runner.status)),
  };
  const made = new Map<string, object>();
  const resource = (path: string) => tableOf(bare.resource(path) as Table, path);
  Object.assign(resource, bare.resource, { runner, wiring });
  return new Proxy(client, {
    get(target, member) {
      if (member === "outbox") return outbox;
      if (member === "sync") return sync;
      if (member === "resource") return resource;
      const value: unknown = Reflect.get(target, member);
      const isTable = typeof (value as Table | undefined)?.list === "function";
      if (typeof member !== "string" || !isTable) return value;
      const table = made.get(member) ?? tableOf(value as Table, member);
      made.set(member, table);
      return table;
    },
  }) as unknown as WithOutbox<C>;
}

function elapsedMs(): number {
  const { performance } = globalThis as unknown as { readonly performance?: { now(): number } };
  return performance?.now() ?? Date.now();
}

function itemOf({ key, state, madeAtMs, writes }: OutboxEntry, runner: OutboxRunner): OutboxItem {
  const { kind, ...why } = state;
  return { key, status: statusOf(state, runner.isInFlight(key)), madeAtMs, writes, ...(kind === "refused" && why) };
}

function outboxOf(runner: OutboxRunner, wiring: WriteWiring, close: () => void): OutboxClient {
  const items = () => runner.entries.map((entry) => itemOf(entry, runner));
  const pending = () => items().filter(({ status }) => status !== "done");
  /** The writes of an entry, and which of them is meant: the one that was refused, unless somebody says. */
  const refusedAt = (key: string, index?: number) => {
    const { writes = [], problem, present } = items().find((item) => item.key === key) ?? {};
    // Without a condition, because the person has seen what stands there.
    const seen = present !== undefined && { onTop: { row: null, tag: null } };
    return { writes, seen, at: index ?? (writes.length === 1 ? 0 : Number(problem?.index ?? Number.NaN)) };
  };
  return {
    ready: runner.ready,
    pending,
    get pendingCount() {
      return pending().length;
    },
    refused: () => items().filter(({ status }) => status === "refused"),
    retry: async (key) => runner.decide(key, { kind: "retry", ...refusedAt(key).seen }),
    edit: async (key, values, { index } = {}) => {
      const { writes, at, seen } = refusedAt(key, index);
      if (writes[at] === undefined) return false;
      return runner.decide(key, {
        kind: "retry",
        ...seen,
        writes: writes.map((write, i) => (i === at ? { ...write, values } : write)),
      });
    },
    discard: async (key, { index } = {}) => {
      const { writes } = refusedAt(key, index);
      if (index === undefined || writes.length === 1) return runner.decide(key, { kind: "discard" });
      if (writes[index] === undefined) return false;
      return runner.decide(key, { kind: "retry", writes: writes.filter((_, i) => i !== index) });
    },
    transaction: async (writes) => {
      if (writes.length === 0) throw new TypeError("A transaction needs a write");
      const made = writes.map((each) => rowWrite(each, wiring));
      return { key: (await runner.write({ key: wiring.platform.makeKey(), writes: made })).key };
    },
    onChange: (listener) => runner.onChange(listener),
    close,
  };
}
