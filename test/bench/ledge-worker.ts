/** Ledge, serving the bench's table: open to all, so that no contender authenticates anybody. */

import { defineApp, fullyPublic, resource } from "ledge";
import { tableObject } from "../../durable-objects/table/table-object.ts";
import { itemsTable } from "./items.ts";

/** Put in by the bundler (`bundle-contender.ts`). */
declare const MAX_COMMITS: number;

const CREATE = `CREATE TABLE items (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, title text NOT NULL, status text NOT NULL,
  rank integer NOT NULL, score real, done integer NOT NULL, created_at integer NOT NULL, note text, _version integer DEFAULT 0 NOT NULL);
--> statement-breakpoint
CREATE INDEX items_by_owner ON items (owner_id);`;

const app = defineApp({
  name: "bench",
  resources: [
    resource(itemsTable, { ...fullyPublic(), batch: { create: 1000 }, changelog: { maxCommits: MAX_COMMITS } }),
  ],
  observability: { logLevel: "error" },
});

export const TableObject = tableObject(app, { items: [{ tag: "0000_items", sql: CREATE }] });
export default { fetch: app.fetch };
