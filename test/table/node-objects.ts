/**
 * The objects of an application in this process, over node:sqlite: the Worker's own code calls them through its usual namespace.
 * Many at once, made when they are first asked for; without registration, which needs workerd.
 */

import { DatabaseSync } from "node:sqlite";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { type AgreeMessage, agree } from "../../durable-objects/table/agree.ts";
import { handleCall, touchedBy } from "../../durable-objects/table/handle-call.ts";
import { Blocked } from "../../durable-objects/table/key-gate.ts";
import { openStore, type Store } from "../../durable-objects/table/store.ts";
import { TransactionHost } from "../../durable-objects/table/transaction-host.ts";
import { transactionPort } from "../../durable-objects/table/transaction-port.ts";
import { Fault } from "../../src/core/fault.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { isWrite, type ObjectCall, type ObjectReply } from "../../src/core/protocol/object-call.ts";
import { decodeCall, encodeReply } from "../../src/core/protocol/wire.ts";
import type { AppDefinition, MigrationSet } from "../../src/define/app.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";

export interface NodeObjects {
  readonly env: LedgeEnv;
  readonly store: (name: string) => Store;
  /** Calls so far, by kind. */
  readonly calls: string[];
  /** Resolves when nothing is promised in any of them. */
  readonly settled: () => Promise<void>;
}

export function nodeObjects(app: AppDefinition, migrations: MigrationSet): NodeObjects {
  const stores = new Map<string, Store>();
  const hosts = new Map<string, TransactionHost>();
  const calls: string[] = [];
  const store = (name: string): Store => {
    const known = stores.get(name);
    if (known !== undefined) return known;
    const opened = openStore({
      app,
      migrations,
      name: name as ObjectName,
      sql: nodeSql(new DatabaseSync(":memory:")),
      alarm: { setAlarm: () => {} },
      clock: () => Date.now(),
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    });
    stores.set(name, opened);
    opened.keys = hostOf(name, opened);
    return opened;
  };
  const hostOf = (name: string, opened: Store): TransactionHost => {
    const host = new TransactionHost(opened, {
      port: transactionPort(opened, () => 0),
      setAlarm: () => {},
      onSettled: () => {},
      send: async ({ to, message }) => JSON.parse(await agreeWith(to, JSON.stringify(message))) as unknown,
    });
    hosts.set(name, host);
    return host;
  };
  const agreeWith = async (name: string, text: string): Promise<string> => {
    const opened = store(name);
    return JSON.stringify(await agree(opened, hosts.get(name) as TransactionHost, JSON.parse(text) as AgreeMessage));
  };
  // The frame of `table-object.ts`, which runs in workerd alone.
  const call = async (name: string, given: ObjectCall): Promise<ObjectReply> => {
    calls.push(given.op);
    const opened = store(name);
    const host = hosts.get(name) as TransactionHost;
    try {
      if (isWrite(given) || host.isFreeForReads()) return handleCall(opened, given);
      return await host.read({ footprint: touchedBy(opened, given), run: (note) => handleCall(opened, given, note) });
    } catch (error) {
      if (error instanceof Blocked) {
        await host.waitForKeys(error.footprint, Date.now());
        return call(name, given);
      }
      if (!(error instanceof Fault)) throw error;
      return { kind: "fault", fault: error.data, position: null };
    }
  };
  const env = {
    LEDGE_ENV: "development",
    LEDGE_SECRET: "node-secret-node-secret-node-secret-0123",
    LEDGE_LOG_LEVEL: "silent",
    LEDGE_TABLES: {
      getByName: (name: string) => ({
        call: async (text: string) => encodeReply(await call(name, decodeCall(text) as ObjectCall)),
        agree: (text: string) => agreeWith(name, text),
      }),
    },
  } as unknown as LedgeEnv;
  const settled = async () => {
    while ([...hosts.values()].some((host) => host.held().length > 0))
      await new Promise((resume) => setTimeout(resume, 1));
  };
  return { env, store, calls, settled };
}
