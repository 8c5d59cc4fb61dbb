/**
 * The resources of jobs: who may see them, and what creating a row over HTTP means. A row that is posted to `/api/jobs` is a job to be
 * enqueued: its definition says by whom, its schema what with. All other writes are the scheduler's.
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { keepPulse } from "../../core/jobs/job-turns.ts";
import { newJob } from "../../core/jobs/step-job.ts";
import { wakeJobs, wakeSchedules } from "../../core/jobs/wake-jobs.ts";
import { eq } from "../../core/query/build.ts";
import { isAdmin, type User } from "../../core/scope/principal.ts";
import type { ColumnFlags, ResourceConfig, ScopeRules } from "../../define/config.ts";
import type { HookContext } from "../../define/hooks.ts";
import { type AnyResource, ledgeResource } from "../../define/resource.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { callHandlers } from "./call-handlers.ts";
import type { AnyJob } from "./define-job.ts";
import { jobColumns, readJob, readSchedule } from "./job-columns.ts";
import { checkedInput, newJobOf } from "./new-job.ts";
import { objectPort } from "./object-port.ts";
import { wakeControls } from "./procedures.ts";
import type { JobsRuntime } from "./runtime.ts";
import { controlsTable, JOBS_GROUP, jobsTable, schedulesTable } from "./tables.ts";

/** What a handler reads of its own job (`complete-with.ts`) may not be so. */
const HIDDEN: ColumnFlags = { returned: false, input: false };

/** Whoever enqueued a job sees and cancels it; administrators all. */
const OWN_JOBS: ScopeRules = {
  read: (user) => isAdmin(user) || eq("createdBy", user.id),
  subscribe: (user) => isAdmin(user) || eq("createdBy", user.id),
  update: (user) => isAdmin(user) || eq("createdBy", user.id),
  create: "*",
};
const ADMINISTRATORS: ScopeRules = { read: isAdmin, subscribe: isAdmin };
const READ_ONLY = { create: false, update: false, delete: false, batch: false };

export function jobTables(runtime: JobsRuntime, scopes: ScopeRules = {}): AnyResource[] {
  const jobs = ledgeResource(jobsTable, {
    group: JOBS_GROUP,
    auth: { ...OWN_JOBS, ...scopes },
    capabilities: { ...READ_ONLY, create: true },
    fields: { writable: ["name", "input", "priority", "dueAt"] },
    columns: { place: HIDDEN, wakeAt: HIDDEN },
    hooks: {
      onBeforeCreate: (context, draft) => enqueued(runtime, context, draft) as never,
      onWrite(tx, { op, after }) {
        if (op === "create" && after?.state === "pending") keepPulse(objectPort(tx, runtime));
      },
      onAfterCreate: async ({ after }, { env }) => {
        if (after?.state !== "pending") return;
        // The hook runs beside the reply, which lives as long as what it returns.
        const begun: Promise<unknown>[] = [];
        const lifetime = { waitUntil: (promise: Promise<unknown>) => void begun.push(promise) };
        await callHandlers(runtime, { env: env as LedgeEnv, lifetime }, 1);
        await Promise.all(begun);
      },
    },
    wake: { at: "wakeAt", run: (tx, rows) => wakeJobs(objectPort(tx, runtime), rows.map(readJob)) },
  } as ResourceConfig<typeof jobsTable>);
  const schedules = ledgeResource(schedulesTable, {
    group: JOBS_GROUP,
    id: "text",
    auth: ADMINISTRATORS,
    capabilities: READ_ONLY,
    columns: { wakeAt: HIDDEN },
    computed: {
      nextAt: ({ wakeAt }) => (typeof wakeAt === "number" ? new Date(wakeAt).toISOString() : null),
    },
    wake: { at: "wakeAt", run: (tx, rows) => wakeSchedules(objectPort(tx, runtime), rows.map(readSchedule)) },
  });
  const controls = ledgeResource(controlsTable, {
    group: JOBS_GROUP,
    id: "text",
    auth: ADMINISTRATORS,
    capabilities: READ_ONLY,
    columns: { wakeAt: HIDDEN },
    wake: { at: "wakeAt", run: (tx, rows) => wakeControls(objectPort(tx, runtime), rows) },
  });
  return [jobs, schedules, controls] as unknown as AnyResource[];
}

type Draft = Readonly<Record<string, unknown>>;

async function enqueued(runtime: JobsRuntime, { user, now }: HookContext, draft: Draft) {
  const job = runtime.jobs.get(String(draft.name));
  // One that may not be enqueued is not told apart from one that is not there.
  if (job === undefined || user.kind === "anonymous" || !mayEnqueue(job, user))
    throw job === undefined || user.kind === "anonymous"
      ? invalidField("name", "is no job that may be enqueued here", "unknown")
      : new Fault({ slug: "forbidden", operation: "create" });
  const { id, input = null, priority, dueAt } = draft;
  const options = {
    ...(typeof priority === "number" ? { priority } : {}),
    ...(typeof dueAt === "string" ? { atMs: Date.parse(dueAt) } : {}),
  };
  const asked = { id: String(id), nowMs: now, createdBy: user.id, isRepeatable: true };
  return jobColumns(newJob(newJobOf(job, await checkedInput(job, input), options, asked), now));
}

function mayEnqueue({ options: { enqueue } }: AnyJob, user: User): boolean {
  return enqueue === "user" || (typeof enqueue === "function" && enqueue(user));
}
