/** What is asked for becomes a job to be stored: input checked by the definition's schema, options in their ranges. */

import { invalid, invalidField } from "../../core/fault.ts";
import type { NewJob } from "../../core/jobs/step-job.ts";
import type { Json } from "../../core/json.ts";
import { utf8Length } from "../../core/utf8-length.ts";
import type { StandardIssue, StandardResult } from "../../define/config.ts";
import { type AnyJob, DEFAULT_PRIORITY } from "./define-job.ts";

/** How long a job may wait: a year. */
const MAX_DELAY_MS = 366 * 86_400_000;
const MAX_INPUT_BYTES = 128 * 1024;
/** A key stands for its job at least so long. */
export const KEY_KEPT_MS = 24 * 3_600_000;

export interface EnqueueOptions {
  /** Wait before it may run; or the time (ms since 1970) from which it may. */
  readonly delayMs?: number;
  readonly atMs?: number;
  /** 0–100. Default: the definition's. */
  readonly priority?: number;
  /** Names the job within its definition: enqueued again within 24 hours it is the same job. */
  readonly key?: string;
}

export interface Asked {
  readonly id: string;
  readonly nowMs: number;
  readonly createdBy: string | null;
  /** The same may be asked again: its row stays for a day at least. */
  readonly isRepeatable: boolean;
}

/** The input has been checked. */
export function newJobOf(job: AnyJob, input: Json, options: EnqueueOptions, asked: Asked): NewJob {
  const { delayMs = 0, atMs = asked.nowMs + delayMs, priority = job.options.priority ?? DEFAULT_PRIORITY } = options;
  if (!Number.isInteger(priority) || priority < 0 || priority > 100)
    throw invalidField("priority", `is ${priority}: must be an integer from 0 to 100`, "range");
  if (!Number.isFinite(atMs) || atMs - asked.nowMs > MAX_DELAY_MS)
    throw invalidField("dueAt", "must be a time within a year", "range");
  const bytes = utf8Length(JSON.stringify(input));
  if (bytes > MAX_INPUT_BYTES)
    throw invalidField(
      "input",
      `has ${bytes} bytes, limit is ${MAX_INPUT_BYTES}: store it, and pass its id`,
      "too-large",
    );
  const { id, nowMs, createdBy, isRepeatable } = asked;
  return {
    ...{ id, name: job.name, input, priority, createdBy, scheduleId: null },
    dueAtMs: Math.trunc(atMs),
    keepUntilMs: isRepeatable ? nowMs + KEY_KEPT_MS : null,
  };
}

/** The input as it is stored: what was given, once the schema has taken it. */
export async function checkedInput(job: AnyJob, given: unknown): Promise<Json> {
  return taken(given, await job.options.input?.["~standard"].validate(given));
}

/** The same in a transaction, where nothing can wait. */
export function checkedInputNow(job: AnyJob, given: unknown): Json {
  const checked = job.options.input?.["~standard"].validate(given);
  if (checked instanceof Promise)
    throw new TypeError(
      `The schema of job "${job.name}" is asynchronous: enqueue it outside of a transaction's callback`,
    );
  return taken(given, checked);
}

/** What the schema makes of a stored input; throws a `Fault` where the input does not fit any more. */
export async function parsedInput(job: AnyJob, stored: Json): Promise<unknown> {
  const checked = await job.options.input?.["~standard"].validate(stored);
  if (checked === undefined) return stored;
  if (checked.issues !== undefined) throw refused(checked.issues);
  return checked.value;
}

function taken(given: unknown, checked: StandardResult | undefined): Json {
  if (checked?.issues !== undefined) throw refused(checked.issues);
  return JSON.parse(JSON.stringify(given ?? null)) as Json;
}

function refused(issues: readonly StandardIssue[]) {
  return invalid(
    issues.map(({ message, path = [] }) => ({
      field: ["input", ...path.map((part) => String(typeof part === "object" ? part.key : part))].join("."),
      message,
    })),
  );
}
