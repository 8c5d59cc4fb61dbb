/** YOURS. Projects of the team board: an object of their own, soft delete, seen and changed by their owner alone. */

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ownerOnly, resource, rsql, timestampHooks } from "ledge";

export const projectsTable = sqliteTable(
  "projects",
  {
    id: text("id").primaryKey(),
    name: text("name", { length: 120 }).notNull(),
    description: text("description", { length: 2000 }).notNull().default(""),
    ownerId: text("owner_id").notNull(),
    /** Kept by src/web/board-routes.ts, in the transaction of the task that comes or goes. */
    taskCount: integer("task_count").notNull().default(0),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
    archivedAt: integer("archived_at", { mode: "timestamp_ms" }),
  },
  // Every read is narrowed to the owner's rows.
  (table) => [index("projects_by_owner").on(table.ownerId)],
);

const mine = ownerOnly("ownerId");

export const projects = resource(projectsTable, {
  ...mine,
  // One with tasks stays: they could neither move nor go without their project's counter.
  auth: { ...mine.auth, delete: (user) => rsql`ownerId==${user.id};taskCount==0` },
  generatedFields: ["ownerId", "taskCount", "createdAt", "updatedAt"],
  softDelete: { field: "archivedAt" },
  search: { fields: [{ name: "name", weight: 2 }, "description"] },
  hooks: timestampHooks({ owner: "ownerId" }),
});
