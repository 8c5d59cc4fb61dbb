/** The words that somebody typed in a write that was refused. */

import type { OutboxItem } from "ledge/client/offline";
import { expect, test } from "vitest";
import { describeWrite } from "../../src/web/client/board/describe-write.ts";
import { type WrittenText, withText, writtenText } from "../../src/web/client/board/written-text.ts";

type Write = OutboxItem["writes"][number];
const write = (table: string, op: Write["op"], values: Write["values"]): Write => {
  return { op, table, id: "x", values, base: null, tag: null };
};
const item = (...writes: Write[]): OutboxItem => ({ key: "k", status: "refused", madeAtMs: 1, writes });

test("[O3] what somebody typed is there whole, however long, and is sent with other words and all else as it was", () => {
  const long = "A title of some length that somebody has thought about for a while, and whose END is here";
  const renamed = item(write("tasks", "update", { title: long, dueAt: null }));
  expect(writtenText(renamed)).toMatchObject({ index: 0, label: "Title", text: long });
  expect(withText(renamed, writtenText(renamed) as WrittenText, " two\nlines ")).toEqual({
    title: "two lines",
    dueAt: null,
  });
  expect(describeWrite(renamed, "apart")).toBe("Rename a task");
  expect(describeWrite(renamed)).toMatch(/^Rename a task to “A title .*…”$/);

  const said = item(
    write("tasks", "update", { status: "done" }),
    write("comments", "create", { body: long, taskId: "t" }),
  );
  expect(writtenText(said)).toMatchObject({ index: 1, label: "Comment", text: long });
  expect(withText(said, writtenText(said) as WrittenText, "two\nlines")).toEqual({ body: "two\nlines", taskId: "t" });
  expect(describeWrite(item(write("projects", "create", { name: "Garden" })), "apart")).toBe("Add a board");
});

test("[O3] the line that a move leaves, a day, a removal and an example are not words that somebody typed", () => {
  const moved = item(
    write("comments", "create", { body: "todo done", kind: "moved" }),
    write("tasks", "update", { status: "done" }),
  );
  const example = item(...["a", "b", "c"].map((title) => write("tasks", "create", { title })));
  for (const each of [
    moved,
    example,
    item(write("tasks", "delete", {})),
    item(write("tasks", "update", { dueAt: null })),
  ])
    expect(writtenText(each)).toBeNull();
});
