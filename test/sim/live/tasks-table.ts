/** The table that the simulation of live queries is about: a scope column, a hidden one, one that may be NULL, soft delete. */

import type { TableSpec } from "../../../src/core/schema/table-spec.ts";
import { column, tableOf } from "../../core/query/sample-table.ts";

export const TASKS: TableSpec = tableOf(
  [
    column("id", "text", { primaryKey: true, notNull: true }),
    column("owner", "text"),
    column("list", "text"),
    column("points", "int"),
    column("secret", "text", { readable: false }),
    column("deletedAt", "time", { timeStorage: "ms" }),
  ],
  { name: "tasks", group: "tasks", softDelete: { field: "deletedAt", value: { kind: "now" } } },
);

/** Who is a member of which list. */
export const MEMBERS: TableSpec = tableOf(
  [column("id", "text", { primaryKey: true, notNull: true }), column("user", "text"), column("list", "text")],
  { name: "members", group: "tasks" },
);
