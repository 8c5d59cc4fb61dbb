/** YOURS. What was said about a task, and where it was moved, in order; and a field to say more. */

import { useLiveList, useSyncStatus } from "ledge/client/react";
import { type ReactNode, useEffect, useRef } from "react";
import { shortName } from "./card.tsx";
import { columnName, type Task } from "./columns.ts";
import { inOrder } from "./comment-order.ts";
import { companion } from "./move-task.ts";
import { NOT_STORED } from "./say.tsx";
import { type UnsentComment, unsentComments } from "./unsent-comments.ts";
import { useDraft } from "./use-draft.ts";

export interface CommentsProps {
  readonly task: Task;
  readonly person: string;
  /** What stands above them, */
  readonly children: ReactNode;
  /** and what at their end. */
  readonly end: ReactNode;
}

export function Comments({ task, person, children, end }: CommentsProps) {
  const { items, isLoading, status, error, mutate } = useLiveList("comments", {
    filter: { taskId: task.id },
    orderBy: "id",
  });
  const { pending } = useSyncStatus();
  const shown = useRef<readonly UnsentComment[]>([]);
  const unsent = unsentComments({ task: task.id, pending, listed: items, shown: isLoading ? shown.current : [] });
  useEffect(() => {
    shown.current = unsent;
  });
  const [field, send] = useDraft({
    shown: "",
    base: task,
    save: ({ text }) => mutate.create({ taskId: task.id, body: text.trim(), recipientId: companion(task, person) }),
    notStored: NOT_STORED,
    keepAs: commentOf(task.id),
  });
  return (
    <>
      <div className="body">
        {children}
        <h3>Comments</h3>
        {error !== null && <p className="failure">{error.message}</p>}
        {isLoading && status === "offline" && (
          <p className="comments quiet none">
            {unsent.length === 0 ? "The comments" : "Earlier comments"} cannot be shown now.
          </p>
        )}
        {!isLoading && items.length + unsent.length === 0 && <p className="comments quiet none">Nothing said yet.</p>}
        <ol className="comments">
          {[...inOrder(items), ...unsent].map((comment) => (
            <Entry key={comment.id} comment={comment} person={person} />
          ))}
        </ol>
        {end}
      </div>
      <form
        className="say"
        onSubmit={(event) => {
          event.preventDefault();
          if (field.value.trim() !== "") send();
        }}
      >
        <input
          className="field"
          aria-label="Comment"
          placeholder="Write a comment"
          maxLength={4000}
          autoComplete="off"
          dir="auto"
          {...field}
        />
        <button type="submit" className="button">
          Send
        </button>
      </form>
    </>
  );
}

/** Under this name a comment waits that somebody has begun. */
export function commentOf(task: string): string {
  return `comment on ${task}`;
}

function Entry({ comment, person }: { readonly comment: UnsentComment; readonly person: string }) {
  // The server says who and when; until then it is this person, now.
  const { authorId = person } = comment;
  const who = authorId === person ? "You" : shortName(authorId);
  const when =
    comment.createdAt === null || comment.createdAt === undefined ? "not saved yet" : timeOf(comment.createdAt);
  if (comment.kind === "moved") {
    const [from = "", to = ""] = comment.body.split(" ");
    return (
      <li className="moved">
        {who} moved it from {columnName(from)} to {columnName(to)} · {when}
      </li>
    );
  }
  return (
    <li>
      <p className="by">
        <span>{who}</span>
        <span>{when}</span>
      </p>
      <p className="said" dir="auto">
        {comment.body}
      </p>
    </li>
  );
}

function timeOf(time: string): string {
  return new Date(time).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}
