/** The application of the crash test of jobs: handlers that record with their end, in another object, and that fail or hang now and then. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";
import { job, jobs } from "ledge/jobs";

export const entries = resource(
  sqliteTable("entries", { id: text("id").primaryKey(), jobId: text("job_id").notNull(), by: text("by").notNull() }),
  { ...fullyPublic(), pagination: { maxLimit: 1000 } },
);

/** What becomes of an attempt follows from its job and number, so that a run after a kill differs. */
const recording = job({
  name: "recording",
  enqueue: "user",
  concurrency: 4,
  retry: { maxAttempts: 50, initialMs: 20, capMs: 200 },
  async handler(_, { id, attempt, complete }) {
    const roll = Number.parseInt(id.slice(-2), 16) + attempt * 37;
    await new Promise((resolve) => setTimeout(resolve, roll % 60));
    if (roll % 7 === 0) throw new Error("now and then");
    await complete(async (tx) => {
      tx.table("entries").create({ jobId: id, by: `#${attempt}` });
      return attempt;
    });
  },
});

const ticking = job({
  name: "ticking",
  retry: { maxAttempts: 50, initialMs: 20 },
  schedule: { everyMs: 1000, catchUp: "all" },
  resultTtlMs: 3_600_000,
  handler: () => "tick",
});

export const app = defineApp({
  name: "crashing",
  resources: [entries],
  features: [jobs([recording, ticking], { leaseMs: 1500, pulseMs: 2000 })],
});
