/** Where a card goes that is let go, also below the last that is shown of a column with more, and among cards that share a place. */

import { expect, test } from "vitest";
import type { Status, Task } from "../../src/web/client/board/columns.ts";
import { moveWrites } from "../../src/web/client/board/move-task.ts";

const task = (id: string, position: string, status: Status = "todo") =>
  ({ id, position, status, authorId: "ann", assigneeId: null }) as unknown as Task;
const shown = [task("a", "b"), task("b", "d"), task("c", "f")];
const end = task("z", "t");

interface Placed {
  readonly id: string;
  readonly table: string;
  readonly values: { readonly position: string };
}

const moved = task("m", "x", "doing");
const moveTo = (index: number, items: readonly Task[], last: Task | null, one = moved) =>
  moveWrites(one, { status: "todo", index }, { items, end: last }, "ann");
const placed = (index: number, items: readonly Task[], last: Task | null, one = moved) =>
  ((moveTo(index, items, last, one)?.writes ?? []) as unknown as readonly Placed[]).filter(
    ({ table }) => table === "tasks",
  );
const place = (index: number, last: Task | null, one = moved) =>
  placed(index, shown, last, one)[0]?.values.position ?? "";
/** The column as the board shows it afterwards. */
const column = (items: readonly Task[], writes: readonly Placed[]) => {
  const places = new Map([...items, moved].map(({ id, position }) => [id, position]));
  for (const { id, values } of writes) places.set(id, values.position);
  return [...places]
    .sort(([one, at], [other, to]) => (at < to || (at === to && one < other) ? -1 : 1))
    .map(([id]) => id);
};

test("[P10] a card let go below the last that is shown comes behind the column's last, and between two others nowhere else", () => {
  expect(place(3, end) > "t").toBe(true);
  expect(place(3, null) > "f" && place(3, null) < "t").toBe(true);
  expect([moveTo(3, shown, end)?.isToEnd, moveTo(3, shown, null)?.isToEnd]).toEqual([true, false]);
  for (const last of [end, null]) {
    expect(place(0, last) < "b").toBe(true);
    expect(place(1, last) > "b" && place(1, last) < "d").toBe(true);
    expect(placed(1, shown, last)).toHaveLength(1);
  }
});

test("[P10] a card of the column itself, too; one that is let go where it lies is not moved", () => {
  const [first] = shown as [Task, ...Task[]];
  expect(place(2, end, first) > "t").toBe(true);
  expect(moveTo(0, shown, end, first)).toBeNull();
});

test("[P10] among cards that share a place, or have none, a card comes where it is let go: those behind it make room, and no two share a place afterwards", () => {
  for (const shared of ["V000", ""]) {
    const items = [...["p", "q", "r", "s"].map((id) => task(id, shared)), task("t", "W000")];
    for (const index of [0, 1, 2, 3, 4, 5]) {
      const writes = placed(index, items, null);
      expect(column(items, writes)).toEqual(["p", "q", "r", "s", "t"].toSpliced(index, 0, "m"));
      const places = writes.map(({ values }) => values.position);
      expect(new Set([...places, shared, "W000"]).size).toBe(places.length + 2);
    }
  }
});

test("[P10] where too many cards share a place, or they go on out of sight, a card goes to the end, and that is told", () => {
  const alike = (count: number) => Array.from({ length: count }, (_, index) => task(`c${index + 100}`, ""));
  for (const [items, last] of [
    [alike(60), null],
    [alike(20), task("z", "")],
  ] as const) {
    const move = moveTo(3, items, last);
    expect(move).toMatchObject({ isToEnd: true });
    expect(column(items, placed(3, items, last)).at(-1)).toBe("m");
  }
});
