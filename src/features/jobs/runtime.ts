/** What one application's jobs share in a Worker: its definitions by name, and how their handlers reach the application. Made by `jobs([…])`. */

import type { JobPolicy } from "../../core/jobs/job-row.ts";
import type { Feature, FeatureHost } from "../../edge/app-options.ts";
import { ORIGIN, type ServerContext } from "../../edge/transaction/server-context.ts";
import type { AnyJob } from "./define-job.ts";

export interface JobsRuntime {
  readonly jobs: ReadonlyMap<string, AnyJob>;
  readonly policies: ReadonlyMap<string, JobPolicy>;
  /** How long an attempt holds its job without a sign of life. */
  readonly leaseMs: number;
  /** While jobs are in line, handlers are called again after so long. */
  readonly pulseMs: number;
  /** Set when the application is made. */
  host: FeatureHost | null;
}

const runtimes = new WeakMap<Feature, JobsRuntime>();
const byJob = new WeakMap<AnyJob, JobsRuntime>();

export function keepRuntime(feature: Feature, runtime: JobsRuntime): Feature {
  runtimes.set(feature, runtime);
  for (const job of runtime.jobs.values()) byJob.set(job, runtime);
  return feature;
}

/** Of the application that lists the job; where hooks have no context that says. */
export function runtimeOfJob(job: AnyJob): JobsRuntime {
  const runtime = byJob.get(job);
  if (runtime === undefined) throw new TypeError(`Job "${job.name}" is in no list of jobs([…])`);
  return runtime;
}

/** That of the application whose code has this context. */
export function runtimeOf(context: Pick<ServerContext, typeof ORIGIN>): JobsRuntime {
  for (const feature of context[ORIGIN].exchange.edge.options.features ?? []) {
    const runtime = runtimes.get(feature);
    if (runtime !== undefined) return runtime;
  }
  throw new TypeError("The application has no jobs: add features: [jobs([…])] to defineApp");
}

export function hostOf(runtime: JobsRuntime): FeatureHost {
  if (runtime.host === null) throw new TypeError("jobs([…]) belongs to no application yet");
  return runtime.host;
}

/** The definition, which has to be in the application's list: nobody else would run it. */
export function requireJob(runtime: JobsRuntime, job: AnyJob): void {
  if (runtime.jobs.get(job.name) !== job) throw new TypeError(`Job "${job.name}" is not in the list of jobs([…])`);
}
