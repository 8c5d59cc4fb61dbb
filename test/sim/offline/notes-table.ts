/** The table that the simulation of the outbox is about: two columns to edit, one that names another row, two for scopes. */

import type { ColumnSpec, TableSpec } from "../../../src/core/schema/table-spec.ts";
import { TASKS } from "../live/tasks-table.ts";

function text(name: string, more: Partial<ColumnSpec> = {}): ColumnSpec {
  return { ...(TASKS.columns[1] as ColumnSpec), name, sqlName: name, ...more };
}

export const NOTES: TableSpec = {
  ...TASKS,
  name: "notes",
  columns: [
    text("id", { primaryKey: true, notNull: true }),
    text("owner"),
    text("title"),
    text("body"),
    text("parent"),
    // Of the lists that a person is a member of, where scopes depend on that.
    text("list"),
  ],
  group: "notes",
  softDelete: null,
};
