/** YOURS. A task's title as a field. What others change shows at once, but never under somebody's typing; a change is sent with the row as it was when they began. */

import type { TableWrites } from "ledge/client/react";
import { useRef, useState } from "react";
import type { Task } from "./columns.ts";
import { say } from "./say.tsx";

export interface TitleFieldProps {
  readonly task: Task;
  readonly save: TableWrites<"tasks">["update"];
}

export function TitleField({ task, save }: TitleFieldProps) {
  /** Null: nobody types. */
  const [draft, setDraft] = useState<string | null>(null);
  const begun = useRef(task);
  const finish = () => {
    const title = draft?.trim() ?? "";
    setDraft(null);
    if (title === "" || title === begun.current.title) return;
    save(task.id, { title }, { on: begun.current }).catch(() => say("The title could not be stored in this browser"));
  };
  return (
    <textarea
      className="heading"
      aria-label="Title"
      rows={1}
      maxLength={200}
      value={draft ?? task.title}
      onFocus={() => {
        begun.current = task;
      }}
      onChange={({ target }) => setDraft(target.value.replaceAll("\n", " "))}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          event.currentTarget.blur();
        } else if (event.key === "Escape" && draft !== null) {
          // Gives the typing up, not the sheet.
          event.preventDefault();
          event.stopPropagation();
          setDraft(null);
        }
      }}
    />
  );
}
