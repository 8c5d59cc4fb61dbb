/**
 * What `npm run bench:read-model` measures: the application of `read-model-app.ts`, whose objects and D1 count; and beside it, under
 * `/bare`, what one would write by hand against D1: batches of inserts, and queries of the same rows. `/follow` brings one object's copy on
 * and says how long that took, `/walk` asks all objects of a group; `/cost` what objects and D1 were asked since it was asked last.
 */

import { tableObject } from "../../durable-objects/table/table-object.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";
import { followObject } from "../../src/features/read-model/follow-object.ts";
import { projectionOf } from "../../src/features/read-model/projection.ts";
import { walkObjects } from "../../src/features/read-model/walk-objects.ts";
import { app } from "./read-model-app.ts";
import { answerBare } from "./read-model-bare.ts";

interface Env {
  readonly LEDGE_D1: D1Database;
}

/** What is billed. */
export interface Spent {
  pulls: number;
  alarms: number;
  objectRowsWritten: number;
  messages: number;
  batches: number;
  d1RowsRead: number;
  d1RowsWritten: number;
}
const NOTHING: Spent = {
  ...{ pulls: 0, alarms: 0, objectRowsWritten: 0, messages: 0 },
  ...{ batches: 0, d1RowsRead: 0, d1RowsWritten: 0 },
};
/** Of one isolate, objects and Worker. */
let spent: Spent = { ...NOTHING };
/** No alarm of any object follows. */
let isPaused = false;
const PAUSE_MS = 200;

function countingDatabase(database: D1Database): D1Database {
  const note = <T extends D1Result>(result: T): T => {
    spent.d1RowsRead += result.meta.rows_read;
    spent.d1RowsWritten += result.meta.rows_written;
    return result;
  };
  const inner = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const counting = {
      bind: (...params: unknown[]) => wrap(statement.bind(...params)),
      all: async () => note(await statement.all()),
    };
    inner.set(counting, statement);
    return counting as unknown as D1PreparedStatement;
  };
  return {
    prepare: (sql: string) => wrap(database.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      spent.batches++;
      return (await database.batch(statements.map((each) => inner.get(each) ?? each))).map(note);
    },
  } as unknown as D1Database;
}

export function benchObject(migrations: Parameters<typeof tableObject>[1]) {
  return class extends tableObject(app, migrations) {
    constructor(state: DurableObjectState, env: never) {
      const { sql } = state.storage;
      const exec = sql.exec.bind(sql);
      const own = env as Env;
      super(state, { ...own, LEDGE_D1: countingDatabase(own.LEDGE_D1) } as never);
      Object.defineProperty(sql, "exec", {
        value: (statement: string, ...params: SqlStorageValue[]) => {
          const cursor = exec(statement, ...params);
          const settled = <T>(result: T): T => {
            spent.objectRowsWritten += cursor.rowsWritten;
            return result;
          };
          return { toArray: () => settled(cursor.toArray()), raw: () => settled([...cursor.raw()]) };
        },
      });
    }

    override pull(request: string): Promise<string> {
      spent.pulls++;
      return super.pull(request);
    }

    override async alarm(): Promise<void> {
      // What is measured by itself must not be done beforehand.
      if (isPaused) return this.ctx.storage.setAlarm(Date.now() + PAUSE_MS);
      spent.alarms++;
      return super.alarm();
    }
  };
}

function consumerIn(env: Env) {
  return {
    env: env as unknown as LedgeEnv,
    database: countingDatabase(env.LEDGE_D1),
    projection: projectionOf(app.definition),
    clock: Date.now,
  };
}

export const worker = {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/cost") {
      const told = spent;
      spent = { ...NOTHING };
      return Response.json(told);
    }
    if (pathname === "/pause") {
      isPaused = searchParams.get("is") === "true";
      return Response.json({ isPaused });
    }
    if (pathname === "/cursors") {
      const { results } = await env.LEDGE_D1.prepare(
        "SELECT object, epoch, seq FROM rm_copies WHERE status = 'serving'",
      ).all();
      return Response.json(results);
    }
    if (pathname === "/follow") {
      const startedAt = performance.now();
      const consumer = consumerIn(env);
      await followObject(consumer, searchParams.get("object") as ObjectName, { untilMs: Number.POSITIVE_INFINITY });
      return Response.json({ ms: performance.now() - startedAt });
    }
    if (pathname === "/walk") {
      const consumer = consumerIn(env);
      const startedAt = performance.now();
      let stretches = 0;
      for (let isOver = false; !isOver; stretches++) {
        // Its rest is not what is measured.
        await consumer.database.prepare("UPDATE rm_copies SET head = 0 WHERE status = ?").bind("walked").all();
        await walkObjects(consumer, searchParams.get("group") ?? "");
        const { results } = await consumer.database
          .prepare("SELECT place FROM rm_copies WHERE status = ?")
          .bind("walked")
          .all<{ place: string | null }>();
        isOver = results[0]?.place === null;
      }
      return Response.json({ ms: performance.now() - startedAt, stretches });
    }
    if (pathname.startsWith("/bare/")) return answerBare(request, env.LEDGE_D1);
    return app.fetch(request, env as never, context);
  },
  async queue(batch: MessageBatch, env: Env, context: ExecutionContext): Promise<void> {
    spent.messages += batch.messages.length;
    await app.queue(batch, { ...env, LEDGE_D1: countingDatabase(env.LEDGE_D1) } as never, context);
  },
};
