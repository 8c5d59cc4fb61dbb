/**
 * Types of rows in their JSON form, inferred from a Drizzle table: what the API shows and what hooks see.
 * Times are ISO text, 64-bit integers are digits, blobs are base64.
 */

import type { InferInsertModel, InferSelectModel } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

type JsonForm<V> = V extends Date ? string : V extends bigint ? string : V extends Uint8Array ? string : V;

/** A whole row, e.g. `RowOf<typeof tasks>` is `{ id: string; title: string; dueAt: string | null; … }`. */
export type RowOf<T extends SQLiteTable> = { [K in keyof InferSelectModel<T>]: JsonForm<InferSelectModel<T>[K]> };

/** What a create takes: columns with a default, or that allow NULL, may be left out. */
export type NewRowOf<T extends SQLiteTable> = { [K in keyof InferInsertModel<T>]: JsonForm<InferInsertModel<T>[K]> };

export type ColumnName<T extends SQLiteTable> = Extract<keyof InferSelectModel<T>, string>;

/** A row of any table, for code that works on all of them ([TY2]). */
export type GenericRow = {
  readonly id?: string | number;
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
  readonly deleted_at?: string | null;
  readonly [column: string]: unknown;
};
