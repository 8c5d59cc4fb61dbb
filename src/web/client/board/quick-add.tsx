/** YOURS. A field at the foot of a column: Enter adds a task there, at once and without a network too, and the field is ready for the next. */

import { newId } from "ledge/client";
import { useMutation } from "ledge/client/react";
import { useState } from "react";
import { placeOf } from "../../place-between.ts";
import type { Status } from "./columns.ts";
import { NOT_STORED, say } from "./say.tsx";

export interface QuickAddProps {
  readonly project: string;
  readonly status: Status;
  readonly columnName: string;
  /** The place of the column's last task; null: there is none. */
  readonly last: string | null;
  /** Whether that task is among those that are drawn. */
  readonly showsEnd: boolean;
}

export function QuickAdd({ project, status, columnName, last, showsEnd }: QuickAddProps) {
  const { create } = useMutation("tasks");
  const [title, setTitle] = useState("");
  const add = (cards: Element | null) => {
    setTitle("");
    // The new card is the last; it is drawn in the next frame, or once somebody has scrolled so far.
    if (showsEnd)
      requestAnimationFrame(() => requestAnimationFrame(() => cards?.scrollTo({ top: cards.scrollHeight })));
    else say(`Added at the end of ${columnName}`);
    const id = newId();
    create({ id, projectId: project, title: title.trim(), status, position: placeOf(id, last, null) }).catch(() => {
      setTitle(title);
      say(NOT_STORED);
    });
  };
  return (
    <form
      className="add"
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() !== "") add(event.currentTarget.previousElementSibling);
      }}
    >
      <input
        className="field"
        aria-label={`New task in ${columnName}`}
        placeholder="+ Add a task"
        maxLength={200}
        enterKeyHint="done"
        autoComplete="off"
        dir="auto"
        value={title}
        onChange={({ target }) => setTitle(target.value)}
      />
    </form>
  );
}
