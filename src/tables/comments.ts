/** YOURS. Comments on tasks: an object of their own; people sign their own comments and edit no other. */

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { publicReadOwnerWrite, resource, timestampHooks } from "ledge";

export const commentsTable = sqliteTable(
  "comments",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id").notNull(),
    body: text("body", { length: 4000 }).notNull(),
    authorId: text("author_id").notNull(),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
  },
  (table) => [index("comments_by_task").on(table.taskId)],
);

export const comments = resource(commentsTable, {
  ...publicReadOwnerWrite("authorId"),
  generatedFields: ["authorId", "createdAt", "updatedAt"],
  hooks: timestampHooks({ owner: "authorId" }),
});
