/**
 * What `npm run bench:jobs` measures: jobs that do nothing, and beside them, under `/bare`, messages that a bare consumer counts. What a run
 * came to is asked of `/done`, what it cost of `/cost`.
 */

import { defineApp } from "ledge";
import { enqueueAll, job, jobs } from "ledge/jobs";
import { tableObject } from "../../durable-objects/table/table-object.ts";
import { migrations } from "../../migrations/migrations.ts";

interface Env {
  readonly LEDGE_QUEUE: Queue;
  readonly BARE: Queue;
  readonly LEDGE_TABLES: { getByName(name: string): { cost(): Promise<Cost> } };
}

/** Of one isolate: times at which handlers ran, by when they were asked for. */
const latencies: number[] = [];
let lastAt = 0;
let messages = 0;

const ran = (sentAt: number) => {
  lastAt = Date.now();
  latencies.push(lastAt - sentAt);
};
const handler = ({ sentAt }: { readonly sentAt: number }) => ran(sentAt);

/** Kept for a day once it has ended; gone at once, so that afterwards nothing is due. */
const nothing = job<{ readonly sentAt: number }>({ name: "nothing", handler });
const passing = job<{ readonly sentAt: number }>({ name: "passing", resultTtlMs: 0, handler });

const app = defineApp({
  name: "bench",
  features: [jobs([nothing, passing], { pulseMs: 2000 })],
  observability: { logLevel: "error" },
}).route("POST", "/ledge", async (context) => {
  const { count, isPassing = false } = (await context.request.json()) as {
    readonly count: number;
    readonly isPassing?: boolean;
  };
  const asked = Array.from({ length: count }, () => ({ input: { sentAt: Date.now() } }));
  await enqueueAll(context, isPassing ? passing : nothing, asked);
  return { count };
});

/** What the object of the jobs was asked and wrote, as the platform bills it; and when it wakes. */
export interface Cost {
  readonly requests: number;
  readonly alarms: number;
  readonly rows: number;
  readonly wakesAtMs: number | null;
}

/** The object of the application, with a look at its storage and a count of its calls. */
export class TableObject extends tableObject(app, { jobs: migrations.jobs ?? [] }) {
  #requests = 0;
  #alarms = 0;
  #rows = 0;

  constructor(state: DurableObjectState, env: never) {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    super(state, env);
    Object.defineProperty(sql, "exec", {
      value: (statement: string, ...params: SqlStorageValue[]) => {
        const cursor = exec(statement, ...params);
        const settled = <T>(result: T): T => {
          this.#rows += cursor.rowsWritten;
          return result;
        };
        return { toArray: () => settled(cursor.toArray()), raw: () => settled([...cursor.raw()]) };
      },
    });
  }

  override call(text: string): string | Promise<string> {
    this.#requests++;
    return super.call(text);
  }

  override alarm(): Promise<void> {
    this.#alarms++;
    return super.alarm();
  }

  /** Since it was asked last. */
  async cost(): Promise<Cost> {
    const told = { requests: this.#requests, alarms: this.#alarms, rows: this.#rows };
    [this.#requests, this.#alarms, this.#rows] = [0, 0, 0];
    return { ...told, wakesAtMs: await this.ctx.storage.getAlarm() };
  }
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/cost") return Response.json(await env.LEDGE_TABLES.getByName("t/bench/jobs").cost());
    if (pathname === "/done") {
      const told = { ran: latencies.length, lastAt, messages, latencies: latencies.splice(0) };
      messages = 0;
      return Response.json(told);
    }
    if (pathname !== "/bare") return app.fetch(request, env as never, context);
    const { count } = (await request.json()) as { readonly count: number };
    for (let at = 0; at < count; at += 100)
      await env.BARE.sendBatch(
        Array.from({ length: Math.min(100, count - at) }, () => ({ body: { sentAt: Date.now() } })),
      );
    return new Response(null, { status: 204 });
  },
  async queue(batch: MessageBatch, env: Env, context: ExecutionContext): Promise<void> {
    messages += batch.messages.length;
    if (batch.queue !== "bare") return app.queue(batch, env as never, context);
    for (const { body } of batch.messages) ran((body as { readonly sentAt: number }).sentAt);
  },
};
