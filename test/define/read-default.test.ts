/** Defaults that are SQL, as the description of a table and the write path have them. */

import { sql } from "drizzle-orm";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, it } from "vitest";
import { readTable } from "../../src/define/read-table.ts";

const things = sqliteTable("things", {
  id: text("id").primaryKey(),
  made: text("made").default(sql`(datetime('now'))`),
  filled: text("filled").default(sql`(${"it's"} || ${2} || ${sql.identifier("x")})`),
});

it("[HT25] a default in SQL is printed with its values in place, quoted", () => {
  const { defaults } = readTable(things, {} as never, undefined);
  expect(defaults.get("made")).toEqual({ kind: "expression", sql: "(datetime('now'))" });
  expect(defaults.get("filled")).toEqual({ kind: "expression", sql: `('it''s' || 2 || "x")` });
});
