/**
 * YOURS. Tasks of the team board: an object of their own. Shows enums, JSON, times, a computed field, a visible version
 * counter, soft delete, full-text search, and scopes per operation: a task is its author's, its assignee's and the administrators'.
 */

import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { isAdmin, resource, rsql, timestampHooks, type User } from "ledge";

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
  // The last two are for the scopes: they narrow every read to the author's and the assignee's rows.
  (table) => [
    index("tasks_by_project").on(table.projectId),
    index("tasks_by_author").on(table.authorId),
    index("tasks_by_assignee").on(table.assigneeId),
  ],
);

const mayWork = (user: User) => isAdmin(user) || rsql`authorId==${user.id},assigneeId==${user.id}`;
const mayDelete = (user: User) => isAdmin(user) || rsql`authorId==${user.id}`;

export const tasks = resource(tasksTable, {
  auth: {
    read: mayWork,
    subscribe: mayWork,
    create: "*",
    update: mayWork,
    // Only its author, or an administrator, deletes a task.
    delete: mayDelete,
    readDeleted: mayDelete,
  },
  generatedFields: ["authorId", "createdAt", "updatedAt"],
  etag: { versionField: "version" },
  softDelete: { field: "deletedAt" },
  search: { fields: ["title"] },
  computed: { isDone: (task) => task.status === "done" },
  hooks: timestampHooks({ owner: "authorId" }),
});
