/** Tables of the read model's tests: one in an object of its own, two in one object, one in partitions; views over them. */

import { eq, sql } from "drizzle-orm";
import { blob, index, integer, QueryBuilder, real, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource, rsql } from "ledge";
import { readModel, view } from "../../../src/features/read-model/read-model.ts";
import { differentialTables, differentialViews } from "./differential-tables.ts";

const id = () => text("id").primaryKey();
const writable = { create: "*", update: "*", delete: "*" } as const;

const projectsTable = sqliteTable("projects", {
  id: id(),
  name: text("name").notNull(),
  ownerId: text("owner_id").notNull(),
  secret: text("secret"),
});
/** Notes lie in partitions, which no claim names. */
const pinned = { sourceKey: "projectId", targetKey: "noteId" };
export const projects = resource(projectsTable, {
  ...fullyPublic(),
  id: "text",
  // Never returned, so not among all.
  columns: { secret: { returned: false } },
  readModel: true,
  relations: { notes: { type: "manyToMany", resource: "notes", through: { resource: "pins", ...pinned } } },
});

const pinsTable = sqliteTable("pins", {
  id: id(),
  projectId: text("project_id").notNull(),
  noteId: text("note_id").notNull(),
});
export const pins = resource(pinsTable, { ...fullyPublic(), id: "text", readModel: true });

const tasksTable = sqliteTable(
  "tasks",
  {
    id: id(),
    projectId: text("project_id").notNull(),
    title: text("title").notNull(),
    hours: real("hours"),
    size: integer("size"),
    big: text("big"),
    isDone: integer("is_done", { mode: "boolean" }).notNull().default(false),
    dueAt: integer("due_at", { mode: "timestamp_ms" }),
    tags: text("tags", { mode: "json" }).$type<readonly string[]>(),
    bytes: blob("bytes", { mode: "buffer" }),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  },
  // As many as the example's tasks have, for what a copied commit costs.
  (table) => [
    index("tasks_by_project").on(table.projectId),
    index("tasks_by_size").on(table.size),
    index("tasks_by_due").on(table.dueAt),
  ],
);
export const tasks = resource(tasksTable, {
  ...fullyPublic(),
  id: "text",
  group: "work",
  columns: { big: { type: "bigint" } },
  softDelete: { field: "deletedAt" },
  search: { fields: ["title"] },
  readModel: true,
  changelog: { maxCommits: 200 },
  relations: {
    people: {
      type: "manyToMany",
      resource: "people",
      through: { resource: "members", sourceKey: "taskId", targetKey: "personId" },
    },
    labels: { type: "hasMany", resource: "labels", foreignKey: "taskId" },
  },
});

const peopleTable = sqliteTable("people", {
  id: id(),
  name: text("name").notNull(),
  rank: integer("rank"),
  ownerId: text("owner_id").notNull(),
  secret: text("secret"),
  deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
});
/** Related to tasks over a join table; all three lie in objects of their own, and each has a rule of its own. */
export const people = resource(peopleTable, {
  auth: { ...writable, read: (user) => rsql`ownerId==${user.id}` },
  id: "text",
  columns: { secret: { returned: false } },
  softDelete: { field: "deletedAt" },
  computed: { initial: (person) => person.name.slice(0, 1) },
  // Whole by name: computed fields see the hidden column, too.
  readModel: ["name", "rank", "ownerId", "secret"],
  relations: {
    tasks: {
      type: "manyToMany",
      resource: "tasks",
      through: { resource: "members", sourceKey: "personId", targetKey: "taskId" },
    },
  },
});

const membersTable = sqliteTable(
  "members",
  {
    id: id(),
    taskId: text("task_id").notNull(),
    personId: text("person_id").notNull(),
    isOpen: integer("is_open").notNull(),
  },
  (table) => [unique("members_once").on(table.taskId, table.personId)],
);
export const members = resource(membersTable, {
  auth: { ...writable, read: () => rsql`isOpen==1` },
  id: "text",
  readModel: ["taskId", "personId", "isOpen"],
});

const labelsTable = sqliteTable("labels", {
  id: id(),
  taskId: text("task_id").notNull(),
  name: text("name").notNull(),
});
export const labels = resource(labelsTable, { ...fullyPublic(), id: "text", group: "work", readModel: true });

const notesTable = sqliteTable("notes", {
  id: id(),
  room: text("room").notNull(),
  authorId: text("author_id").notNull(),
  body: text("body").notNull(),
  secret: text("secret"),
  rank: integer("rank").notNull().default(0),
});
/** Only some columns are copied; the secret is not. */
export const notes = resource(notesTable, {
  ...fullyPublic(),
  id: "text",
  partitionBy: "room",
  partition: { allow: (user, room) => room !== "closed" || (user.kind === "user" && user.id === "ann") },
  search: { fields: ["body"] },
  readModel: ["authorId", "body", "rank"],
  relations: {
    projects: {
      type: "manyToMany",
      resource: "projects",
      through: { resource: "pins", sourceKey: "noteId", targetKey: "projectId" },
    },
  },
});

/** Columns with names that SQLite has for the number of a row. */
export const shelves = resource(
  sqliteTable("shelves", { id: id(), title: text("title").notNull(), rowid: integer("rowid"), oid: text("oid") }),
  { ...fullyPublic(), id: "text", search: { fields: ["title"] }, readModel: true },
);

const reportTable = sqliteTable("project_report", {
  id: id(),
  name: text("name").notNull(),
  ownerId: text("owner_id").notNull(),
  open: integer("open").notNull(),
  hours: real("hours"),
});

const report = view({
  columns: reportTable,
  of: [projects, tasks],
  query: new QueryBuilder()
    .select({
      id: projectsTable.id,
      name: projectsTable.name,
      ownerId: projectsTable.ownerId,
      open: sql<number>`count(CASE WHEN ${tasksTable.isDone} = 0 THEN 1 END)`.as("open"),
      hours: sql<number>`sum(${tasksTable.hours})`.as("hours"),
    })
    .from(projectsTable)
    .leftJoin(tasksTable, eq(tasksTable.projectId, projectsTable.id))
    .groupBy(projectsTable.id),
  auth: { read: (user) => rsql`ownerId==${user.id}` },
});

/** A key that its rows share, and a column that is empty in most whatever it declares. */
const looseTable = sqliteTable("loose_notes", { id: id(), body: text("body").notNull(), name: text("name").notNull() });
const loose = view({
  columns: looseTable,
  of: [notes, projects],
  query: new QueryBuilder()
    .select({ id: notesTable.id, body: notesTable.body, name: projectsTable.name })
    .from(notesTable)
    .leftJoin(projectsTable, eq(projectsTable.id, notesTable.id)),
  ...fullyPublic(),
});

export const app = defineApp({
  name: "test",
  resources: [projects, tasks, labels, notes, people, members, pins, shelves, ...differentialTables],
  features: [
    readModel({
      views: [
        view("all_tasks", { of: tasks, ...fullyPublic() }),
        view("all_notes", { of: notes, auth: { read: "*" } }),
        view("my_notes", { of: notes, auth: { read: (user) => rsql`authorId==${user.id}` } }),
        view("team_notes", { of: notes, auth: { read: () => rsql`room=in=${["red", "blue"]}` } }),
        report,
        loose,
        ...differentialViews,
      ],
    }),
  ],
  transactions: { http: true },
});
