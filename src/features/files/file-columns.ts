/**
 * The columns that a file table has beside its own, and their indexes: what is known of the bytes. Spread into the Drizzle table,
 * so that migrations and types come of it as of any other column.
 */

import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { index, integer, text } from "drizzle-orm/sqlite-core";

/** `...fileColumns()` in the columns of a table. */
export function fileColumns() {
  return {
    /** What clients call the file; any text that can be a file's name. */
    name: text("file_name", { length: 255 }).notNull(),
    /** Media type: `image/png`. */
    type: text("file_type", { length: 129 }).notNull(),
    /** Bytes. */
    size: integer("file_size").notNull(),
    status: text("file_status", { enum: ["pending", "stored"] })
      .notNull()
      .default("pending"),
    hash: text("file_hash"),
    storedAt: integer("file_stored_at", { mode: "timestamp_ms" }),
    blobKey: text("file_blob_key"),
    uploadKey: text("file_upload_key"),
    upload: text("file_upload", { mode: "json" }),
  };
}

/** The third argument of `sqliteTable`: by these keys it is found out who else holds the same bytes. */
export function fileIndexes(table: string) {
  return (columns: {
    readonly hash: SQLiteColumn;
    readonly blobKey: SQLiteColumn;
    readonly uploadKey: SQLiteColumn;
  }) => [
    index(`${table}_by_file_hash`).on(columns.hash),
    index(`${table}_by_blob_key`).on(columns.blobKey),
    index(`${table}_by_upload_key`).on(columns.uploadKey),
  ];
}

/** Columns that uploads alone write. */
export const UPLOAD_COLUMNS = ["status", "hash", "storedAt", "blobKey", "uploadKey", "upload"] as const;
/** Those of them that leave no object. */
export const HIDDEN_COLUMNS = ["blobKey", "uploadKey", "upload"] as const;
/** All of them. */
export const FILE_COLUMNS = ["name", "type", "size", ...UPLOAD_COLUMNS] as const;
