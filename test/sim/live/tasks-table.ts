/** The table that the simulation of live queries is about: a scope column, a hidden one, one that may be NULL, soft delete. */

import type { ColumnKind, ColumnSpec, TableSpec } from "../../../src/core/schema/table-spec.ts";

function column(name: string, kind: ColumnKind, more: Partial<ColumnSpec> = {}): ColumnSpec {
  return {
    name,
    sqlName: name,
    kind,
    notNull: false,
    hasDefault: false,
    primaryKey: false,
    readable: true,
    writable: true,
    filterable: true,
    sortable: true,
    serverFilled: false,
    ...more,
  };
}

export const TASKS: TableSpec = {
  name: "tasks",
  columns: [
    column("id", "text", { primaryKey: true, notNull: true }),
    column("owner", "text"),
    column("list", "text"),
    column("points", "int"),
    column("secret", "text", { readable: false }),
    column("deletedAt", "time", { timeStorage: "ms" }),
  ],
  primaryKey: "id",
  idKind: "text",
  group: "tasks",
  partitionBy: null,
  softDelete: { field: "deletedAt", value: { kind: "now" } },
  versionField: null,
  etagRequired: false,
  strictInput: false,
  computed: [],
  pagination: { defaultLimit: 20, maxLimit: 100, offset: true },
  capabilities: {
    create: true,
    update: true,
    delete: true,
    batch: true,
    aggregate: true,
    subscribe: true,
    search: false,
  },
  batch: { limits: { create: 100, update: 100, replace: 100, delete: 100, upsert: 100 }, confirm: false },
  shape: "000000",
};
