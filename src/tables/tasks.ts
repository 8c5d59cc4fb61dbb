/**
 * YOURS. Tasks of the team board: an object of their own. Shows enums, JSON, times, a computed field, a visible version
 * counter, soft delete, full-text search, and scopes per operation.
 */

import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { resource, rsql, timestampHooks } from "ledge";

export const tasksTable = sqliteTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    title: text("title", { length: 200 }).notNull(),
    status: text("status", { enum: ["todo", "doing", "done"] })
      .notNull()
      .default("todo"),
    priority: integer("priority").notNull().default(0),
    estimateHours: real("estimate_hours"),
    tags: text("tags", { mode: "json" }).$type<readonly string[]>(),
    authorId: text("author_id").notNull(),
    assigneeId: text("assignee_id"),
    dueAt: integer("due_at", { mode: "timestamp_ms" }),
    version: integer("version").notNull().default(1),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  },
  (table) => [index("tasks_by_project").on(table.projectId)],
);

export const tasks = resource(tasksTable, {
  public: { read: true },
  auth: {
    create: "*",
    // The author, the assignee and administrators may change a task; only its author, or an administrator, deletes it.
    update: (user) => user.roles.includes("admin") || rsql`authorId==${user.id},assigneeId==${user.id}`,
    delete: (user) => user.roles.includes("admin") || rsql`authorId==${user.id}`,
    readDeleted: (user) => user.roles.includes("admin") || rsql`authorId==${user.id}`,
  },
  generatedFields: ["authorId", "createdAt", "updatedAt"],
  etag: { versionField: "version" },
  softDelete: { field: "deletedAt" },
  search: { fields: ["title"] },
  computed: { isDone: (task) => task.status === "done" },
  hooks: timestampHooks({ owner: "authorId" }),
});
