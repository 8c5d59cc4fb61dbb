/** YOURS. Projects of the team board: an object of their own, soft delete, seen and changed by their owner alone. */

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ownerOnly, resource, timestampHooks } from "ledge";

export const projectsTable = sqliteTable(
  "projects",
  {
    id: text("id").primaryKey(),
    name: text("name", { length: 120 }).notNull(),
    description: text("description", { length: 2000 }).notNull().default(""),
    ownerId: text("owner_id").notNull(),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
    archivedAt: integer("archived_at", { mode: "timestamp_ms" }),
  },
  // Every read is narrowed to the owner's rows.
  (table) => [index("projects_by_owner").on(table.ownerId)],
);

export const projects = resource(projectsTable, {
  ...ownerOnly("ownerId"),
  // With its tasks, in one transaction: src/web/board-routes.ts.
  capabilities: { delete: false },
  generatedFields: ["ownerId", "createdAt", "updatedAt"],
  softDelete: { field: "archivedAt" },
  readModel: true,
  search: { fields: [{ name: "name", weight: 2 }, "description"] },
  hooks: timestampHooks({ owner: "ownerId" }),
});
