/** YOURS. The three columns of a board, and the card that is on its way between them. */

import { useRef } from "react";
import { MOVE_HELP } from "./card.tsx";
import { cardAfter } from "./card-after.ts";
import { Column } from "./column.tsx";
import { COLUMNS, columnName, type Project } from "./columns.ts";
import type { Place } from "./place.ts";
import { useKeptFocus } from "./use-kept-focus.ts";
import { useLift } from "./use-lift.ts";

export interface BoardViewProps {
  readonly project: Project;
  readonly person: string;
  readonly place: Place;
  readonly counts: ReadonlyMap<string, number> | null;
  readonly pending: ReadonlySet<string>;
}

export function BoardView({ project, person, place, counts, pending }: BoardViewProps) {
  const lifting = useLift(person);
  const { lift } = lifting;
  const columns = useRef<HTMLDivElement>(null);
  useKeptFocus(columns, cardAfter);
  return (
    <>
      <p id={MOVE_HELP} className="unseen">
        Enter opens the task. Space picks it up, arrows move it, Space again puts it down, Escape leaves it where it
        was.
      </p>
      <p className="unseen" role="status">
        {lift?.by === "keys"
          ? `${lift.task.title}: ${columnName(lift.target.status)}, place ${lift.target.index + 1}`
          : ""}
      </p>
      <div ref={columns} className="columns">
        {COLUMNS.map(({ status, name }) => (
          <Column
            key={status}
            project={project}
            status={status}
            name={name}
            count={counts === null ? null : (counts.get(status) ?? 0)}
            person={person}
            place={place}
            pending={pending}
            lifting={lifting}
          />
        ))}
      </div>
    </>
  );
}
