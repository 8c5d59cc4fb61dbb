/** The application of `replies.test.ts`: in each object one table whose keys are forgotten at once, and one whose keys are kept. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";

export const SHORT_TTL_MS = 400;

const columns = () => ({ id: text("id").primaryKey(), place: text("place").notNull() });
const config = {
  ...fullyPublic(),
  id: "text",
  group: "keys",
  partitionBy: "place",
  partition: { allow: () => true },
} as const;

const brief = resource(sqliteTable("brief", columns()), { ...config, idempotency: { ttlMs: SHORT_TTL_MS } });
const lasting = resource(sqliteTable("lasting", columns()), config);

export const app = defineApp({ name: "keys", resources: [brief, lasting] });
