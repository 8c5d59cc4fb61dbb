/**
 * YOURS. A card that is being moved: where it would go, by pointer or by keys, and the move itself once it is let go. Columns tell it their
 * cards; it tells the board what to draw. One card at a time.
 */

import { useTransaction } from "ledge/client/react";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { COLUMNS, columnName, type Status, type Task } from "./columns.ts";
import { moveWrites, type Shown, type Target } from "./move-task.ts";
import { say } from "./say.tsx";

export interface Lift {
  readonly task: Task;
  readonly by: "pointer" | "keys";
  readonly target: Target;
}

export interface Lifting {
  readonly lift: Lift | null;
  readonly shown: RefObject<Map<Status, Shown>>;
  begin(task: Task, by: Lift["by"]): void;
  aim(target: Target): void;
  /** By an arrow key. */
  step(key: string): void;
  drop(): void;
  cancel(): void;
}

export function useLift(person: string): Lifting {
  const [lift, setLift] = useState<Lift | null>(null);
  const shown = useRef(new Map<Status, Shown>());
  // What the functions see, so that they stay the same while a card moves.
  const now = useRef(lift);
  const { run } = useTransaction();
  const set = useCallback((next: Lift | null) => {
    now.current = next;
    setLift(next);
  }, []);
  const ways = useMemo(() => {
    const others = ({ task, target }: Lift) => cardsOf(target.status).filter(({ id }) => id !== task.id);
    const cardsOf = (status: Status) => shown.current.get(status)?.items ?? [];
    return {
      begin(task: Task, by: Lift["by"]) {
        const index = cardsOf(task.status).findIndex(({ id }) => id === task.id);
        set({ task, by, target: { status: task.status, index: Math.max(index, 0) } });
      },
      aim(target: Target) {
        const { current } = now;
        if (current === null) return;
        const isSame = current.target.status === target.status && current.target.index === target.index;
        if (!isSame) set({ ...current, target });
      },
      step(key: string) {
        const { current } = now;
        if (current === null) return;
        const { status, index } = current.target;
        const side = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
        const to = COLUMNS[COLUMNS.findIndex((column) => column.status === status) + side]?.status ?? status;
        const next = { ...current, target: { status: to, index } };
        const by = key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0;
        const place = Math.min(Math.max(index + by, 0), others(next).length);
        set({ ...next, target: { status: to, index: place } });
      },
      drop() {
        const { current } = now;
        set(null);
        if (current === null) return;
        const { task, target } = current;
        const { items, end } = shown.current.get(target.status) ?? { items: [], end: null };
        const move = moveWrites(task, target, { items, end }, person);
        if (move === null) return;
        const place = `${move.isToEnd ? "the end of " : ""}${columnName(target.status)}`;
        run(move.writes).then(
          () => (move.isToEnd || task.status !== target.status) && say(`Moved to ${place}`),
          () => say("The move could not be stored in this browser"),
        );
      },
      cancel: () => set(null),
    };
  }, [run, person, set]);
  useEffect(() => {
    if (lift === null) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") ways.cancel();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [lift, ways]);
  return useMemo(() => ({ lift, shown, ...ways }), [lift, ways]);
}
