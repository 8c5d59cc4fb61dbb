/** The overlay of a tab: from when a write is shown until when. */

import { expect, test } from "vitest";
import { type DoneEntry, Overlay, type ReadingPlace, toAsk } from "../../../src/core/offline/overlay.ts";
import { entry, REFUSED, write } from "./entries.ts";

const done = (positions: readonly string[]) => ({ state: { kind: "done", positions } as const, rev: 2 });
const place = (seq: number | null, more: Partial<ReadingPlace> = {}): ReadingPlace => ({
  table: "tasks",
  at: seq === null ? null : { epoch: "e", seq },
  ...more,
});

function shown(overlay: Overlay): unknown[] {
  return overlay.writes("tasks").map(({ id }) => id);
}

test("[CI6] a write stays until every watch of its table shows its position, not until the answer", () => {
  const overlay = new Overlay();
  overlay.take(entry(1, [write("a")]));
  overlay.take(entry(1, [write("a")], done(["e:5"])));
  expect([overlay.reach([place(4)], new Map()), shown(overlay), overlay.awaited().length]).toEqual([false, ["a"], 1]);
  // A watch that shows nothing yet may have been read before.
  expect([overlay.reach([place(5), place(null)], new Map()), shown(overlay)]).toEqual([false, ["a"]]);
  expect([overlay.reach([place(5), place(7), place(1, { table: "notes" })], new Map()), shown(overlay)]).toEqual([
    true,
    [],
  ]);
});

test("[CI6] a position of another epoch says nothing: the object is asked by name, and then it is passed; without a watch there is nothing to wait for", () => {
  const overlay = new Overlay();
  overlay.take(entry(1, [write("a")]));
  const over = entry(1, [write("a")], done(["e:5"])) as DoneEntry;
  overlay.take(over);
  const at = { epoch: "f", seq: 7 };
  expect([overlay.reach([place(0, { at })], new Map()), toAsk(at, over, new Map())]).toEqual([false, { name: "?k1" }]);
  const told = new Map([["?k1", ["g:1", "f:8"]]]);
  expect([overlay.reach([place(0, { at })], told), toAsk(at, over, told)]).toEqual([false, { seq: 8 }]);
  expect([overlay.reach([], told), shown(overlay)]).toEqual([true, []]);
});

test("[CI6] of a transaction the objects that the answer does not name are asked where they have their part", () => {
  const overlay = new Overlay();
  const both = [write("a"), write("n", { table: "notes" })];
  overlay.take(entry(1, both));
  const over = entry(1, both, { state: { kind: "done", positions: ["e:5"], txid: "tx" }, rev: 2 }) as DoneEntry;
  overlay.take(over);
  const places = [place(9), place(0, { table: "notes", at: { epoch: "f", seq: 2 } })];
  expect([overlay.reach(places, new Map()), shown(overlay)]).toEqual([false, ["a"]]);
  expect(toAsk({ epoch: "f", seq: 2 }, over, new Map())).toEqual({ name: "tx" });
  expect(overlay.reach(places, new Map([["tx", ["f:3"]]]))).toBe(false);
  expect(overlay.reach(places, new Map([["tx", ["f:2"]]]))).toBe(true);
});

test("[CI6] the writes of a transaction fall together, and no write before an earlier one of its row", () => {
  const overlay = new Overlay();
  const both = [write("a"), write("n", { table: "notes" })];
  overlay.take(entry(1, both));
  overlay.take(entry(2, [write("a")]));
  overlay.take(entry(1, both, done(["e:5", "f:3"])));
  overlay.take(entry(2, [write("a")], done(["e:6"])));
  const notes = (seq: number) => place(null, { table: "notes", at: { epoch: "f", seq } });
  expect([overlay.reach([place(9), notes(2)], new Map()), shown(overlay)]).toEqual([false, ["a", "a"]]);
  expect([overlay.reach([place(9), notes(3)], new Map()), shown(overlay)]).toEqual([true, []]);
});

test("[CI6] a refused write is taken back at once; old news brings back nothing that is over", () => {
  const overlay = new Overlay();
  overlay.draft(entry(0, [write("a")], { key: "k1" }));
  overlay.take(entry(1, [write("a")]));
  expect(shown(overlay)).toEqual(["a"]);
  overlay.take(entry(1, [write("a")], { state: REFUSED, rev: 2 }));
  overlay.take(entry(1, [write("a")], { state: { kind: "sent", firstAtMs: 0 }, rev: 1 }));
  expect(shown(overlay)).toEqual([]);
  overlay.take(entry(1, [write("b")], { rev: 3 }));
  expect(shown(overlay)).toEqual(["b"]);
});

test("[CI6] [O4] what was given up in another tab is taken back; what is done stays when the storage lets go of it", () => {
  const overlay = new Overlay();
  overlay.take(entry(1, [write("a")]));
  overlay.drop("k1");
  overlay.take(entry(1, [write("a")], { rev: 9 }));
  expect(shown(overlay)).toEqual([]);
  overlay.take(entry(2, [write("b")]));
  overlay.take(entry(2, [write("b")], done(["e:5"])));
  overlay.drop("k2");
  expect(shown(overlay)).toEqual(["b"]);
});

test("[CI6] a write that is done before it was ever shown here is not begun with", () => {
  const overlay = new Overlay();
  overlay.take(entry(1, [write("a")], done(["e:5"])));
  expect([shown(overlay), overlay.size]).toEqual([[], { shown: 0, acknowledged: 0 }]);
});
