/** Ledge with sign-in, serving the bench's table, for `npm run bench:auth`. Throttling is out of the way: the bench is one address. */

import { defineApp, fullyPublic, resource } from "ledge";
import { tableObject } from "../../durable-objects/table/table-object.ts";
import { auth } from "../../src/features/auth/auth.ts";
import { itemsTable } from "./items.ts";

const CREATE = `CREATE TABLE items (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, title text NOT NULL, status text NOT NULL,
  rank integer NOT NULL, score real, done integer NOT NULL, created_at integer NOT NULL, note text, _version integer DEFAULT 0 NOT NULL);`;

const app = defineApp({
  name: "bench",
  resources: [resource(itemsTable, fullyPublic())],
  features: [auth({ signUp: { verification: "later" }, throttle: { attempts: 1e9 }, mailer: async () => undefined })],
  observability: { logLevel: "error" },
});

export const TableObject = tableObject(app, { items: [{ tag: "0000_items", sql: CREATE }] });
export default { fetch: app.fetch };
