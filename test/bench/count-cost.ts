/**
 * Runs inside workerd, around a contender's object class, in a run of its own and never while anything is timed: counts the
 * calls that reach objects, and the rows that SQLite's cursors say were read and written. An alarm that is set is a row written, as
 * it is billed. State of the module, which a Worker shares with its objects here.
 */

export interface Cost {
  /** Calls of RPC methods and `fetch`, from the Worker or from other objects. */
  calls: number;
  read: number;
  written: number;
  /** Alarms set, which are among `written`. */
  alarms: number;
}

/** Everything since it was asked last. */
export function takeCost(): Cost {
  const cost = { calls, read: 0, written: alarms, alarms };
  for (const cursor of cursors) {
    cost.read += cursor.rowsRead;
    cost.written += cursor.rowsWritten;
  }
  calls = 0;
  alarms = 0;
  cursors = [];
  return cost;
}

let calls = 0;
let alarms = 0;
let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

type ObjectClass = new (ctx: DurableObjectState, env: never) => object;

/** The same class, counted. */
export function counted<Base extends ObjectClass>(base: Base): Base {
  const methods = base.prototype as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(methods)) {
    const method = methods[name];
    if (name === "constructor" || name === "alarm" || typeof method !== "function") continue;
    methods[name] = function (this: object, ...args: unknown[]) {
      calls += 1;
      return Reflect.apply(method, this, args) as unknown;
    };
  }
  const Uncounted = base as unknown as new (ctx: DurableObjectState, env: unknown) => object;
  const Counted = class extends Uncounted {
    constructor(ctx: DurableObjectState, env: unknown) {
      countStorage(ctx.storage);
      super(ctx, env);
    }
  };
  return Counted as unknown as Base;
}

function countStorage(storage: DurableObjectStorage): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  Object.defineProperty(sql, "exec", {
    value: (statement: string, ...params: SqlStorageValue[]) => {
      const cursor = exec(statement, ...params);
      cursors.push(cursor);
      return cursor;
    },
  });
  const setAlarm = storage.setAlarm.bind(storage);
  Object.defineProperty(storage, "setAlarm", {
    value: (at: number | Date, options?: DurableObjectSetAlarmOptions) => {
      alarms += 1;
      return setAlarm(at, options);
    },
  });
}
