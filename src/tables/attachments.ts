/**
 * YOURS. Files attached to tasks: a file table in the object of its task (docs/files.md), shown and put by name at
 * `/api/tasks/<id>/attachments/<name>` under the rights of the task. Shows a preset of images and a hook that asks for the task.
 */

import { index, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ForbiddenError, isAdmin, ownerOnly } from "ledge";
import { fileColumns, fileIndexes, fileResource } from "ledge/files";

export const attachmentsTable = sqliteTable(
  "attachments",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id").notNull(),
    ownerId: text("owner_id").notNull(),
    ...fileColumns(),
  },
  (table) => [
    index("attachments_by_task").on(table.taskId),
    index("attachments_by_owner").on(table.ownerId),
    ...fileIndexes("attachments")(table),
  ],
);

export const attachments = fileResource(attachmentsTable, {
  // At its own path a file is its owner's: there it is uploaded, in parts too. Everybody else comes by the task.
  ...ownerOnly("ownerId"),
  group: "tasks",
  generatedFields: ["ownerId"],
  // What a search over everything needs: the name, and whose it is.
  search: { fields: ["name"] },
  readModel: ["taskId", "ownerId", "name", "type", "size", "status"],
  file: {
    maxBytes: 20_000_000,
    types: ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"],
    attachedTo: { resource: "tasks", foreignKey: "taskId", max: 20 },
    // The page that announced a file may be closed before it is sent: until then it takes up one of the places.
    expiresMs: 3_600_000,
    images: { presets: { thumb: { width: 160, height: 120, fit: "cover" } } },
  },
  hooks: {
    onWrite(tx, { before, after }) {
      if (after === null || before?.taskId === after.taskId) return undefined;
      const task = tx.get("tasks", after.taskId, { at: "before" });
      const { user } = tx;
      const mayWork = user.kind === "user" && (isAdmin(user) || [task?.authorId, task?.assigneeId].includes(user.id));
      if (!mayWork) throw new ForbiddenError("Only who works on a task attaches files to it");
      return before === null ? { ownerId: user.id } : undefined;
    },
  },
});
