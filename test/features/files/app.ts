/** Tables with files, for the tests of the feature: of one's own, in partitions with soft delete, open to everybody, short-lived. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConflictError, defineApp, fullyPublic, ownerOnly, resource, timestampHooks } from "ledge";
import { fileColumns, fileIndexes, fileResource, files } from "../../../src/features/files/files.ts";

const id = () => text("id").primaryKey();

/** What hooks of `papers` saw. */
export const seen: string[] = [];

const papersTable = sqliteTable(
  "papers",
  { id: id(), ownerId: text("owner_id").notNull(), taskId: text("task_id"), note: text("note"), ...fileColumns() },
  fileIndexes("papers"),
);

export const papers = fileResource(papersTable, {
  ...ownerOnly("ownerId"),
  generatedFields: ["ownerId"],
  group: "desk",
  file: { maxBytes: 40_000_000, blockedTypes: ["application/x-msdownload"] },
  hooks: {
    onWrite(tx, change) {
      seen.push(`write ${change.op} ${change.after?.status ?? "-"}`);
      return timestampHooks({ owner: "ownerId" }).onWrite?.(tx, change as never) as never;
    },
    onAfterCreate: { durable: true, run: ({ op, after }) => void seen.push(`after ${op} ${after?.name}`) },
    onAfterUpdate: { durable: true, run: ({ op, after }) => void seen.push(`after ${op} ${after?.name}`) },
    onAfterDelete: { durable: true, run: ({ op, before }) => void seen.push(`after ${op} ${before?.name}`) },
  },
});

export const tasks = resource(sqliteTable("tasks", { id: id(), title: text("title").notNull() }), {
  ...fullyPublic(),
  group: "desk",
  hooks: {
    // Removes by hand what a relation would: the papers of this name.
    onWrite(tx, { after }) {
      const { title } = (after ?? {}) as { readonly title?: string };
      if (title?.startsWith("drop ") !== true) return;
      for (const { id } of tx.find("papers", `name==${JSON.stringify(title.slice(5))}`))
        tx.delete("papers", String(id));
      if (title.endsWith("!")) throw new ConflictError("undone");
    },
  },
  relations: { papers: { type: "hasMany", resource: "papers", foreignKey: "taskId", onDelete: "cascade" } },
});

export const binned = fileResource(
  sqliteTable(
    "binned",
    {
      id: id(),
      room: text("room").notNull(),
      deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
      ...fileColumns(),
    },
    fileIndexes("binned"),
  ),
  {
    ...fullyPublic(),
    auth: { ...fullyPublic().auth, hardDelete: "*" },
    partitionBy: "room",
    partition: { allow: (_, partition) => partition !== "closed" },
    softDelete: { field: "deletedAt" },
    etag: { required: true },
  },
);

const casesTable = sqliteTable("cases", { id: id(), ownerId: text("owner_id").notNull(), title: text("title") });

/** Rows with attachments by name; a case is read by everybody and updated by its owner. */
export const cases = resource(casesTable, {
  auth: { read: "*", create: "*", update: ({ id }) => `ownerId==${JSON.stringify(id)}`, delete: "*" },
  group: "cases",
  generatedFields: ["ownerId"],
  hooks: timestampHooks({ owner: "ownerId" }),
  relations: {
    attachments: { type: "hasMany", resource: "enclosures", foreignKey: "caseId", onDelete: "cascade" },
  },
});

/** Their attachments: three a case, thrown away softly, of no use but through their case. */
export const enclosures = fileResource(
  sqliteTable(
    "enclosures",
    {
      id: id(),
      caseId: text("case_id").notNull(),
      author: text("author").notNull(),
      deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
      ...fileColumns(),
    },
    fileIndexes("enclosures"),
  ),
  {
    auth: {
      create: ({ roles }) => roles.includes("admin"),
      update: ({ roles }) => roles.includes("admin"),
      read: ({ roles }) => roles.includes("admin"),
    },
    group: "cases",
    generatedFields: ["author"],
    softDelete: { field: "deletedAt" },
    hooks: timestampHooks({ owner: "author" }),
    file: {
      maxBytes: 1000,
      types: ["text/*", "image/png"],
      attachedTo: { resource: "cases", foreignKey: "caseId", max: 3 },
    },
  },
);

/** Images in two sizes; other files too. */
export const pictures = fileResource(sqliteTable("pictures", { id: id(), ...fileColumns() }, fileIndexes("pictures")), {
  ...fullyPublic(),
  file: {
    images: {
      maxWidth: 100,
      maxHeight: 100,
      presets: { thumb: { width: 16, height: 16, fit: "cover" }, narrow: { width: 32, format: "png" } },
    },
  },
});

/** Announcements of a moment, images only. */
export const moments = fileResource(sqliteTable("moments", { id: id(), ...fileColumns() }, fileIndexes("moments")), {
  ...fullyPublic(),
  file: { types: ["image/*"], maxBytes: 1000, expiresMs: 1, requestMs: 1000 },
});

export const app = defineApp({
  name: "test",
  resources: [papers, tasks, binned, moments, cases, enclosures, pictures],
  features: [files()],
  transactions: { http: true },
});

const FILE_SQL =
  "file_name text NOT NULL, file_type text NOT NULL, file_size integer NOT NULL, file_status text DEFAULT 'pending' NOT NULL, file_hash text, file_stored_at integer, file_blob_key text, file_upload_key text, file_upload text, _version integer DEFAULT 0 NOT NULL";

function tableSql(name: string, columns: string): string {
  const by = (column: string, index: string) => `CREATE INDEX ${name}_by_${index} ON ${name} (${column})`;
  return [
    `CREATE TABLE ${name} (id text PRIMARY KEY NOT NULL, ${columns}${FILE_SQL})`,
    by("file_hash", "file_hash"),
    by("file_blob_key", "blob_key"),
    by("file_upload_key", "upload_key"),
  ].join(";\n--> statement-breakpoint\n");
}

const migration = (sql: string) => [{ tag: "0000_files", sql }];

export const migrations = {
  desk: migration(
    [
      tableSql("papers", "owner_id text NOT NULL, task_id text, note text, "),
      "CREATE TABLE tasks (id text PRIMARY KEY NOT NULL, title text NOT NULL, _version integer DEFAULT 0 NOT NULL)",
    ].join(";\n--> statement-breakpoint\n"),
  ),
  binned: migration(tableSql("binned", "room text NOT NULL, deleted_at integer, ")),
  cases: migration(
    [
      tableSql("enclosures", "case_id text NOT NULL, author text NOT NULL, deleted_at integer, "),
      "CREATE TABLE cases (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, title text, _version integer DEFAULT 0 NOT NULL)",
    ].join(";\n--> statement-breakpoint\n"),
  ),
  pictures: migration(tableSql("pictures", "")),
  moments: migration(tableSql("moments", "")),
};
