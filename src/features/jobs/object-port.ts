/** The port of the jobs' turns over the transaction of their object: rows through the tables, what is left for after the commit as its effects. */

import type { JobRow } from "../../core/jobs/job-row.ts";
import type { JobsPort } from "../../core/jobs/jobs-port.ts";
import { everyRun } from "../../core/jobs/plan-runs.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ObjectTransaction } from "../../define/hooks.ts";
import { cronRun } from "./cron.ts";
import { DEFAULT_POLICY } from "./define-job.ts";
import { changedColumns, jobColumns, readJob, readSchedule, scheduleColumns } from "./job-columns.ts";
import type { JobsRuntime } from "./runtime.ts";

/** Names of the feature's effects. */
export const CALL_HANDLERS = "jobs.call-handlers";
export const TELL_DEAD = "jobs.tell-dead";

/** Rows of `job_controls` that no job is named after. */
export const ALL = "_all";
export const PULSE = "_pulse";

export function objectPort(
  tx: ObjectTransaction,
  { policies, pulseMs }: Pick<JobsRuntime, "policies" | "pulseMs">,
): JobsPort {
  const control = (id: string) => tx.get("job_controls", id);
  const paused = () => tx.find("job_controls", "isPaused==true").map(({ id }) => String(id));
  const waiting = (limit: number, known = "") => {
    const names = paused();
    if (names.includes(ALL)) return 0;
    const others = names.map((name) => `;name!=${JSON.stringify(name)}`).join("");
    return tx.count("jobs", `place>=0${known}${others}`, { limit });
  };
  const names = [...policies.keys()].sort().map((name) => JSON.stringify(name));
  return {
    nowMs: tx.now,
    pulseMs,
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    newId: () => tx.newId(),
    find(id) {
      const row = tx.get("jobs", id);
      return row === null ? null : readJob(row);
    },
    insert: (job) => void tx.create("jobs", jobColumns(job)),
    update: (before, after) => void tx.update("jobs", before.id, changedColumns(before, after)),
    remove: (job) => tx.delete("jobs", job.id),
    first(name) {
      const [row] = tx.find("jobs", `name==${JSON.stringify(name)};place>=0`, { limit: 1, orderBy: "place" });
      return row === undefined ? null : readJob(row);
    },
    running: (name) => tx.count("jobs", `name==${JSON.stringify(name)};place<0`),
    waiting: (limit) => waiting(limit),
    waitingKnown: (limit) => (names.length === 0 ? 0 : waiting(limit, `;name=in=(${names.join()})`)),
    // What lies between the known names, each a piece of the index: however many of those are in line, they are not read.
    strays: (limit) =>
      ["", ...names].flatMap((name, at) => {
        const [above, below] = [name && `;name>${name}`, at < names.length ? `;name<${names[at]}` : ""];
        return tx.find("jobs", `place>=0${above}${below}`, { limit, orderBy: "place" }).map(readJob);
      }),
    isKnown: (name) => policies.has(name),
    policyOf: (name) => policies.get(name) ?? DEFAULT_POLICY,
    isPaused: (name) => control(ALL)?.isPaused === true || control(name)?.isPaused === true,
    pulseAtMs() {
      const at = control(PULSE)?.wakeAt;
      return typeof at === "number" ? at : null;
    },
    setPulse(atMs) {
      if (control(PULSE) === null) tx.create("job_controls", { id: PULSE, isPaused: false, wakeAt: atMs });
      else tx.update("job_controls", PULSE, { wakeAt: atMs });
    },
    callHandlers: (count) => tx.effect(CALL_HANDLERS, { count }),
    tellDead: (job) => tx.effect(TELL_DEAD, deadLetter(job)),
    findSchedule(id) {
      const row = tx.get("job_schedules", id);
      return row === null ? null : readSchedule(row);
    },
    declaredSchedules: () => tx.find("job_schedules", "isDeclared==true", { limit: 1000 }).map(readSchedule),
    insertSchedule: (schedule) => void tx.create("job_schedules", scheduleColumns(schedule)),
    removeSchedule: ({ id }) => tx.delete("job_schedules", id),
    updateSchedule: (before, after) => void tx.update("job_schedules", before.id, scheduleColumns(after)),
    runsOf: ({ cron, timeZone, everyMs, startedAtMs }) =>
      cron === null ? everyRun(startedAtMs, everyMs ?? 0) : cronRun(cron, timeZone),
  };
}

/** What is told of a job that was given up; never its input. */
export interface DeadLetter extends JsonObject {
  readonly taskId: string;
  readonly task: string;
  /** ms since 1970. */
  readonly failedAt: number;
  readonly reason: string;
  readonly attempts: number;
  readonly originalTaskId: string;
  readonly replayCount: number;
  readonly replayedBy: string | null;
}

function deadLetter(job: JobRow): DeadLetter {
  return {
    taskId: job.id,
    task: job.name,
    failedAt: job.endedAtMs ?? 0,
    reason: job.error ?? "",
    attempts: job.attempt,
    originalTaskId: job.originalId ?? job.id,
    replayCount: job.replayCount,
    replayedBy: job.replayedBy,
  };
}
