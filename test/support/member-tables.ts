/**
 * Tables whose scopes depend on memberships ([RV2]): `errands` lie in one object with theirs, `chores` in another.
 */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { fullyPublic, inList, resource, type UsedRows, type User } from "ledge";

const memberColumns = () => ({
  id: text("id").primaryKey(),
  userId: text("user_id").notNull(),
  projectId: text("project_id").notNull(),
  leftAt: integer("left_at", { mode: "timestamp_ms" }),
});

const open = fullyPublic();

export const squad = resource(sqliteTable("squad", memberColumns()), {
  ...open,
  id: "text",
  group: "squad",
  softDelete: { field: "leftAt" },
});

export const errands = resource(
  sqliteTable("errands", {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    title: text("title").notNull(),
    points: integer("points").notNull().default(1),
  }),
  {
    id: "text",
    group: "squad",
    auth: {
      ...open.auth,
      subscribe: "*",
      read: { uses: [{ table: "squad", user: "userId" }], scope: (user, rows) => projectsOf(user, rows(squad)) },
    },
  },
);

export const crew = resource(sqliteTable("crew", memberColumns()), {
  ...open,
  id: "text",
  softDelete: { field: "leftAt" },
});

export const chores = resource(
  sqliteTable("chores", {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    title: text("title").notNull(),
  }),
  {
    id: "text",
    auth: {
      ...open.auth,
      subscribe: "*",
      read: { uses: [{ table: "crew", user: "userId" }], scope: (user, rows) => projectsOf(user, rows(crew)) },
    },
  },
);

function projectsOf({ roles }: User, members: ReturnType<UsedRows>) {
  if (roles.includes("admin")) return "*";
  return (
    members.length > 0 &&
    inList(
      "projectId",
      members.map(({ projectId }) => String(projectId)),
    )
  );
}
