/** YOURS. Which board is shown: the person's own, what others have shared, a field for another one, and the shown one's tasks as a file. */

import { newId } from "ledge/client";
import { useLedge, useLiveList, useTransaction } from "ledge/client/react";
import { useState } from "react";
import { BoardReport } from "./board-report.tsx";
import { ExportTasks } from "./export-tasks.tsx";
import { HangingPanel } from "./hanging-panel.tsx";
import { type Place, placeHref } from "./place.ts";
import { NOT_STORED, say } from "./say.tsx";
import { goTo } from "./use-place.ts";

export function ProjectMenu({ place, title }: { readonly place: Place; readonly title: string }) {
  const { items } = useLiveList("projects", { orderBy: "name" });
  const client = useLedge();
  return (
    <HangingPanel
      label={`Board: ${title}. Show all boards`}
      buttonClass="button plain boards-button"
      side="left"
      button={
        <>
          Boards <span aria-hidden="true">▾</span>
        </>
      }
    >
      {(close) => (
        <>
          <nav aria-label="Boards">
            {items.map(({ id, name }) => (
              <a
                key={id}
                className="item"
                href={placeHref(place, { board: id, task: null })}
                aria-current={id === place.board ? "page" : undefined}
                onClick={close}
              >
                {name}
              </a>
            ))}
            <a
              className="item"
              href={placeHref(place, { board: "assigned", task: null })}
              aria-current={place.board === "assigned" ? "page" : undefined}
              onClick={close}
            >
              Shared with you
            </a>
          </nav>
          <hr />
          <NewProject onMade={close} />
          <hr />
          <BoardReport client={client} place={place} />
          {place.board !== null && items.some(({ id }) => id === place.board) && (
            <>
              <hr />
              <ExportTasks key={place.board} project={place.board} title={title} />
            </>
          )}
        </>
      )}
    </HangingPanel>
  );
}

export function NewProject({ onMade }: { readonly onMade?: () => void }) {
  const { run, isPending } = useTransaction();
  const [name, setName] = useState("");
  const make = async () => {
    const id = newId();
    await run([{ op: "create", table: "projects", id, values: { name: name.trim() } }]);
    setName("");
    onMade?.();
    goTo(placeHref({ board: id, view: "board", task: null }));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") make().catch(() => say(NOT_STORED));
      }}
    >
      <input
        className="field"
        aria-label="Name of a new board"
        placeholder="New board"
        maxLength={120}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      <button type="submit" className="button main" disabled={isPending}>
        Make
      </button>
    </form>
  );
}
