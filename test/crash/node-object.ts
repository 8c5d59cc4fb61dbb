/**
 * An object's work in this process, over node:sqlite: the store, the verbs, group commit and the alarm as in production, behind the
 * namespace that the Worker addresses. For trouble that cannot be made in workerd, such as a full disk. One object, whatever its name.
 */

import { type NodeDatabase, nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { callWeight } from "../../durable-objects/table/call-weight.ts";
import { groupCommit } from "../../durable-objects/table/group-commit.ts";
import { handleCall } from "../../durable-objects/table/handle-call.ts";
import { runAlarm } from "../../durable-objects/table/run-alarm.ts";
import { storageFault } from "../../durable-objects/table/storage-fault.ts";
import { openStore, type Store } from "../../durable-objects/table/store.ts";
import { Fault } from "../../src/core/fault.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { isWrite, type ObjectCall, type ObjectReply } from "../../src/core/protocol/object-call.ts";
import { decodeCall, encodeReply } from "../../src/core/protocol/wire.ts";
import type { AppDefinition, MigrationSet } from "../../src/define/app.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";

export interface NodeObject {
  readonly env: LedgeEnv;
  readonly store: Store;
  alarm(): Promise<void>;
}

export function nodeObject(
  app: AppDefinition,
  migrations: MigrationSet,
  name: string,
  database: NodeDatabase,
): NodeObject {
  const store = openStore({
    app,
    migrations,
    name: name as ObjectName,
    sql: nodeSql(database),
    alarm: { setAlarm: () => {} },
    clock: () => Date.now(),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  });
  const durable = () => new Promise<void>((resolve) => setImmediate(resolve));
  const group = groupCommit({ store, durable, clock: () => Date.now() });
  // The frame of `table-object.ts`, which runs in workerd alone.
  const call = async (given: ObjectCall): Promise<ObjectReply> => {
    const work = () => handleCall(store, given);
    try {
      return await (isWrite(given) ? group.submit(work, () => callWeight(given)) : work());
    } catch (error) {
      const fault = error instanceof Fault ? error : storageFault(error);
      if (fault === null) throw error;
      return { kind: "fault", fault: fault.data, position: null };
    }
  };
  const env = {
    LEDGE_ENV: "development",
    LEDGE_SECRET: "crash-secret-crash-secret-crash-secret",
    LEDGE_LOG_LEVEL: "silent",
    LEDGE_TABLES: {
      getByName: () => ({ call: async (text: string) => encodeReply(await call(decodeCall(text) as ObjectCall)) }),
    },
  } as unknown as LedgeEnv;
  return { env, store, alarm: () => runAlarm(store, env, { dependents: async () => null, access: async () => null }) };
}
