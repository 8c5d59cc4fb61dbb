/**
 * How server code enqueues: from a route, a procedure or another job with `enqueue`; inside a transaction or `onWrite` with `enqueueWith`, where the
 * job comes with the commit and exactly when it commits.
 */

import { uuidv7 } from "../../core/ids.ts";
import type { JobRow } from "../../core/jobs/job-row.ts";
import type { NewJob } from "../../core/jobs/step-job.ts";
import type { JsonObject } from "../../core/json.ts";
import type { EffectHandler } from "../../define/app.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { ORIGIN, type ServerContext } from "../../edge/transaction/server-context.ts";
import { callHandlers } from "./call-handlers.ts";
import type { AnyJob, Job } from "./define-job.ts";
import { jobIdOf } from "./job-id.ts";
import { askJobs } from "./jobs-object.ts";
import { checkedInput, checkedInputNow, type EnqueueOptions, newJobOf } from "./new-job.ts";
import { type JobsRuntime, requireJob, runtimeOf, runtimeOfJob } from "./runtime.ts";

export const ENQUEUE = "jobs.enqueue";

/** Enqueues one job and gives its row; a job known by its `key` is given as it stands. */
export async function enqueue<In>(
  context: Pick<ServerContext, typeof ORIGIN>,
  job: Job<In, unknown>,
  input: NoInfer<In>,
  options: EnqueueOptions = {},
): Promise<JobRow> {
  const [row] = await enqueueAll(context, job, [{ input, options }]);
  return row as JobRow;
}

/** Several jobs of one definition in one commit. */
export async function enqueueAll<In>(
  context: Pick<ServerContext, typeof ORIGIN>,
  job: Job<In, unknown>,
  items: readonly { readonly input: NoInfer<In>; readonly options?: EnqueueOptions }[],
): Promise<readonly JobRow[]> {
  const runtime = runtimeOf(context);
  requireJob(runtime, job as AnyJob);
  const { exchange } = context[ORIGIN];
  const { env, principal, lifetime, edge } = exchange;
  const nowMs = Date.now();
  const createdBy = principal.kind === "user" ? principal.id : null;
  const asked: NewJob[] = [];
  for (const { input, options = {} } of items) {
    const { key } = options;
    const id = key === undefined ? mintId(nowMs) : await jobIdOf("key", job.name, key);
    const checked = await checkedInput(job as AnyJob, input);
    asked.push(newJobOf(job as AnyJob, checked, options, { id, nowMs, createdBy, isRepeatable: key !== undefined }));
  }
  const { jobs, due } = await askJobs({ env, app: edge.definition.name, principal }, "jobs.enqueue", { jobs: asked });
  if (due > 0) await callHandlers(runtime, { env, lifetime }, due).catch(() => undefined);
  return jobs;
}

/** The part of a transaction that enqueueing needs: `tx` of a callback, or of `onWrite`. */
export interface Enqueuing {
  readonly now: number;
  readonly user: { readonly kind: "anonymous" } | { readonly kind: "user"; readonly id: string };
  newId(): string;
  effect(name: string, payload: never): void;
}

/** Enqueues with the commit of a transaction. Gives the id of the job; null where its `key` decides on that. */
export function enqueueWith<In>(
  tx: Enqueuing,
  job: Job<In, unknown>,
  input: NoInfer<In>,
  options: EnqueueOptions = {},
): string | null {
  // Nobody else would run it.
  runtimeOfJob(job as AnyJob);
  const id = tx.newId();
  const createdBy = tx.user.kind === "user" ? tx.user.id : null;
  const asked = { id, nowMs: tx.now, createdBy, isRepeatable: true };
  const wanted = newJobOf(job as AnyJob, checkedInputNow(job as AnyJob, input), options, asked);
  const { key } = options;
  tx.effect(ENQUEUE, { job: wanted, key: key ?? null } satisfies EnqueuePayload as unknown as never);
  return key === undefined ? id : null;
}

interface EnqueuePayload {
  readonly job: NewJob;
  readonly key: string | null;
}

/** The effect that `enqueueWith` leaves. May run any number of times: the job is known by its id. */
export function enqueueEffect(runtime: JobsRuntime): EffectHandler {
  return async (payload, { env, object }) => {
    const { job, key } = payload as unknown as EnqueuePayload;
    const id = key === null ? job.id : await jobIdOf("key", job.name, key);
    await enqueueFor(runtime, env as LedgeEnv, appOf(object), { ...job, id });
  };
}

/** The effect under the name of a job: `tx.effect("welcome-mail", input)`, `effects: () => [{ task, input }]`. */
export function namedEffect(runtime: JobsRuntime, job: AnyJob): EffectHandler {
  return async (payload, { env, object, key, epoch }) => {
    const id = await jobIdOf("effect", epoch, key);
    const asked = { id, nowMs: Date.now(), createdBy: null, isRepeatable: true };
    const wanted = newJobOf(job, await checkedInput(job, payload as JsonObject), {}, asked);
    await enqueueFor(runtime, env as LedgeEnv, appOf(object), wanted);
  };
}

/** For effects and hooks, which run in an object. May be called any number of times: the job is known by its id. */
export async function enqueueFor(runtime: JobsRuntime, env: LedgeEnv, app: string, job: NewJob): Promise<void> {
  const { due } = await askJobs({ env, app }, "jobs.enqueue", { jobs: [job] });
  // Where this fails the effect must not: the job is stored, and the pulse calls.
  if (due > 0) await callHandlers(runtime, { env, lifetime: DETACHED }, due).catch(() => undefined);
}

/** Inside an object nothing has to be kept alive; what dies with it is found by the alarm. */
export const DETACHED = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };

/** `t/<app>/…` */
export function appOf(object: string): string {
  return object.split("/")[1] ?? "";
}

function mintId(nowMs: number): string {
  return uuidv7(nowMs, crypto.getRandomValues(new Uint8Array(10)));
}
