/** Signs of life of an attempt while its handler runs: the timer, and the calls to the object. When and what is `src/core/jobs/signs-of-life.ts`. */

import type { JobRow } from "../../core/jobs/job-row.ts";
import { beginLife, type Life, nextSignMs, progressTold, signHeard, signSent } from "../../core/jobs/signs-of-life.ts";
import { askJobs, type JobsPlace } from "./jobs-object.ts";

export interface KeptAlive {
  beat(): Promise<void>;
  report(percent: number, note?: string): void;
  isStale(): boolean;
  end(): void;
}

/** Aborts when the answer to a sign says so. */
export function keepAlive(
  object: JobsPlace,
  { id, attempt }: JobRow,
  leaseMs: number,
  controller: AbortController,
): KeptAlive {
  let life: Life = beginLife(Date.now(), leaseMs);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let sending: Promise<void> | null = null;

  const stopTimer = () => {
    if (timer !== null) clearTimeout(timer);
  };
  const send = async () => {
    life = signSent(life, Date.now());
    const { progress = null, note = null } = life.sent ?? {};
    const heard = await askJobs(object, "jobs.beat", { id, attempt, leaseMs, progress, note }).catch(() => null);
    const step = signHeard(life, heard);
    life = step.life;
    if (step.stop !== null) controller.abort(new Error(step.stop));
  };
  const beat = (): Promise<void> => {
    stopTimer();
    sending ??= send().finally(() => {
      sending = null;
      plan();
    });
    return sending;
  };
  const plan = () => {
    stopTimer();
    const at = nextSignMs(life);
    if (at === null || controller.signal.aborted) return;
    timer = setTimeout(() => void beat(), Math.max(0, at - Date.now()));
  };
  plan();
  return {
    beat,
    report(percent, note) {
      if (controller.signal.aborted) return;
      life = progressTold(life, percent, note ?? null);
      plan();
    },
    isStale: () => life.isStale,
    end: stopTimer,
  };
}
