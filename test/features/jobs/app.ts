/** Jobs of every kind, for the tests of the feature, with a table that they write to and one whose hook enqueues. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { composeHooks, defineApp, fullyPublic, resource } from "ledge";
import {
  type DeadLetter,
  enqueue,
  enqueueWith,
  job,
  jobs,
  NoRetry,
  type Notification,
  notifyHooks,
  pauseSchedule,
  type RecurringOptions,
  removeSchedule,
  resumeSchedule,
  scheduleRecurring,
  TryAgain,
  taskTriggers,
  webhook,
} from "ledge/jobs";
import * as z from "zod";
import { migrations as board } from "../../../migrations/migrations.ts";

/** What handlers and hooks saw. */
export const seen: string[] = [];
export const dead: DeadLetter[] = [];
/** Handlers that wait do so until they are let go. */
export const held = new Set<string>();
export const released = new Set<string>();

async function hold(name: string, signal: AbortSignal): Promise<void> {
  held.add(name);
  // Asked again and again: a promise of another object's context could not be waited for.
  while (!released.has(name)) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const add = job({
  name: "add",
  input: z.object({ a: z.number(), b: z.number() }),
  enqueue: "user",
  handler: ({ a, b }, { attempt }) => {
    seen.push(`add ${a}+${b} #${attempt}`);
    return { sum: a + b };
  },
});

/** Fails so many times, then succeeds. */
export const shaky = job({
  name: "shaky",
  input: z.object({ failures: z.number(), final: z.boolean().optional() }),
  retry: {
    ...{ maxAttempts: 3, initialMs: 1, jitter: 0 },
    retryOn(error) {
      if (String(error).includes("unforeseen")) throw new Error("retryOn is broken");
      return !String(error).includes("final");
    },
  },
  handler({ failures, final }, { attempt }) {
    seen.push(`shaky #${attempt}`);
    if (final === true) throw new NoRetry("no use");
    if (failures === 99) throw new Error("unforeseen");
    if (attempt <= failures) throw new Error(attempt === 2 && failures === 7 ? "final" : "not yet");
    return attempt;
  },
});

/** Fails as code does that nobody foresaw, or gives back more than a row holds. */
export const broken = job({
  name: "broken",
  input: z.object({ bytes: z.number().optional(), isSaid: z.boolean().optional() }),
  retry: { maxAttempts: 2, initialMs: 1, jitter: 0 },
  enqueue: "user",
  handler({ bytes, isSaid }) {
    if (bytes !== undefined) return "x".repeat(bytes);
    if (isSaid === true) throw new TryAgain("the partner answers 503");
    throw new Error("connect to 10.1.2.3 with password hunter2");
  },
});

/** Takes what tables with `notify` tell. */
export const messages: Notification[] = [];
export const told = job<Notification>({ name: "told", handler: (message) => void messages.push(message) });

/** Its schedule stands in the code. */
export const nightly = job({ name: "nightly", schedule: { cron: "0 3 * * *" }, handler: () => "night" });

/** Writes a note with its end; dies before or after that when told to. */
export const noting = job({
  name: "noting",
  // One that is completed with its writes makes room for the next, too.
  concurrency: 1,
  input: z.object({ text: z.string(), failAfter: z.boolean().optional(), stuck: z.boolean().optional() }),
  retry: { initialMs: 1, jitter: 0 },
  async handler({ text, failAfter, stuck }, { complete, attempt, id }) {
    seen.push(`noting #${attempt}`);
    if (stuck === true && attempt === 1) await hold(id, new AbortController().signal);
    await complete(async (tx) => {
      tx.table("notes").create({ text: `${text} #${attempt}` });
      return { text };
    });
    if (failAfter === true) throw new Error("after its end");
  },
});

export const slow = job({
  name: "slow",
  input: z.object({ label: z.string() }),
  concurrency: 2,
  enqueue: ({ roles }) => roles.includes("boss"),
  async handler({ label }, { reportProgress, signal, heartbeat }) {
    seen.push(`slow ${label}`);
    reportProgress(40, "half way, nearly");
    await heartbeat();
    await hold(label, signal);
    return label;
  },
});

/** What was posted to the outside, and what the outside answers to the next. */
export const posted: { readonly url: string; readonly headers: Headers; readonly body: string }[] = [];
export const answers: number[] = [];
export const addresses = new Map<string, readonly string[]>();
export const SECRET = `whsec_${btoa("a".repeat(32))}`;

export const hook = webhook<Notification>({
  name: "hook",
  url: "https://example.com/hook",
  secret: () => `${SECRET} whsec_${btoa("b".repeat(32))}`,
  retry: { maxAttempts: 2, initialMs: 1, jitter: 0 },
  ports: {
    resolve: async (host) => addresses.get(host) ?? ["93.184.216.34"],
    async fetch(url, { headers, body, redirect }) {
      posted.push({ url, headers: new Headers(headers), body: String(body) });
      const status = answers.shift() ?? 204;
      if (redirect !== "manual") throw new Error("redirects would be followed");
      return new Response(null, { status, headers: status === 302 ? { location: "http://169.254.169.254/" } : {} });
    },
  },
});

export const calling = webhook({
  name: "calling",
  url: (message) => (message as { readonly url: string }).url,
  secret: () => SECRET,
  retry: { maxAttempts: 1 },
  ports: {
    resolve: async (host) => addresses.get(host) ?? [],
    async fetch(url) {
      posted.push({ url, headers: new Headers(), body: "" });
      return new Response(null);
    },
  },
});

export const notes = resource(sqliteTable("notes", { id: text("id").primaryKey(), text: text("text").notNull() }), {
  ...fullyPublic(),
  hooks: composeHooks(
    notifyHooks(hook, { actions: ["update", "delete"] }),
    taskTriggers<{ readonly id: string; readonly text: string }>({
      onUpdate: [
        {
          job: add,
          when: ({ text: now }, before) => now.startsWith("sum ") && before?.text !== now,
          transform: ({ text: now }) => ({ a: Number(now.slice(4)), b: 0 }),
        },
      ],
    }),
  ),
});

export const orders = resource(
  sqliteTable("orders", { id: text("id").primaryKey(), total: integer("total").notNull() }),
  {
    ...fullyPublic(),
    notify: ["create", "delete"],
    hooks: {
      onWrite(tx, { op, after }) {
        if (op !== "create") return;
        enqueueWith(tx, add, { a: after?.total ?? 0, b: 1 });
        if (after?.total === 13) throw new Error("rolled back");
      },
    },
  },
);

export const app = defineApp({
  name: "test",
  resources: [notes, orders],
  features: [
    jobs([add, shaky, noting, slow, hook, calling, broken, nightly, told], {
      notify: told,
      leaseMs: 600,
      onDlqEnqueue: (letter) => void dead.push(letter),
    }),
  ],
  transactions: { http: true },
  // As in production: what a defect says is for the log alone.
  debug: false,
})
  .route("POST", "/schedules", async (context) => {
    const { input = { a: 1, b: 1 }, ...options } = (await context.request.json()) as RecurringOptions & {
      readonly input?: { readonly a: number; readonly b: number };
    };
    return { id: await scheduleRecurring(context, add, input, options) };
  })
  .route("POST", "/schedules/:id/:verb", async (context) => {
    const act = { pause: pauseSchedule, resume: resumeSchedule, remove: removeSchedule }[
      context.params.verb as "pause"
    ];
    return { isThere: await act(context, context.params.id as string) };
  })
  .route("POST", "/enqueue/:name", async (context) => {
    const { input, ...options } = (await context.request.json()) as { input: never };
    const found = { add, shaky, noting, slow, calling, broken }[context.params.name as "add"];
    return enqueue(context, found, input, options);
  })
  .route("POST", "/order", (context) =>
    context.asSystem("test").transaction(async (tx) => {
      tx.table("orders").create({ total: 1 });
      // Later than the transaction began.
      await new Promise((resolve) => setTimeout(resolve, 20));
      tx.effect("add", { a: 20, b: 22 });
      return { id: enqueueWith(tx, add, { a: 1, b: 2 }, { delayMs: 3_600_000 }) };
    }),
  );

const table = (name: string, columns: string) => [
  {
    tag: "0000_table",
    sql: `CREATE TABLE ${name} (id text PRIMARY KEY NOT NULL, ${columns} NOT NULL, _version integer DEFAULT 0 NOT NULL)`,
  },
];

export const migrations = {
  jobs: board.jobs ?? [],
  notes: table("notes", "text text"),
  orders: table("orders", "total integer"),
};
