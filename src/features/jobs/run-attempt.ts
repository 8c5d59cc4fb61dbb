/**
 * One attempt of a job: its handler, signs of life while it runs, an end when it takes too long, is cancelled or has lost the job. Says how it
 * ended; null where that is recorded already, or does not count.
 */

import { Fault } from "../../core/fault.ts";
import { finishOf, type HandlerEnd } from "../../core/jobs/handler-turn.ts";
import type { JobRow } from "../../core/jobs/job-row.ts";
import type { Finish } from "../../core/jobs/job-turns.ts";
import type { Json } from "../../core/json.ts";
import { errorFields, type Logger } from "../../core/log.ts";
import type { FeaturePlace } from "../../edge/app-options.ts";
import { isDevelopment } from "../../edge/env.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import { asResult } from "./as-result.ts";
import { completeWith } from "./complete-with.ts";
import { type AnyJob, DEFAULT_TIMEOUT_MS } from "./define-job.ts";
import { type JobContext, NoRetry, TryAgain } from "./job-context.ts";
import type { JobsPlace } from "./jobs-object.ts";
import { keepAlive } from "./keep-alive.ts";
import { parsedInput } from "./new-job.ts";
import { hostOf, type JobsRuntime } from "./runtime.ts";

const MAX_ERROR_CHARACTERS = 500;

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
  const life = keepAlive(object, row, runtime.leaseMs, controller);
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
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = job.options;
  const timer = setTimeout(() => controller.abort(new TookTooLong(timeoutMs)), timeoutMs);
  let end: HandlerEnd;
  try {
    const value = await Promise.race([handle(job, row.input, context), whenAborted(controller.signal)]);
    end = { kind: "returned", ...asResult(value) };
  } catch (error) {
    if (!isRecorded && !life.isStale())
      server.log.warn("an attempt of a job failed", { job: row.name, id, attempt, ...errorFields(error) });
    const { options } = server[ORIGIN].exchange.edge;
    // Who enqueued a job sees its error, as the caller of a request does: of a defect no more than that it was one.
    const isShown = row.createdBy === null || (options.debug ?? isDevelopment(place.env));
    end = { kind: "threw", error: textOf(error, isShown), isFinal: isFinal(job, error, server.log) };
  } finally {
    clearTimeout(timer);
    life.end();
    // Work that the handler has begun and not awaited is to stop, too.
    controller.abort();
  }
  return finishOf(row, end, { isRecorded, isStale: life.isStale() });
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

/** Errors whose texts are meant to be read. */
const SAID = [NoRetry, TryAgain, TookTooLong, Fault];

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

function isFinal({ name, options }: AnyJob, error: unknown, log: Logger): boolean {
  if (error instanceof NoRetry) return true;
  if (error instanceof TookTooLong) return false;
  try {
    return options.retry?.retryOn?.(error) === false;
  } catch (defect) {
    // It cannot say, so the attempt is one like any other; thrown on, it would leave the job to the end of its lease.
    log.error("retryOn of a job threw", { job: name, ...errorFields(defect) });
    return false;
  }
}

function textOf(error: unknown, isShown: boolean): string {
  const isSaid = SAID.some((kind) => error instanceof kind);
  if (!isShown && !isSaid) return "The handler failed; the log has its error under the id of the job";
  return (error instanceof Error ? error.message : String(error)).slice(0, MAX_ERROR_CHARACTERS);
}
