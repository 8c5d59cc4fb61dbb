/** YOURS. Search in tasks, boards, comments and files, from anywhere by `/`; arrows walk through what was found. */

import { useInvalidate, useSearch } from "ledge/client/react";
import { useEffect, useRef, useState } from "react";
import { asTyped } from "./as-typed.ts";
import { columnName } from "./columns.ts";
import { type Place, placeHref } from "./place.ts";
import { searchNote } from "./search-note.ts";
import { useBackOnline } from "./use-back-online.ts";

export function SearchBox({ place }: { readonly place: Place }) {
  const [text, setText] = useState("");
  const tasks = useSearch("tasks", asTyped(text));
  // Beside tasks, in one request over their copies; each table shows what its own rules let this person see.
  const elsewhere = useSearch(["projects", "comments", "attachments"], asTyped(text), { limit: 5 });
  const { projects: boards, comments, attachments: files } = elsewhere.results;
  const others = [
    ...(boards?.items ?? []).map(({ id, name }) => ({ id, text: name, kind: "Board", to: { board: id, task: null } })),
    ...(comments?.items ?? []).map(({ id, taskId, body }) => ({
      id,
      text: body,
      kind: "Comment",
      to: { task: taskId },
    })),
    ...(files?.items ?? []).map(({ id, taskId, name }) => ({ id, text: name, kind: "File", to: { task: taskId } })),
  ];
  const note = searchNote({ tasks, elsewhere, hits: tasks.items.length + others.length });
  const invalidate = useInvalidate();
  useBackOnline(() => {
    if (tasks.error === null && elsewhere.error === null) return;
    for (const table of ["tasks", "projects"]) invalidate(table);
  });
  const root = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = (event.target as HTMLElement).closest("input, textarea, select, dialog") !== null;
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const walk = (by: 1 | -1) => {
    const stops = [...(root.current?.querySelectorAll<HTMLElement>("input, a") ?? [])];
    stops[stops.indexOf(document.activeElement as HTMLElement) + by]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears what bubbles from the controls inside
    <div
      className="search"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          setText("");
          field.current?.blur();
        } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          walk(event.key === "ArrowDown" ? 1 : -1);
        }
      }}
    >
      <input
        ref={field}
        className="field"
        type="search"
        aria-label="Search"
        placeholder="Search"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <span className="key" aria-hidden="true">
        /
      </span>
      {text.trim() !== "" && (
        <section className="panel" aria-label="Found" aria-busy={tasks.isSearching || elsewhere.isSearching}>
          {tasks.items.map((task) => (
            <a key={task.id} className="item" href={placeHref(place, { task: task.id })} onClick={() => setText("")}>
              <span>{task.title}</span>
              <span className="badge count" data-status={task.status}>
                {columnName(task.status)}
              </span>
            </a>
          ))}
          {others.map(({ id, text: words, kind, to }) => (
            <a key={id} className="item" href={placeHref(place, to)} onClick={() => setText("")}>
              <span>{words}</span>
              <span className="badge count">{kind}</span>
            </a>
          ))}
          {note !== null && (
            <p className="note" role="status">
              {note}
            </p>
          )}
        </section>
      )}
    </div>
  );
}
