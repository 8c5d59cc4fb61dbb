/** YOURS. A task's title as a field. */

import type { TableWrites } from "ledge/client/react";
import type { Task } from "./columns.ts";
import { useDraft } from "./use-draft.ts";

export interface TitleFieldProps {
  readonly task: Task;
  readonly save: TableWrites<"tasks">["update"];
}

export function TitleField({ task, save }: TitleFieldProps) {
  const [field] = useDraft({
    shown: task.title,
    base: task,
    save: ({ text }, base) => {
      const title = text.replaceAll("\n", " ").trim();
      return title === "" || title === base.title ? undefined : save(base.id, { title }, { on: base });
    },
    notStored: "The title could not be stored in this browser",
  });
  return (
    <textarea
      className="heading"
      aria-label="Title"
      rows={1}
      maxLength={200}
      enterKeyHint="done"
      dir="auto"
      {...field}
    />
  );
}
