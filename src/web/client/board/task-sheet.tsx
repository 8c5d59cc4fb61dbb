/** YOURS. One task, at the side of the board: its title, column, day and companion, changed in place, and what was said about it. */

import type { LiveStatus } from "ledge/client/live";
import { useLiveRow } from "ledge/client/react";
import { useEffect, useRef } from "react";
import { cardAfter } from "./card-after.ts";
import type { Task } from "./columns.ts";
import { Comments, commentOf } from "./comments.tsx";
import { keepDraft, keptDraft } from "./kept-drafts.ts";
import { isOwn } from "./move-task.ts";
import type { Place } from "./place.ts";
import { RemoveTask } from "./remove-task.tsx";
import { say } from "./say.tsx";
import { TaskFacts } from "./task-facts.tsx";
import { TaskFiles } from "./task-files.tsx";
import { TitleField } from "./title-field.tsx";
import { useKeptFocus } from "./use-kept-focus.ts";
import { leaveTask } from "./use-place.ts";

export interface TaskSheetProps {
  readonly id: string;
  readonly person: string;
  readonly place: Place;
}

/** While the sheet waits for its first answer, nothing is wrong: the card's own board shows the task. */
const CUT_OFF: readonly LiveStatus[] = ["offline", "reconnecting"];
const GONE = "This task is not here any more, or not shared with you.";

export function TaskSheet({ id, person, place }: TaskSheetProps) {
  const { row, isLoading, isPending, status, error, mutate } = useLiveRow("tasks", id);
  const dialog = useRef<HTMLDialogElement>(null);
  // Once: going back takes a moment, and a second step would leave the page.
  const isLeft = useRef(false);
  const close = () => {
    if (!isLeft.current) leaveTask(place);
    isLeft.current = true;
  };
  useEffect(() => {
    const { current } = dialog;
    const cardNow = cardAfter(document.activeElement);
    if (current !== null && !current.open) current.showModal();
    return () => {
      current?.close();
      // The browser gives the focus back, but not to a card that has been moved or removed meanwhile.
      if (document.activeElement === document.body) cardNow()?.focus();
    };
  }, []);
  useKeptFocus(dialog, (_focused, sheet) => () => sheet);
  const remove = (task: Task) => {
    close();
    mutate.delete(task.id, { on: task }).then(
      () => say("Removed"),
      () => say("It could not be removed"),
    );
  };
  return (
    <dialog
      ref={dialog}
      className="sheet"
      tabIndex={-1}
      aria-label={row === null ? "Task" : `Task: ${row.title}`}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        // Beside the sheet, on what it covers.
        if (event.target === dialog.current && event.clientX < dialog.current.getBoundingClientRect().left) close();
      }}
    >
      <div className="bar">
        <span role="status">{isPending ? "Not saved yet" : CUT_OFF.includes(status) ? "Not connected" : ""}</span>
        <button type="button" className="button plain" onClick={close}>
          Close
        </button>
      </div>
      {row === null ? (
        <div className="body">
          <p className="quiet" role="status">
            {isLoading ? "Loading …" : error === null || error.status === 404 ? GONE : error.message}
          </p>
          {!isLoading && <Unsaid task={id} onDone={close} />}
        </div>
      ) : (
        <Comments task={row} person={person} end={isOwn(row, person) && <RemoveTask remove={() => remove(row)} />}>
          <TitleField task={row} save={mutate.update} />
          <TaskFacts task={row} person={person} save={mutate.update} />
          <TaskFiles task={row.id} />
        </Comments>
      )}
    </dialog>
  );
}

/** A comment that somebody was writing when the task went: theirs to copy. */
function Unsaid({ task, onDone }: { readonly task: string; readonly onDone: () => void }) {
  const text = keptDraft(commentOf(task))?.text;
  if (text === undefined) return null;
  const discard = () => {
    keepDraft(commentOf(task), null);
    onDone();
  };
  return (
    <>
      <h3>Your comment, which was not sent</h3>
      <p className="unsaid" dir="auto">
        {text}
      </p>
      <button type="button" className="button" onClick={discard}>
        Discard it
      </button>
    </>
  );
}
