/**
 * The application that is attacked: tables of every kind, routes of its own, middleware, cross-origin access, and a log that the
 * tests read. In it lie secrets (CANARY): rows, columns and partitions that no caller of the fuzzer may ever see.
 */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, type LogEntry, RateLimitError, resource, rsql } from "ledge";
import { fileColumns, fileIndexes, fileResource, files } from "../../src/features/files/files.ts";
import { home } from "../../src/web/home.ts";
import { crates, guarded, lots } from "../support/batch-tables.ts";
import { films } from "../support/film-table.ts";
import { pages, remarks } from "../support/search-tables.ts";
import * as tables from "../support/test-tables.ts";
import { vault } from "../support/vault-table.ts";

/** Occurs in everything that must not be seen, and nowhere else. */
export const CANARY = "CANARY-7f3a9c";
/** Owns rows that hold it; no token of the fuzzer is theirs. */
export const VICTIM = "victim-2c81e0";

/** What the Worker logged, newest last; tests clear it. */
export const logged: LogEntry[] = [];

const id = () => text("id").primaryKey();

/** Cursors that expire at once. */
export const fleeting = resource(sqliteTable("fleeting", { id: id(), title: text("title") }), {
  ...fullyPublic(),
  pagination: { cursorMaxAgeMs: 1 },
});

/** Private rows beside shared ones, soft delete, columns that never leave. */
export const notes = resource(
  sqliteTable("notes", {
    id: id(),
    ownerId: text("owner_id").notNull(),
    title: text("title", { length: 200 }).notNull(),
    rank: integer("rank"),
    shared: integer("shared", { mode: "boolean" }).notNull().default(false),
    hidden: text("hidden").default(CANARY),
    code: text("code").unique(),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  {
    auth: {
      read: (user) => rsql`ownerId==${user.id},shared==true`,
      create: (user) => rsql`ownerId==${user.id}`,
      update: (user) => rsql`ownerId==${user.id}`,
      delete: (user) => rsql`ownerId==${user.id}`,
      readDeleted: (user) => rsql`ownerId==${user.id}`,
      hardDelete: (user) => rsql`ownerId==${user.id}`,
    },
    public: { read: "shared==true" },
    columns: { hidden: { returned: false, input: false } },
    softDelete: { field: "deletedAt" },
  },
);

/** Bytes with their rows: open to everybody, and in partitions. */
export const scans = fileResource(sqliteTable("scans", { id: id(), ...fileColumns() }, fileIndexes("scans")), {
  ...fullyPublic(),
  file: { maxBytes: 1000 },
});
export const sheets = fileResource(
  sqliteTable("sheets", { id: id(), place: text("place").notNull(), ...fileColumns() }, fileIndexes("sheets")),
  {
    ...fullyPublic(),
    partitionBy: "place",
    partition: { allow: (_, partition) => partition === "p1" || partition === "p2" },
  },
);

const {
  articles,
  audits,
  bonds,
  children,
  counters,
  denied,
  diaries,
  fixed,
  guests,
  hooked,
  itemsSplit,
  kinds,
  narrow,
  letters,
  papers,
  parents,
  slugs,
  strict,
  untouched,
} = tables;

export const features = [files()];

export const app = defineApp({
  name: "fuzz",
  features,
  resources: {
    articles,
    audits,
    bonds,
    children,
    counters,
    crates,
    denied,
    diaries,
    films,
    fixed,
    fleeting,
    guarded,
    guests,
    hooked,
    itemsSplit,
    kinds,
    lots,
    narrow,
    notes,
    letters,
    pages,
    papers,
    parents,
    remarks,
    scans,
    sheets,
    slugs,
    strict,
    untouched,
    vault,
  },
  cors: { origins: (origin) => origin.endsWith("://app.example.com"), credentials: true },
  middleware: [(_context, next) => next()],
  effects: { ping: () => undefined },
  transactions: { http: true },
  observability: { logLevel: "info", sink: (entry) => void logged.push(entry) },
  // Tokens of development are needed, the causes of defects are not to be shown.
  debug: false,
})
  .route("GET", "/", home)
  .route("GET", "/api/echo/:text", ({ params }) => ({ text: params.text }))
  .route("POST", "/api/limited", () => {
    throw new RateLimitError(1);
  })
  .route("GET", "/api/broken", () => {
    throw new Error(`${CANARY} in the message of a defect`);
  });
