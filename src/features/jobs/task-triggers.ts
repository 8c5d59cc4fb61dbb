/** `taskTriggers({ onCreate: [{ job, when, transform }] })`: jobs that follow from writes of a table, with their commit and exactly when it commits ([HK7]). */

import type { Hooks } from "../../define/hooks.ts";
import type { Job } from "./define-job.ts";
import { enqueueWith } from "./enqueue.ts";

/** A row as hooks see it. */
type TriggerRow = Readonly<Record<string, unknown>>;

export interface TaskTrigger<Row = TriggerRow> {
  // biome-ignore lint/suspicious/noExplicitAny: each trigger makes the input of its own job
  readonly job: Job<any, unknown>;
  /** Default: always. `before` is null for a row that is new; of a removal `row` is the row as it was. */
  readonly when?: (row: Row, before: Row | null) => boolean;
  /** The job's input. Default: `{ id }` of the row. */
  readonly transform?: (row: Row, before: Row | null) => unknown;
  readonly delayMs?: number;
}

export interface TaskTriggers<Row = TriggerRow> {
  readonly onCreate?: readonly TaskTrigger<Row>[];
  readonly onUpdate?: readonly TaskTrigger<Row>[];
  readonly onDelete?: readonly TaskTrigger<Row>[];
}

/** For `hooks:` of a table, alone or in `composeHooks`. */
export function taskTriggers<Row = TriggerRow>({ onCreate, onUpdate, onDelete }: TaskTriggers<Row>): Hooks<Row> {
  const byOperation = { create: onCreate, update: onUpdate, delete: onDelete };
  return {
    onWrite(tx, { op, before, after }) {
      const row = after ?? before;
      if (row === null) return;
      for (const { job, when, transform, delayMs = 0 } of byOperation[op] ?? []) {
        if (when !== undefined && !when(row, before)) continue;
        const input = transform === undefined ? { id: (row as TriggerRow).id } : transform(row, before);
        enqueueWith(tx, job, input, { delayMs });
      }
    },
  };
}
