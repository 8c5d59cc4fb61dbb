/** The application of the bank test: accounts that money moves between, one object a bank. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";

export const accounts = resource(
  sqliteTable("accounts", {
    id: text("id").primaryKey(),
    bank: text("bank").notNull(),
    balance: integer("balance").notNull(),
  }),
  { ...fullyPublic(), id: "text", partitionBy: "bank", partition: { allow: () => true } },
);

export const app = defineApp({ name: "bank", resources: [accounts], transactions: { http: true } });
