/** YOURS. A task's column, day and companion as fields; each change is one write, kept in the browser until the server has it. */

import { type TableWrites, useInfiniteList, useTransaction } from "ledge/client/react";
import { useId } from "react";
import { COLUMNS, cardsOf, columnName, type Status, type Task } from "./columns.ts";
import { isOwn, moveWrites, type Shown } from "./move-task.ts";
import { say } from "./say.tsx";
import { useDraft } from "./use-draft.ts";

const NOT_CHANGED = "The change could not be stored in this browser";

export interface TaskFactsProps {
  readonly task: Task;
  readonly person: string;
  readonly save: TableWrites<"tasks">["update"];
}

export function TaskFacts({ task, person, save }: TaskFactsProps) {
  const { run } = useTransaction();
  const ids = { column: useId(), day: useId(), companion: useId() };
  const [day] = useDraft({
    shown: task.dueAt?.slice(0, 10) ?? "",
    base: task,
    save: ({ text, isWhole }, base) => {
      if (isWhole) return save(base.id, { dueAt: text === "" ? null : `${text}T12:00:00.000Z` }, { on: base });
      say("That was no whole date: it is as it was before");
      return undefined;
    },
    notStored: NOT_CHANGED,
  });
  const columns = useColumns(task.projectId);
  const move = (status: Status) => {
    const toTop = moveWrites(task, { status, index: 0 }, columns[status], person);
    if (toTop === null) return;
    run(toTop.writes).then(
      () => toTop.isToEnd && say(`Moved to the end of ${columnName(status)}`),
      () => say("The move could not be stored in this browser"),
    );
  };
  return (
    <div className="facts">
      <label htmlFor={ids.column}>Column</label>
      <select
        id={ids.column}
        className="field"
        value={task.status}
        onChange={({ target }) => move(target.value as Status)}
      >
        {COLUMNS.map(({ status, name }) => (
          <option key={status} value={status}>
            {name}
          </option>
        ))}
      </select>
      <label htmlFor={ids.day}>Due</label>
      <input id={ids.day} className="field" type="date" min="1900-01-01" max="9999-12-31" {...day} />
      {isOwn(task, person) && (
        <>
          <label htmlFor={ids.companion}>Shared with</label>
          <Companion id={ids.companion} task={task} save={save} />
        </>
      )}
    </div>
  );
}

/** The lists that the board behind the sheet shows. */
function useColumns(projectId: string): Readonly<Record<Status, Shown>> {
  const todo = useInfiniteList("tasks", cardsOf(projectId, "todo"));
  const doing = useInfiniteList("tasks", cardsOf(projectId, "doing"));
  const done = useInfiniteList("tasks", cardsOf(projectId, "done"));
  const shownOf = ({ items, hasNextPage }: typeof todo): Shown => {
    return { items, end: hasNextPage ? (items.at(-1) ?? null) : null };
  };
  return { todo: shownOf(todo), doing: shownOf(doing), done: shownOf(done) };
}

interface CompanionProps extends Pick<TaskFactsProps, "task" | "save"> {
  readonly id: string;
}

function Companion({ id, task, save }: CompanionProps) {
  const [field] = useDraft({
    shown: task.assigneeId ?? "",
    base: task,
    save: ({ text }, base) => {
      const assigneeId = text.trim() || null;
      return assigneeId === base.assigneeId ? undefined : save(base.id, { assigneeId }, { on: base });
    },
    notStored: NOT_CHANGED,
  });
  return (
    <input
      id={id}
      className="field"
      placeholder="Id from their menu"
      autoComplete="off"
      maxLength={200}
      enterKeyHint="done"
      {...field}
    />
  );
}
