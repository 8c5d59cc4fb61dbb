/**
 * The objects of an application in this process, over node:sqlite: the Worker's own code calls them through its usual namespace.
 * Many at once, made when they are first asked for; without registration, which needs workerd.
 */

import { DatabaseSync } from "node:sqlite";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { handleCall } from "../../durable-objects/table/handle-call.ts";
import { openStore, type Store } from "../../durable-objects/table/store.ts";
import { Fault } from "../../src/core/fault.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { ObjectCall, ObjectReply } from "../../src/core/protocol/object-call.ts";
import { decodeCall, encodeReply } from "../../src/core/protocol/wire.ts";
import type { AppDefinition, MigrationSet } from "../../src/define/app.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";

export interface NodeObjects {
  readonly env: LedgeEnv;
  readonly store: (name: string) => Store;
  /** Calls so far, by kind. */
  readonly calls: string[];
}

export function nodeObjects(app: AppDefinition, migrations: MigrationSet): NodeObjects {
  const stores = new Map<string, Store>();
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
    return opened;
  };
  const call = (name: string, given: ObjectCall): ObjectReply => {
    calls.push(given.op);
    try {
      return handleCall(store(name), given);
    } catch (error) {
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
        call: async (text: string) => encodeReply(call(name, decodeCall(text) as ObjectCall)),
      }),
    },
  } as unknown as LedgeEnv;
  return { env, store, calls };
}
