/** A live page whose rows leave until what was kept beyond it is used up: it is read again, and stays the list's first rows. */

import { expect, test } from "vitest";
import type { LiveRow } from "../../../src/core/live/live-source.ts";
import { LiveWindow, type WindowRead } from "../../../src/core/live/live-window.ts";
import type { RowChange } from "../../../src/core/protocol/object-call.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { SAMPLES } from "../query/sample-table.ts";

const LIMIT = 3;

function rowOf(index: number): Row {
  const empty = Object.fromEntries(SAMPLES.columns.map(({ name }) => [name, null]));
  return { ...empty, id: `r${index}`, rank: index };
}

test.each([1, 5])(
  "[LV12] [LV14] rows leave from the top, %i a commit: each frame leaves the first rows, and few commits cost a read",
  (step) => {
    const rows = Array.from({ length: 100 }, (_each, index): LiveRow => ({ row: rowOf(index), version: 1 }));
    let reads = 0;
    const read: WindowRead = {
      first: (limit) => {
        reads++;
        return rows.slice(0, limit);
      },
      find: (id) => rows.find(({ row }) => row.id === id) ?? null,
    };
    const orderBy = [
      { field: "rank", direction: "asc" as const },
      { field: "id", direction: "asc" as const },
    ];
    const window = new LiveWindow({ orderBy, limit: LIMIT }, SAMPLES, () => true);
    const held = new Set(window.open(read).rows.map(({ row }) => row.id));
    let hasMore = true;
    let commits = 0;
    while (rows.length > 0) {
      const gone = rows.splice(0, step);
      const changes = gone.map(
        ({ row }): RowChange => ({ table: "samples", id: row.id as string, op: "delete", before: row, after: null }),
      );
      window.take(changes, ++commits);
      // What needs the rows at the head cannot be told while the object has gone on.
      const told = window.tell(null) ?? window.tell(read);
      for (const { op, id } of told?.news ?? []) {
        if (op === "removed") expect(held.delete(id)).toBe(true);
        else held.add(id);
      }
      if (told?.hasMore !== undefined) hasMore = told.hasMore;
      expect([...held].sort()).toEqual(
        rows
          .slice(0, LIMIT)
          .map(({ row }) => row.id)
          .sort(),
      );
      expect(hasMore).toBe(rows.length > LIMIT);
    }
    expect(reads).toBeGreaterThan(2);
    expect(reads).toBeLessThan(step === 1 ? 12 : commits);
  },
);
