/** Ledge, serving the table of the transactions' bench: accounts, one object a bank; open to all, as the floor is. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";
import { tableObject } from "../../durable-objects/table/table-object.ts";

const CREATE = `CREATE TABLE accounts (id text PRIMARY KEY NOT NULL, bank text NOT NULL, balance integer NOT NULL, note text NOT NULL,
  _version integer DEFAULT 0 NOT NULL);`;

const accounts = resource(
  sqliteTable("accounts", {
    id: text("id").primaryKey(),
    bank: text("bank").notNull(),
    balance: integer("balance").notNull(),
    note: text("note").notNull(),
  }),
  { ...fullyPublic(), id: "text", partitionBy: "bank", partition: { allow: () => true } },
);

const app = defineApp({
  name: "bench",
  resources: [accounts],
  transactions: { http: true },
  observability: { logLevel: "error" },
});

export const TableObject = tableObject(app, { accounts: [{ tag: "0000_accounts", sql: CREATE }] });
export default { fetch: app.fetch };
