/**
 * YOURS. Comments on tasks: an object of their own. Their author signs them, changes them, and says whom they are for; nobody else
 * reads them.
 */

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ownerOnly, resource, rsql, timestampHooks, type User } from "ledge";

export const commentsTable = sqliteTable(
  "comments",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id").notNull(),
    body: text("body", { length: 4000 }).notNull(),
    /** `moved`: a line of the task's history, written by the transaction that moved it. */
    kind: text("kind", { enum: ["said", "moved"] })
      .notNull()
      .default("said"),
    authorId: text("author_id").notNull(),
    /** A person who may read it, too. Chosen by the author: comments lie in another object than tasks and cannot look it up. */
    recipientId: text("recipient_id"),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
  },
  // The last two are for the scopes: they narrow every read to the author's and the recipient's rows.
  (table) => [
    index("comments_by_task").on(table.taskId),
    index("comments_by_author").on(table.authorId),
    index("comments_by_recipient").on(table.recipientId),
  ],
);

const mayRead = (user: User) => rsql`authorId==${user.id},recipientId==${user.id}`;

export const comments = resource(commentsTable, {
  auth: { ...ownerOnly("authorId").auth, read: mayRead, subscribe: mayRead },
  generatedFields: ["authorId", "createdAt", "updatedAt"],
  search: { fields: ["body"] },
  readModel: true,
  hooks: timestampHooks({ owner: "authorId" }),
});
