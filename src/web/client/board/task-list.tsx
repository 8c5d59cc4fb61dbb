/**
 * YOURS. Tasks as a list: up to ten thousand followed by one watch, of more page by page, from the newest. Rows have one height, and only those in sight are
 * in the page.
 */

import { useInfiniteList, useLiveList } from "ledge/client/react";
import { type UIEvent, useEffect, useRef, useState } from "react";
import { Meta } from "./card.tsx";
import { columnName, type Task } from "./columns.ts";
import { type Place, placeHref } from "./place.ts";

/** As `.rows .row` has it: 3.25rem. */
const ROW_PX = 52;
/** Rows drawn beyond both edges. */
const SPARE_ROWS = 24;
/** Rows from the end at which more are fetched. */
const FETCH_ROWS = 100;

type Filter = { readonly projectId: string } | { readonly assigneeId: string };

export interface TaskListProps {
  readonly filter: Filter;
  readonly label: string;
  readonly empty: string;
  /** Of all tasks, on the server; null: not known. */
  readonly total: number | null;
  readonly person: string;
  readonly place: Place;
  readonly pending: ReadonlySet<string>;
}

/** Rows that one watch follows as a whole; more are fetched page by page. */
const MAX_WHOLE = 10_000;

export function TaskList(props: TaskListProps) {
  return (props.total ?? 0) > MAX_WHOLE ? <NewestTasks {...props} /> : <AllTasks {...props} />;
}

function AllTasks(props: TaskListProps) {
  const { filter } = props;
  const { items, isLoading, error } = useLiveList("tasks", { filter, orderBy: "-id" });
  return <Rows {...props} items={items} isLoading={isLoading} error={error} />;
}

function NewestTasks(props: TaskListProps) {
  const { filter } = props;
  const list = useInfiniteList("tasks", { filter, orderBy: "-id", pageSize: 250 });
  const { items, isLoading, error, hasNextPage, fetchNextPage, isFetchingNextPage } = list;
  const fetch = hasNextPage && !isFetchingNextPage ? fetchNextPage : undefined;
  return <Rows {...props} items={items} isLoading={isLoading} error={error} onNearEnd={fetch} />;
}

interface RowsProps extends TaskListProps {
  readonly items: readonly Task[];
  readonly isLoading: boolean;
  readonly error: Error | null;
  readonly onNearEnd?: (() => void) | undefined;
}

function Rows({ items, isLoading, error, label, empty, person, place, pending, onNearEnd }: RowsProps) {
  const [view, setView] = useState({ top: 0, height: 800 });
  const root = useRef<HTMLElement>(null);
  const count = items.length;
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((view.top + view.height) / ROW_PX) + SPARE_ROWS);
  const isNearEnd = (view.top + view.height) / ROW_PX > count - FETCH_ROWS;
  useEffect(() => {
    if (isNearEnd) onNearEnd?.();
  }, [isNearEnd, onNearEnd]);
  useEffect(() => {
    if (root.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const height = entry?.contentRect.height ?? 800;
      setView((before) => ({ ...before, height }));
    });
    observer.observe(root.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = ({ currentTarget }: UIEvent<HTMLElement>) => {
    const top = currentTarget.scrollTop;
    setView((before) => ({ ...before, top }));
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keys
    <section className="rows" ref={root} onScroll={onScroll} tabIndex={0} aria-label={label}>
      {error !== null && <p className="failure">{error.message}</p>}
      {isLoading && [1, 2, 3, 4].map((bone) => <div key={bone} className="bone" aria-hidden="true" />)}
      {!isLoading && error === null && items.length === 0 && <p className="nothing">{empty}</p>}
      <ul style={{ height: count * ROW_PX }}>
        {items.slice(first, last).map((task, index) => (
          <Row
            key={task.id}
            task={task}
            index={first + index}
            count={count}
            person={person}
            href={placeHref(place, { task: task.id })}
            isPending={pending.has(task.id)}
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly task: Task;
  readonly index: number;
  readonly count: number;
  readonly person: string;
  readonly href: string;
  readonly isPending: boolean;
}

function Row({ task, index, count, person, href, isPending }: RowProps) {
  return (
    <li
      className="row"
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      aria-posinset={index + 1}
      aria-setsize={count}
    >
      <a className="open" href={href}>
        <span className="name" dir="auto">
          {task.title}
        </span>
        <Meta task={task} person={person} isPending={isPending} />
        <span className="badge" data-status={task.status}>
          {columnName(task.status)}
        </span>
      </a>
    </li>
  );
}
