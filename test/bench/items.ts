/** The table that every contender of the bench serves, and the rows in it. */

import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const itemsTable = sqliteTable(
  "items",
  {
    id: text("id").primaryKey(),
    ownerId: text("owner_id").notNull(),
    title: text("title").notNull(),
    status: text("status", { enum: ["todo", "doing", "done"] }).notNull(),
    rank: integer("rank").notNull(),
    score: real("score"),
    done: integer("done", { mode: "boolean" }).notNull(),
    createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
    note: text("note"),
  },
  (table) => [index("items_by_owner").on(table.ownerId)],
);

export interface Item {
  readonly id: string;
  readonly ownerId: string;
  readonly title: string;
  readonly status: "todo" | "doing" | "done";
  readonly rank: number;
  readonly score: number | null;
  readonly done: boolean;
  readonly createdAt: string;
  readonly note: string | null;
}

/** Rows of one owner: a list of them is one page without a next one. */
export const ITEMS_PER_OWNER = 20;

/** The n-th row: the same for every contender. Ids are UUIDv7 in order of n. */
export function itemAt(n: number): Item {
  return {
    id: `019a0000-${(n >>> 16).toString(16).padStart(4, "0")}-7000-8000-${(n & 0xffff).toString(16).padStart(12, "0")}`,
    ownerId: `owner-${Math.floor(n / ITEMS_PER_OWNER)}`,
    title: `Item ${n} with a title of usual length`,
    status: (["todo", "doing", "done"] as const)[n % 3] ?? "todo",
    rank: n % 1000,
    score: n % 7 === 0 ? null : n / 8,
    done: n % 3 === 2,
    createdAt: new Date(1_750_000_000_000 + n * 1000).toISOString(),
    note: n % 5 === 0 ? null : `note ${n}`,
  };
}
