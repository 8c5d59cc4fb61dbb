/** YOURS. Comments of a task that wait in the outbox and stand in no list, because the list was never read: without a network they are all there is. Pure. */

import type { OutboxItem } from "ledge/client/offline";
import type { Comment } from "./columns.ts";

/** What its writer gave: who and when is the server's to say. */
export type UnsentComment = Pick<Comment, "id" | "body"> & Partial<Comment>;

export interface CommentsKnown {
  readonly task: string;
  readonly pending: readonly OutboxItem[];
  readonly listed: readonly Comment[];
  /** What this gave last, while the list is still not read: one that is sent meanwhile is in neither, and stays all the same. */
  readonly shown: readonly UnsentComment[];
}

export function unsentComments({ task, pending, listed, shown }: CommentsKnown): readonly UnsentComment[] {
  const comments = new Map(shown.map((comment) => [comment.id, comment]));
  for (const { status, writes } of pending) {
    for (const { op, table, id, values } of writes) {
      if (op !== "create" || table !== "comments" || values.taskId !== task) continue;
      // The panel has what was refused.
      if (status === "refused") comments.delete(String(id));
      else comments.set(String(id), { ...values, id } as UnsentComment);
    }
  }
  for (const { id } of listed) comments.delete(id);
  return [...comments.values()];
}
