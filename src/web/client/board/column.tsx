/** YOURS. A column of the board: its cards in their order, more of them as it is scrolled, and a field for a new one. */

import { useInfiniteList, useLiveList } from "ledge/client/react";
import { Fragment, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Card } from "./card.tsx";
import { cardsOf, type Project, type Status, type Task } from "./columns.ts";
import { type Place, placeHref } from "./place.ts";
import { QuickAdd } from "./quick-add.tsx";
import type { Lifting } from "./use-lift.ts";

export interface ColumnProps {
  readonly project: Project;
  readonly status: Status;
  readonly name: string;
  /** Of all its tasks, on the server; null: not known. */
  readonly count: number | null;
  readonly person: string;
  readonly place: Place;
  readonly pending: ReadonlySet<string>;
  readonly lifting: Lifting;
}

export function Column({ project, status, name, count, person, place, pending, lifting }: ColumnProps) {
  const asked = cardsOf(project.id, status);
  const { items, isLoading, error, hasNextPage, fetchNextPage } = useInfiniteList("tasks", asked);
  const [told, setTold] = useState<Task | null>(null);
  /** Its end, while that is not among what has been scrolled to. */
  const end = hasNextPage ? told : null;
  const last = end ?? items.at(-1);
  const { lift, shown } = lifting;
  useLayoutEffect(() => {
    shown.current.set(status, { items, end });
  }, [shown, status, items, end]);
  const target = lift?.target.status === status ? lift.target.index : null;
  let next = 0;
  return (
    <section className="column" data-status={status} aria-labelledby={`column-${status}`}>
      <header>
        <h2 id={`column-${status}`}>{name}</h2>
        <span className="count">{hasNextPage ? (count ?? "") : items.length}</span>
      </header>
      <ol className="cards">
        {isLoading && [1, 2, 3].map((bone) => <li key={bone} className="bone" aria-hidden="true" />)}
        {error !== null && <li className="failure">{error.message}</li>}
        {items.map((task) => {
          const by = lift?.task.id === task.id ? lift.by : null;
          const at = by === null ? next++ : null;
          return (
            <Fragment key={task.id}>
              {at !== null && at === target && <li className="slot" aria-hidden="true" />}
              <Card
                task={task}
                href={placeHref(place, { task: task.id })}
                person={person}
                isPending={pending.has(task.id)}
                look={by === null ? "lying" : by === "keys" ? "lifted" : "dragged"}
                lifting={lifting}
              />
            </Fragment>
          );
        })}
        {target !== null && target >= next && <li className="slot" aria-hidden="true" />}
        {!isLoading && error === null && items.length === 0 && target === null && (
          <li className="nothing">Nothing here yet.</li>
        )}
        {hasNextPage && <More onSeen={fetchNextPage} />}
        {hasNextPage && <End filter={asked.filter} onTold={setTold} />}
      </ol>
      <QuickAdd
        project={project.id}
        status={status}
        columnName={name}
        last={last?.position ?? null}
        showsEnd={!hasNextPage}
      />
    </section>
  );
}

/** Follows the last task of a column that has more than it shows. */
function End({ filter, onTold }: EndProps) {
  const { items } = useLiveList("tasks", { filter, orderBy: ["-position", "-id"], limit: 1 });
  const last = items[0] ?? null;
  useEffect(() => onTold(last), [last, onTold]);
  return null;
}

interface EndProps {
  readonly filter: { readonly projectId: string; readonly status: Status };
  readonly onTold: (last: Task | null) => void;
}

/** Fetches on when it comes near; a button for whoever does not scroll. */
function More({ onSeen }: { readonly onSeen: () => void }) {
  const root = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (root.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && onSeen(),
      {
        root: root.current.closest(".cards"),
        rootMargin: "600px",
      },
    );
    observer.observe(root.current);
    return () => observer.disconnect();
  }, [onSeen]);
  return (
    <li ref={root}>
      <button type="button" className="button plain more" onClick={onSeen}>
        Show more
      </button>
    </li>
  );
}
