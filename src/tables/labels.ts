/**
 * YOURS. Labels and the join table that puts them on tasks: one group, so one object, so a foreign key between them holds
 * and removing a label takes its uses along in the same commit. Whoever is signed in shares them.
 */

import { sqliteTable, text, unique } from "drizzle-orm/sqlite-core";
import { authenticated, resource } from "ledge";

export const labelsTable = sqliteTable("labels", {
  id: text("id").primaryKey(),
  name: text("name", { length: 40 }).notNull().unique(),
  color: text("color", { length: 20 }).notNull().default("slate"),
});

export const taskLabelsTable = sqliteTable(
  "task_labels",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id").notNull(),
    labelId: text("label_id")
      .notNull()
      .references(() => labelsTable.id),
  },
  (table) => [unique("task_labels_once").on(table.taskId, table.labelId)],
);

export const labels = resource(labelsTable, {
  ...authenticated(),
  group: "labels",
  readModel: true,
  relations: { uses: { type: "hasMany", resource: "task_labels", foreignKey: "labelId", onDelete: "cascade" } },
});

export const taskLabels = resource(taskLabelsTable, { ...authenticated(), group: "labels", readModel: true });
