/** YOURS. The writes that move a task: its new place and, in another column, a line of its history, in one transaction over both tables' objects. Pure. */

import type { AnyWrite } from "ledge/client/react";
import { isBetween, placeOf } from "../../place-between.ts";
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

/** Cards that are put in another place to let one in among those that share theirs; beyond it the card goes to the end. */
const MAX_SPREAD = 50;

export interface Move {
  readonly writes: readonly AnyWrite[];
  /** It goes behind all of its column's cards, which may be out of sight. */
  readonly isToEnd: boolean;
}

/** Null: it is there already. Below the last card that is shown means behind the column's end. */
export function moveWrites(task: Task, target: Target, { items, end }: Shown, person: string): Move | null {
  const others = items.filter(({ id }) => id !== task.id);
  const from = items.findIndex(({ id }) => id === task.id);
  if (task.status === target.status && from === target.index) return null;
  const spread = target.index < others.length || end === null ? placesAt(task, others, target.index, end) : null;
  const last = end ?? others.at(-1) ?? null;
  const [position = "", ...pushed] = spread ?? [placeOf(task.id, last?.position ?? null, null)];
  const place: AnyWrite = {
    op: "update",
    table: "tasks",
    id: task.id,
    values: { status: target.status, position },
    on: task,
  };
  // Whatever else others do with these, they come behind the card.
  const room = pushed.map((behind, index): AnyWrite => {
    return { op: "update", table: "tasks", id: others[target.index + index]?.id ?? "", values: { position: behind } };
  });
  const isToEnd = spread === null;
  if (task.status === target.status) return { writes: [place, ...room], isToEnd };
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
  return { writes: [place, ...room, line], isToEnd };
}

/**
 * A place for the task before the card at `index`, then one each for the cards behind it that have to make room: they share the place of the card before,
 * as cards do that others have written, or have none. Null: too many of them, or more than are known.
 */
function placesAt(task: Task, others: readonly Task[], index: number, end: Task | null): readonly string[] | null {
  const before = others[index - 1]?.position ?? null;
  let count = 0;
  while (!isBetween(before, others[index + count]?.position ?? null)) count++;
  const isUnknown = index + count === others.length && end !== null;
  if (count > MAX_SPREAD || (isUnknown && count > 0)) return null;
  const after = others[index + count]?.position ?? null;
  const places = [placeOf(task.id, before, after)];
  for (const { id } of others.slice(index, index + count)) places.push(placeOf(id, places.at(-1) ?? null, after));
  return places;
}

/** The other person who works on a task; null: nobody. */
export function companion(task: Task, person: string): string | null {
  return isOwn(task, person) ? (task.assigneeId ?? null) : task.authorId;
}

/** Also of one that was just made here, and has no author before the server has it. */
export function isOwn({ authorId }: Partial<Task>, person: string): boolean {
  return authorId === undefined || authorId === person;
}
