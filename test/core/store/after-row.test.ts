/** What follows a row in an order, as a filter, against the order itself. */

import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { viewComparator } from "../../../src/core/live/view-order.ts";
import { compileMatcher } from "../../../src/core/query/matches.ts";
import { afterRow } from "../../../src/core/store/after-row.ts";
import { column, tableOf } from "../query/sample-table.ts";

const TABLE = tableOf(
  [column("id", "text", { primaryKey: true, notNull: true }), column("rank", "int"), column("done", "bool")],
  {
    name: "tasks",
    group: "tasks",
  },
);
const ROWS: JsonObject[] = [null, 1, 2].flatMap((rank) =>
  [null, false, true].flatMap((done) => ["a", "b"].map((id) => ({ id: `${id}${rank}${done}`, rank, done }))),
);
const ORDERS = [
  [
    ["rank", "asc"],
    ["done", "desc"],
  ],
  [
    ["done", "asc"],
    ["rank", "desc"],
  ],
] as const;

test("[LS6] the filter takes the rows that come after one in the order, NULLs last, and no other", () => {
  for (const terms of ORDERS) {
    const orderBy = terms.map(([field, direction]) => (direction === "asc" ? field : `-${field}`)).join();
    const compare = viewComparator({ orderBy, key: "id", kinds: { id: "text", rank: "int", done: "bool" } });
    const order = [
      ...terms.map(([field, direction]) => ({ field, direction })),
      { field: "id", direction: "asc" } as const,
    ];
    for (const row of ROWS) {
      const takes = compileMatcher(afterRow(row, order), TABLE, undefined);
      const taken = ROWS.filter((each) => takes(each as never));
      expect(taken).toEqual(ROWS.filter((each) => compare(each, row) > 0));
    }
  }
});
