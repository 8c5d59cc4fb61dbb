/** Where a card goes that is let go, also below the last that is shown of a column with more. */

import { expect, test } from "vitest";
import type { Status, Task } from "../../src/web/client/board/columns.ts";
import { moveWrites } from "../../src/web/client/board/move-task.ts";

const task = (id: string, position: string, status: Status = "todo") =>
  ({ id, position, status, authorId: "ann", assigneeId: null }) as unknown as Task;
const shown = [task("a", "b"), task("b", "d"), task("c", "f")];
const end = task("z", "t");

const moved = task("m", "x", "doing");
const place = (index: number, last: Task | null, one = moved) => {
  const writes = moveWrites(one, { status: "todo", index }, { items: shown, end: last }, "ann");
  const [{ values }] = writes as unknown as readonly [{ readonly values: { readonly position: string } }];
  return values.position;
};

test("[P10] a card let go below the last that is shown comes behind the column's last, and between two others nowhere else", () => {
  expect(place(3, end) > "t").toBe(true);
  expect(place(3, null) > "f" && place(3, null) < "t").toBe(true);
  for (const last of [end, null]) {
    expect(place(0, last) < "b").toBe(true);
    expect(place(1, last) > "b" && place(1, last) < "d").toBe(true);
  }
});

test("[P10] a card of the column itself, too; one that is let go where it lies is not moved", () => {
  const [first] = shown as [Task, ...Task[]];
  expect(place(2, end, first) > "t").toBe(true);
  expect(moveWrites(first, { status: "todo", index: 0 }, { items: shown, end }, "ann")).toBeNull();
});
