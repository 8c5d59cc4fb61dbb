/** YOURS. A card of the board: Enter or a click opens it; it is dragged, or picked up by Space and moved by arrows. Drawn anew only when its row changes. */

import { type KeyboardEvent, memo, useRef } from "react";
import type { Task } from "./columns.ts";
import { dragCard } from "./drag-card.ts";
import type { Lifting } from "./use-lift.ts";

export interface CardProps {
  readonly task: Task;
  readonly href: string;
  readonly person: string;
  /** Writes of it are not on the server yet. */
  readonly isPending: boolean;
  readonly look: "lying" | "lifted" | "dragged";
  /** The same for as long as nothing is lifted or let go. */
  readonly lifting: Lifting;
}

export const MOVE_HELP = "move-help";

export const Card = memo(function Card({ task, href, person, isPending, look, lifting }: CardProps) {
  const root = useRef<HTMLLIElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const isLifted = look === "lifted";
    if (event.key === " ") {
      event.preventDefault();
      if (isLifted) lifting.drop();
      else lifting.begin(task, "keys");
    } else if (event.key === "Enter" && isLifted) {
      event.preventDefault();
      lifting.drop();
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      if (isLifted) lifting.step(event.key);
      else if (root.current !== null) walk(root.current, event.key);
    } else if (event.key === "Tab" && isLifted) lifting.cancel();
  };
  return (
    <li
      ref={root}
      className={`card ${look}`}
      data-task={task.id}
      onPointerDown={(event) => {
        if (root.current !== null) dragCard(event.nativeEvent, root.current, task, lifting);
      }}
    >
      <a
        className="open"
        href={href}
        draggable={false}
        aria-describedby={MOVE_HELP}
        onKeyDown={onKeyDown}
        onKeyUp={(event) => {
          if (event.key === " ") event.preventDefault();
        }}
      >
        <span className="name" dir="auto">
          {task.title}
        </span>
        <Meta task={task} person={person} isPending={isPending} />
      </a>
      <span className="grip" aria-hidden="true">
        <svg width="10" height="18" fill="currentColor" role="presentation">
          {[3, 9, 15].map((y) => (
            <g key={y}>
              <circle cx="2" cy={y} r="1.5" />
              <circle cx="8" cy={y} r="1.5" />
            </g>
          ))}
        </svg>
      </span>
    </li>
  );
});

export interface MetaProps {
  readonly task: Pick<Task, "status" | "dueAt" | "authorId" | "assigneeId">;
  readonly person: string;
  readonly isPending: boolean;
}

export function Meta({ task, person, isPending }: MetaProps) {
  // A task that this browser has just made has no author yet, nor any other column that nobody gave.
  const { dueAt, authorId = person, assigneeId } = task;
  const isLate = dueAt != null && task.status !== "done" && Date.parse(dueAt) < Date.now();
  return (
    <span className="meta">
      {dueAt != null && (
        <span className={isLate ? "late" : ""}>
          {isLate ? "Late: " : ""}
          {dayOf(dueAt)}
        </span>
      )}
      {authorId !== person && <span>from {shortName(authorId)}</span>}
      {assigneeId != null && assigneeId !== person && <span>with {shortName(assigneeId)}</span>}
      {isPending && <span className="pending">Not saved yet</span>}
    </span>
  );
}

/** `3 Dec` */
export function dayOf(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

/** People are known by id: a name of a trial, or the end of a long one. */
export function shortName(id: string): string {
  return id.length > 12 ? `…${id.slice(-6)}` : id;
}

function walk(card: HTMLElement, key: string): void {
  const columns = [...document.querySelectorAll<HTMLElement>(".column")];
  const column = columns.findIndex((each) => each.contains(card));
  const cardsOf = (index: number) => [...(columns[index]?.querySelectorAll<HTMLElement>(".card .open") ?? [])];
  const at = cardsOf(column).findIndex((each) => card.contains(each));
  const side = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  const step = key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0;
  const there = cardsOf(column + side);
  there[side === 0 ? at + step : Math.min(at, there.length - 1)]?.focus();
}
