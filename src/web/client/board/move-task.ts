/** YOURS. The writes that move a task: its new place and, in another column, a line of its history, in one transaction over both tables' objects. Pure. */

import type { AnyWrite } from "ledge/client/react";
import { placeBetween } from "../../place-between.ts";
import type { Status, Task } from "./columns.ts";

export interface Target {
  readonly status: Status;
  /** Before which of the column's cards, the moved one not counted; `items.length`: after all. */
  readonly index: number;
}

/** A column's cards as they are shown, and its last one, where that is not among them. */
export interface Shown {
  readonly items: readonly Task[];
  readonly end: Task | null;
}

/**
 * `items`: the cards of the target's column that are shown, in order; `end`: its last one, where that is not among them: below the last that is shown
 * then means behind it. Null: it is there already.
 */
export function moveWrites(
  task: Task,
  target: Target,
  { items, end }: Shown,
  person: string,
): readonly AnyWrite[] | null {
  const others = items.filter(({ id }) => id !== task.id);
  const from = items.findIndex(({ id }) => id === task.id);
  if (task.status === target.status && from === target.index) return null;
  const next = others[target.index];
  const previous = (next === undefined ? end : null) ?? others[target.index - 1];
  const position = placeBetween(previous?.position ?? null, next?.position ?? null);
  const place: AnyWrite = {
    op: "update",
    table: "tasks",
    id: task.id,
    values: { status: target.status, position },
    on: task,
  };
  if (task.status === target.status) return [place];
  const line: AnyWrite = {
    op: "create",
    table: "comments",
    values: {
      taskId: task.id,
      kind: "moved",
      body: `${task.status} ${target.status}`,
      recipientId: companion(task, person),
    },
  };
  return [place, line];
}

/** The other person who works on a task; null: nobody. */
export function companion(task: Task, person: string): string | null {
  return isOwn(task, person) ? (task.assigneeId ?? null) : task.authorId;
}

/** Also of one that was just made here, and has no author before the server has it. */
export function isOwn({ authorId }: Partial<Task>, person: string): boolean {
  return authorId === undefined || authorId === person;
}
