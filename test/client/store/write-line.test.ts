/** Writes of one row that go straight to the server: what each of them stands on. */

import { expect, test } from "vitest";
import { WriteLine } from "../../../src/client/store/write-line.ts";
import { type RowWrite, tagLeftBy } from "../../../src/core/offline/outbox-entry.ts";

const write = (table: string, tag: string | null): RowWrite => {
  return { op: "update", table, id: "a", values: { title: "mine" }, base: null, tag };
};

test("[O3] after an own transaction a form that was read before it stands on what that has led to, and never on nothing", async () => {
  const line = new WriteLine();
  const sent: (string | null)[][] = [];
  const run = (writes: readonly RowWrite[], answer: (writes: readonly RowWrite[]) => (string | null)[]) =>
    line.run(writes, async (onLatest) => {
      sent.push(onLatest.map(({ tag }) => tag));
      return answer(onLatest);
    });
  const shown = "aaaaaaaaaaaaaaaa:1:000000";
  const both = [write("tasks", shown), write("notes", null)];
  await run(both, (writes) => [tagLeftBy("tx1", writes[0] as RowWrite), null]);
  await run([write("tasks", shown)], (writes) => [tagLeftBy("tx2", writes[0] as RowWrite)]);
  await run([write("tasks", shown)], () => [null]);
  // Where an answer names nothing, the condition stays what it was: a conflict that is none is better than a change that is lost.
  await run([write("tasks", shown)], () => ["aaaaaaaaaaaaaaaa:9:000000"]);
  // In a list the row has another form.
  await run([write("tasks", "aaaaaaaaaaaaaaaa:1:111111")], () => [null]);
  // Own writes of long ago are forgotten: what is still sent on them meets an honest conflict.
  for (let seq = 10; seq < 520; seq++)
    await run([write("notes", `aaaaaaaaaaaaaaaa:${seq}:000000`)], () => [`bbbbbbbbbbbbbbbb:${seq}:000000`]);
  sent.splice(5);
  await run([write("tasks", shown)], () => [null]);
  expect(sent.pop()).toEqual([shown]);
  expect(sent).toEqual([
    [shown, null],
    [`${shown}+tx1`],
    [`${shown}+tx2`],
    [`${shown}+tx2`],
    ["aaaaaaaaaaaaaaaa:9:000000"],
  ]);
});
