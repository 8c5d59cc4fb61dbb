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
    /** Where it stands in its column: texts in between are made by src/web/place-between.ts, so that a move writes one row. */
    position: text("position", { length: 200 }).notNull().default(""),
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
  // The first is a column of the board, in order. The last two are for the scopes: they narrow every read to the author's and the
  // assignee's rows.
  (table) => [
    index("tasks_by_place").on(table.projectId, table.status, table.position),
    index("tasks_by_author").on(table.authorId),
    index("tasks_by_assignee").on(table.assigneeId),
  ],
);

const mayWork = (user: User) => isAdmin(user) || rsql`authorId==${user.id},assigneeId==${user.id}`;

export const tasks = resource(tasksTable, {
  auth: {
    read: mayWork,
    subscribe: mayWork,
    create: "*",
    update: mayWork,
    // Only its author, whose project it is in, removes a task.
    delete: (user) => rsql`authorId==${user.id}`,
  },
  generatedFields: ["authorId", "createdAt", "updatedAt"],
  etag: { versionField: "version" },
  softDelete: { field: "deletedAt" },
  readModel: true,
  // The board fetches pages of 100 and 250.
  pagination: { maxLimit: 1000 },
  search: { fields: ["title"] },
  relations: {
    attachments: { type: "hasMany", resource: "attachments", foreignKey: "taskId", onDelete: "cascade" },
    // In another object: `GET /api/tasks?include=labels` reads them in the copies.
    labels: {
      type: "manyToMany",
      resource: "labels",
      through: { resource: "task_labels", sourceKey: "taskId", targetKey: "labelId" },
    },
  },
  computed: { isDone: (task) => task.status === "done" },
  hooks: timestampHooks({ owner: "authorId" }),
});
