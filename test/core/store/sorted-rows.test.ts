/** Rows kept in order change by change, against sorting them anew; and a list in ranges, against the whole of it. */

import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import type { ViewChange } from "../../../src/core/live/live-view.ts";
import { viewComparator } from "../../../src/core/live/view-order.ts";
import { SortedRows } from "../../../src/core/store/sorted-rows.ts";
import { seeded } from "../../crash/random.ts";

const compare = viewComparator({
  orderBy: "-rank,title",
  key: "id",
  kinds: { rank: "int", title: "text", id: "text" },
});

test("[LS3] rows are in order after any changes, the same objects as those that came, as if they were sorted anew", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const draw = (id: string): JsonObject => ({
      id,
      rank: random.chance(0.2) ? null : random.between(0, 4),
      title: random.pick(["a", "b", null]),
    });
    const held = new Map<string, JsonObject>();
    for (let index = 0; index < random.pick([3, 60]); index++) held.set(`r${index}`, draw(`r${index}`));
    const sorted = new SortedRows(compare);
    sorted.replace(held.values());
    for (let step = 0; step < 30; step++) {
      const changes: ViewChange[] = [];
      for (let count = random.pick([1, 3, 40]); count > 0; count--) {
        const id = `r${random.between(0, 80)}`;
        const previous = held.get(id);
        if (previous !== undefined && random.chance(0.3)) {
          held.delete(id);
          changes.push({ op: "removed", id, row: previous, previous });
        } else {
          const row = draw(id);
          held.set(id, row);
          changes.push({ op: previous === undefined ? "added" : "changed", id, row, ...(previous && { previous }) });
        }
      }
      sorted.apply(changes, () => held.values());
      const wanted = [...held.values()].sort(compare);
      expect(sorted.rows).toHaveLength(wanted.length);
      expect(sorted.rows.every((row, index) => row === wanted[index])).toBe(true);
    }
  }
});

test("[LS3] a change of what was not held begins from what is; without an order rows stand as they came", () => {
  const row = (id: string): JsonObject => ({ id, rank: 1, title: id });
  const [a, b, c] = [row("a"), row("b"), row("c")];
  const sorted = new SortedRows(compare);
  sorted.replace([a]);
  sorted.apply([{ op: "removed", id: "c", row: c, previous: c }], () => [c, b]);
  expect(sorted.rows).toEqual([b, c]);
  const plain = new SortedRows(null);
  plain.replace([c, a]);
  plain.apply([{ op: "added", id: "b", row: b }], () => []);
  plain.apply([{ op: "changed", id: "c", row: { ...c, rank: 2 }, previous: c }], () => []);
  expect(plain.rows.map(({ id }) => id)).toEqual(["c", "a", "b"]);
});
