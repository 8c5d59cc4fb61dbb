/**
 * One attempt of a job: its handler, signs of life while it runs, an end when it takes too long, is cancelled or has lost the job. Says how it
 * ended; null where that is recorded already, or does not count.
 */

import type { JobRow } from "../../core/jobs/job-row.ts";
import type { Finish } from "../../core/jobs/job-turns.ts";
import type { Beat, Outcome } from "../../core/jobs/step-job.ts";
import type { Json } from "../../core/json.ts";
import { errorFields } from "../../core/log.ts";
import type { FeaturePlace } from "../../edge/app-options.ts";
import { completeWith } from "./complete-with.ts";
import { type AnyJob, DEFAULT_TIMEOUT_MS } from "./define-job.ts";
import { type JobContext, NoRetry } from "./job-context.ts";
import { askJobs, type JobsPlace } from "./jobs-object.ts";
import { parsedInput } from "./new-job.ts";
import { hostOf, type JobsRuntime } from "./runtime.ts";

/** Progress is written no more often. */
const PROGRESS_EVERY_MS = 1000;
const MAX_ERROR_CHARACTERS = 500;
const MAX_NOTE_CHARACTERS = 200;

export async function runAttempt(
  runtime: JobsRuntime,
  place: FeaturePlace,
  object: JobsPlace,
  row: JobRow,
): Promise<Finish | null> {
  const job = runtime.jobs.get(row.name);
  if (job === undefined) throw new Error(`no job is called "${row.name}"`);
  const { id, attempt } = row;
  const server = hostOf(runtime).server(place, `jobs/${row.name}`).asSystem(`job ${row.name}`);
  const controller = new AbortController();
  const life = signsOfLife(object, row, runtime.leaseMs, controller);
  let isRecorded = false;
  const context: JobContext = {
    ...{ id, name: row.name, attempt, createdBy: row.createdBy },
    idempotencyKey: id,
    signal: controller.signal,
    env: place.env,
    log: server.log,
    server,
    reportProgress: life.report,
    heartbeat: life.beat,
    async complete(callback) {
      const value = await completeWith(server, job, { id, attempt }, callback);
      isRecorded = true;
      return value;
    },
  };
  const timer = setTimeout(
    () => controller.abort(new TookTooLong(job.options.timeoutMs ?? DEFAULT_TIMEOUT_MS)),
    job.options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  );
  try {
    const result = await Promise.race([handle(job, row.input, context), whenAborted(controller.signal)]);
    return isRecorded ? null : { id, attempt, outcome: { kind: "completed", result: asJson(result) } };
  } catch (error) {
    if (isRecorded || life.isStale()) return null;
    server.log.warn("an attempt of a job failed", { job: row.name, id, attempt, ...errorFields(error) });
    return { id, attempt, outcome: failure(job, error) };
  } finally {
    clearTimeout(timer);
    life.end();
    // Work that the handler has begun and not awaited is to stop, too.
    controller.abort(new Error("the attempt has ended"));
  }
}

async function handle(job: AnyJob, input: Json, context: JobContext): Promise<unknown> {
  let parsed: unknown;
  try {
    parsed = await parsedInput(job, input);
  } catch (error) {
    throw new NoRetry("The input does not fit the job any more", { cause: error });
  }
  return job.options.handler(parsed, context);
}

class TookTooLong extends Error {
  constructor(timeoutMs: number) {
    super(`The attempt took longer than ${timeoutMs} ms`);
  }
}

/** The job was cancelled, or another attempt has it. */
class Stopped extends Error {}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

function failure(job: AnyJob, error: unknown): Outcome {
  const { retryOn } = job.options.retry ?? {};
  const mayRetry = !(error instanceof NoRetry) && (error instanceof TookTooLong || (retryOn?.(error) ?? true));
  const text = error instanceof Error ? error.message : String(error);
  return { kind: "failed", error: text.slice(0, MAX_ERROR_CHARACTERS), mayRetry };
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}

/** Renews the lease three times as often as it would end, and carries progress along. */
function signsOfLife(object: JobsPlace, { id, attempt }: JobRow, leaseMs: number, controller: AbortController) {
  let told: Pick<Beat, "progress" | "note"> | null = null;
  let lastMs = 0;
  let isStale = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let sending: Promise<void> | null = null;

  const send = async () => {
    if (timer !== null) clearTimeout(timer);
    const { progress = null, note = null } = told ?? {};
    told = null;
    lastMs = Date.now();
    try {
      const heard = await askJobs(object, "jobs.beat", { id, attempt, leaseMs, progress, note });
      isStale = heard.isStale;
      if (heard.isStale || heard.isCancelled) controller.abort(new Stopped(heard.isStale ? "taken over" : "cancelled"));
    } catch {
      // The next one may get through before the lease ends.
    }
    if (!controller.signal.aborted) plan();
  };
  const beat = (): Promise<void> => {
    sending ??= send().finally(() => {
      sending = null;
    });
    return sending;
  };
  const plan = () => {
    if (timer !== null) clearTimeout(timer);
    const waitMs = told === null ? leaseMs / 3 : Math.max(0, lastMs + PROGRESS_EVERY_MS - Date.now());
    timer = setTimeout(() => void beat(), waitMs);
  };
  plan();
  return {
    beat,
    report(percent: number, note?: string) {
      if (controller.signal.aborted) return;
      const progress = Math.min(100, Math.max(0, Math.round(percent)));
      told = { progress: Number.isNaN(progress) ? 0 : progress, note: note?.slice(0, MAX_NOTE_CHARACTERS) ?? null };
      if (sending === null) plan();
    },
    isStale: () => isStale,
    end() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
