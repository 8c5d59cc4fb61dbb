/**
 * The read model's own tables in D1: the copies there are, each with its cursor, and the guard of batches. The tables that hold the
 * rows (`rm_<table>`) follow from src/tables; `ledge generate` writes the migrations of both.
 */

import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * One row a copy of an object (`src/core/read-model/copy.ts`): the cursor, and what the register shows of the object. `walked`: one row a
 * group in partitions, for its age (`walk-objects.ts`).
 */
export const copies = sqliteTable(
  "rm_copies",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    object: text("object").notNull(),
    group: text("grp").notNull(),
    partition: text("part"),
    status: text("status", { enum: ["serving", "building", "dropping", "listed", "walked"] }).notNull(),
    /** Its rows are in no answer: it is being built, or dropped. */
    isHidden: integer("is_hidden").notNull(),
    epoch: text("epoch").notNull(),
    migration: text("migration"),
    form: text("form").notNull(),
    seq: integer("seq").notNull(),
    /** Head of the ledger when the object was last asked. */
    head: integer("head").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    /** JSON of a `Place`; null: all rows are taken over. */
    place: text("place"),
    /** ms since 1970: nothing that was committed up to then is missing. 0: not whole yet. */
    asOf: integer("as_of").notNull(),
    step: integer("step").notNull(),
  },
  // None over what moves with every batch: a cursor costs one row written.
  (table) => [
    uniqueIndex("rm_copies_serving").on(table.object).where(sql`status = 'serving'`),
    uniqueIndex("rm_copies_building").on(table.object).where(sql`status = 'building'`),
    index("rm_copies_by_object").on(table.object),
    index("rm_copies_by_group").on(table.group),
    index("rm_copies_by_epoch").on(table.epoch),
    index("rm_copies_hidden").on(table.id).where(sql`is_hidden = 1`),
  ],
);

/** Always empty: a batch that may not go on inserts NULL here, which fails all of it. */
export const guards = sqliteTable("rm_guards", { held: integer("held").notNull() });
