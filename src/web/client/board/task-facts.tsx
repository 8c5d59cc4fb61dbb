/** YOURS. A task's column, day and companion as fields; each change is one write, kept in the browser until the server has it. */

import { type TableWrites, useTransaction } from "ledge/client/react";
import { useId, useState } from "react";
import { COLUMNS, type Status, type Task } from "./columns.ts";
import { isOwn, moveWrites } from "./move-task.ts";
import { say } from "./say.tsx";

export interface TaskFactsProps {
  readonly task: Task;
  readonly person: string;
  readonly save: TableWrites<"tasks">["update"];
}

export function TaskFacts({ task, person, save }: TaskFactsProps) {
  const { run } = useTransaction();
  const ids = { column: useId(), day: useId(), companion: useId() };
  const change = (values: Parameters<typeof save>[1]) =>
    save(task.id, values, { on: task }).catch(() => say("The change could not be stored in this browser"));
  const move = (status: Status) => {
    // At the top of its new column, whose cards need not be known here.
    const writes = moveWrites(task, { status, index: 0 }, { items: [], end: null }, person);
    if (writes !== null) run(writes).catch(() => say("The move could not be stored in this browser"));
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
      <input
        id={ids.day}
        className="field"
        type="date"
        value={task.dueAt?.slice(0, 10) ?? ""}
        onChange={({ target }) => void change({ dueAt: target.value === "" ? null : `${target.value}T12:00:00.000Z` })}
      />
      {isOwn(task, person) && (
        <>
          <label htmlFor={ids.companion}>Shared with</label>
          <Companion
            key={task.assigneeId}
            id={ids.companion}
            value={task.assigneeId ?? ""}
            save={(id) => void change({ assigneeId: id === "" ? null : id })}
          />
        </>
      )}
    </div>
  );
}

interface CompanionProps {
  readonly id: string;
  readonly value: string;
  readonly save: (value: string) => void;
}

function Companion({ id, value, save }: CompanionProps) {
  const [draft, setDraft] = useState(value);
  const finish = () => {
    if (draft.trim() !== value) save(draft.trim());
  };
  return (
    <input
      id={id}
      className="field"
      placeholder="The id in their menu"
      autoComplete="off"
      maxLength={200}
      value={draft}
      onChange={({ target }) => setDraft(target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
      }}
    />
  );
}
