/** YOURS. A report over all of a person's projects: tasks lie in another object, so it reads the copies of both in D1. */

import { sql } from "drizzle-orm";
import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { rsql } from "ledge";
import { view } from "ledge/read-model";
import { projects, projectsTable } from "./projects.ts";
import { tasks, tasksTable } from "./tasks.ts";

const reportTable = sqliteTable("project_report", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  ownerId: text("owner_id").notNull(),
  open: integer("open").notNull(),
  done: integer("done").notNull(),
  overdue: integer("overdue").notNull(),
  openHours: real("open_hours"),
});

const isDone = sql`${tasksTable.status} = 'done'`;
const isOverdue = sql`NOT ${isDone} AND ${tasksTable.dueAt} < unixepoch() * 1000`;

export const projectReport = view({
  columns: reportTable,
  of: [projects, tasks],
  query: sql`
    SELECT ${projectsTable.id}, ${projectsTable.name}, ${projectsTable.ownerId},
      count(CASE WHEN NOT ${isDone} THEN 1 END), count(CASE WHEN ${isDone} THEN 1 END), count(CASE WHEN ${isOverdue} THEN 1 END),
      sum(CASE WHEN NOT ${isDone} THEN ${tasksTable.estimateHours} END)
    FROM ${projectsTable} LEFT JOIN ${tasksTable} ON ${tasksTable.projectId} = ${projectsTable.id}
    GROUP BY ${projectsTable.id}, ${projectsTable.name}, ${projectsTable.ownerId}`,
  auth: { read: (user) => rsql`ownerId==${user.id}` },
});
