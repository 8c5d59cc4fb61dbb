/**
 * YOURS. Messages of a room: one object per room, at `/api/@<room>/messages`. A busy room slows no other, and a room's rule is
 * checked before its object is touched.
 */

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ownerOnly, resource, timestampHooks } from "ledge";

export const messagesTable = sqliteTable(
  "messages",
  {
    id: text("id").primaryKey(),
    roomId: text("room_id").notNull(),
    authorId: text("author_id").notNull(),
    body: text("body", { length: 4000 }).notNull(),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
  },
  // For the view of one's own messages, over all rooms: indexes come along into the copies.
  (table) => [index("messages_by_author").on(table.authorId)],
);

export const messages = resource(messagesTable, {
  readModel: true,
  partitionBy: "roomId",
  // Rooms are open to whoever is signed in; a real application would ask its list of members here.
  partition: { allow: (principal) => principal.kind === "user" },
  auth: { ...ownerOnly("authorId").auth, read: "*", subscribe: "*" },
  generatedFields: ["authorId", "createdAt", "updatedAt"],
  hooks: timestampHooks({ owner: "authorId" }),
});
