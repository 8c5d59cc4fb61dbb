/**
 * What `npm run bench:jobs` measures: jobs that do nothing, and beside them, under `/bare`, messages that a bare consumer counts. What a run
 * came to is asked of `/done`.
 */

import { defineApp } from "ledge";
import { enqueueAll, job, jobs } from "ledge/jobs";
import { tableObject } from "../../durable-objects/table/table-object.ts";
import { migrations } from "../../migrations/migrations.ts";

interface Env {
  readonly LEDGE_QUEUE: Queue;
  readonly BARE: Queue;
}

/** Of one isolate: times at which handlers ran, by when they were asked for. */
const latencies: number[] = [];
let lastAt = 0;
let messages = 0;

const ran = (sentAt: number) => {
  lastAt = Date.now();
  latencies.push(lastAt - sentAt);
};

const nothing = job<{ readonly sentAt: number }>({ name: "nothing", handler: ({ sentAt }) => ran(sentAt) });

const app = defineApp({ name: "bench", features: [jobs([nothing])], observability: { logLevel: "error" } }).route(
  "POST",
  "/ledge",
  async (context) => {
    const { count } = (await context.request.json()) as { readonly count: number };
    await enqueueAll(
      context,
      nothing,
      Array.from({ length: count }, () => ({ input: { sentAt: Date.now() } })),
    );
    return { count };
  },
);

export const TableObject = tableObject(app, { jobs: migrations.jobs ?? [] });

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
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
