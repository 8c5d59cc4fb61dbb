/**
 * `job({ name, input, handler, … })`: work that is done later, again when it fails, on schedule, and recorded once. A definition is a value of the
 * application's code, listed in `jobs([…])`; mistakes in it are refused when the module loads.
 */

import type { JobPolicy } from "../../core/jobs/job-row.ts";
import { CATCH_UP, type CatchUp } from "../../core/jobs/schedule-row.ts";
import type { Json } from "../../core/json.ts";
import type { User } from "../../core/scope/principal.ts";
import type { StandardSchema } from "../../define/config.ts";
import { ConfigError, declaringFile } from "../../define/config-error.ts";
import { cronProblem } from "./cron.ts";
import type { JobContext } from "./job-context.ts";

export interface RetryOptions {
  /** Attempts in all. Default: 3. */
  readonly maxAttempts?: number;
  /** Default: `exponential`. */
  readonly backoff?: JobPolicy["backoff"];
  /** Wait before the second attempt. Default: 1 s. */
  readonly initialMs?: number;
  /** No wait is longer. Default: 60 s. */
  readonly capMs?: number;
  /** 0–1: how much of a wait is drawn by lot. Default: 0.2. */
  readonly jitter?: number;
  /** False: this error is final. Default: all are tried again. */
  readonly retryOn?: (error: unknown) => boolean;
}

export interface ScheduleOptions {
  /** Five or six fields, as `0 7 * * 1`; exactly one of `cron` and `everyMs`. */
  readonly cron?: string;
  readonly everyMs?: number;
  /** IANA name of the time zone that `cron` is read in. Default: UTC. */
  readonly timeZone?: string;
  /** What becomes of runs that were missed while nothing could run. Default: `skip`. */
  readonly catchUp?: CatchUp;
}

/** Any schema of the Standard Schema interface, with the type it gives. */
export interface InputSchema<Out> extends StandardSchema {
  readonly "~standard": StandardSchema["~standard"] & {
    readonly types?: { readonly input: unknown; readonly output: Out } | undefined;
  };
}

export interface JobOptions<In, Result> {
  /** `[a-z][a-z0-9-]*`, up to 64 characters; jobs that wait know their handler by it. */
  readonly name: string;
  /** Checked when the job is enqueued, and once more when it runs, perhaps under newer code. */
  readonly input?: InputSchema<In>;
  readonly retry?: RetryOptions;
  /** How many run at once, everywhere. Default: no limit. */
  readonly concurrency?: number;
  /** 0–100; of jobs that could run the higher one does. Default: 50. */
  readonly priority?: number;
  /** How long an attempt may take. Default: 5 minutes; at most 14, since the platform ends a queue's consumer after 15. */
  readonly timeoutMs?: number;
  /** How long a job that has ended is kept. Default: 24 hours. */
  readonly resultTtlMs?: number;
  /** Who may enqueue it over HTTP. Default: nobody; server code always may. */
  readonly enqueue?: "user" | ((user: User) => boolean);
  /** Runs of its own, with `input` as it stands here. */
  readonly schedule?: ScheduleOptions & { readonly input?: Json };
  readonly handler: (input: In, context: JobContext) => Result | Promise<Result>;
}

export interface Job<In = unknown, Result = unknown> {
  readonly kind: "job";
  readonly name: string;
  readonly options: JobOptions<In, Result>;
  readonly policy: JobPolicy;
  readonly file: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a handler takes its own input, so no other type holds every job
export type AnyJob = Job<any, any>;

const HOUR_MS = 3_600_000;
const MAX_TIMEOUT_MS = 840_000;
const YEAR_MS = 366 * 24 * HOUR_MS;
const MAX_CRON = 200;
export const DEFAULT_TIMEOUT_MS = 300_000;
export const DEFAULT_PRIORITY = 50;
const DEAD_TTL_MS = 30 * 24 * HOUR_MS;

/** What holds for jobs whose definition is gone. */
export const DEFAULT_POLICY: JobPolicy = {
  ...{ maxAttempts: 3, backoff: "exponential", initialMs: 1000, capMs: 60_000, jitter: 0.2 },
  ...{ resultTtlMs: 24 * HOUR_MS, deadTtlMs: DEAD_TTL_MS },
};

export function job<In = unknown, Result = unknown>(options: JobOptions<In, Result>): Job<In, Result> {
  const file = declaringFile(new Error().stack);
  const { name, retry = {}, concurrency = 1, priority = 0, timeoutMs = 1, resultTtlMs = 0, schedule } = options;
  const check = (holds: boolean, problem: string, mend: string) => {
    if (!holds) throw new ConfigError(null, file, `Job "${name}": ${problem}`, mend);
  };
  const { retryOn: _, ...told } = retry;
  const policy: JobPolicy = {
    ...DEFAULT_POLICY,
    ...told,
    ...(options.resultTtlMs === undefined ? {} : { resultTtlMs }),
  };
  check(isJobName(name), "the name is not valid", "Use [a-z][a-z0-9-]*, up to 64 characters.");
  check(isBetween(policy.maxAttempts, 1, 100), "retry.maxAttempts is not valid", "Give an integer from 1 to 100.");
  check(policy.initialMs >= 0 && policy.capMs >= 0, "a wait is below 0", "Mend retry.initialMs and retry.capMs.");
  check(policy.jitter >= 0 && policy.jitter <= 1, "retry.jitter is not valid", "Give a number from 0 to 1.");
  check(isBetween(concurrency, 1, 10_000), "concurrency is not valid", "Give an integer from 1, or leave it out.");
  check(isBetween(priority, 0, 100), "priority is not valid", "Give an integer from 0 to 100.");
  check(isBetween(timeoutMs, 1, MAX_TIMEOUT_MS), "timeoutMs is not valid", `Give ms up to ${MAX_TIMEOUT_MS}.`);
  check(resultTtlMs >= 0, "resultTtlMs is below 0", "Give ms from 0.");
  const problem = schedule === undefined ? null : scheduleProblem(schedule);
  check(problem === null, `the schedule ${problem}`, "Give `cron` with `timeZone`, or `everyMs`.");
  return { kind: "job", name, options, policy, file };
}

/** Why the schedule cannot be kept, or null. */
export function scheduleProblem({ cron, everyMs, timeZone, catchUp = "skip" }: ScheduleOptions): string | null {
  if ((cron === undefined) === (everyMs === undefined)) return "needs one of `cron` and `everyMs`";
  if (timeZone === "") return "has an empty `timeZone`";
  if (!CATCH_UP.includes(catchUp)) return `has a \`catchUp\` that is none of ${CATCH_UP}`;
  if (cron !== undefined)
    return cron.length > MAX_CRON ? `is longer than ${MAX_CRON} characters` : cronProblem(cron, timeZone ?? null);
  return isBetween(everyMs ?? 0, 1000, YEAR_MS)
    ? null
    : `has an \`everyMs\` that is no integer from 1000 to ${YEAR_MS}`;
}

export function isJobName(name: unknown): name is string {
  return typeof name === "string" && /^[a-z][a-z0-9-]{0,63}$/.test(name);
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
