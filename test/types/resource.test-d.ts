/** What must compile, and what must not. Checked by `tsc`; a `@ts-expect-error` over a line that compiles is itself an error. */

import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type App, defineApp, type GenericRow, type NewRowOf, ownerOnly, type RowOf, resource, rsql } from "ledge";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>) => {};

const tasks = sqliteTable("tasks", {
  id: text("id").primaryKey(),
  title: text("title").notNull(),
  points: real("points"),
  ownerId: text("owner_id").notNull(),
  dueAt: integer("due_at", { mode: "timestamp_ms" }),
  done: integer("done", { mode: "boolean" }).notNull().default(false),
});

// [TY1] A row is in its JSON form: times are text, NULL columns may be null, none is missing.
same<
  RowOf<typeof tasks>,
  { id: string; title: string; points: number | null; ownerId: string; dueAt: string | null; done: boolean }
>(true);
// [TY1] A create may leave out what has a default or may be NULL.
const minimal: NewRowOf<typeof tasks> = { id: "x", title: "t", ownerId: "o" };
void minimal;

// [TY2] Code for any table reads what most rows have, and must check the rest.
const idOf = (row: GenericRow): string | number | undefined => row.id;
void idOf;
// @ts-expect-error nothing is known of other columns
const titleOf = (row: GenericRow): string => row.title;
void titleOf;

// [TY4] Configuration is typed by the table.
const declared = resource(tasks, {
  ...ownerOnly("ownerId"),
  fields: { readable: ["id", "title"], writable: ["title"] },
  computed: { shout: (row) => row.title.toUpperCase() },
  auth: { read: (user) => rsql`ownerId==${user.id}` },
  hooks: {
    onBeforeCreate: (_context, draft) => ({ ...draft, title: draft.title ?? "untitled" }),
    onWrite: (tx, change) => {
      same<typeof tx.now, number>(true);
      return change.after === null ? undefined : { title: change.after.title.trim() };
    },
  },
});
// The table's name is a type.
same<typeof declared.name, "tasks">(true);

// @ts-expect-error an unknown column
resource(tasks, { fields: { readable: ["titel"] } });
// @ts-expect-error an unknown column in flags
resource(tasks, { columns: { titel: { input: false } } });
// @ts-expect-error an unknown soft-delete marker
resource(tasks, { softDelete: { field: "gone" } });
// @ts-expect-error an unknown operation in the rules
resource(tasks, { auth: { raed: "*" } });
// @ts-expect-error nothing in a transaction can wait
resource(tasks, { hooks: { onWrite: async () => {} } });
// @ts-expect-error a hook may not set a column that does not exist
resource(tasks, { hooks: { onWrite: () => ({ titel: "x" }) } });
// @ts-expect-error a computed field reads columns that exist
resource(tasks, { computed: { bad: (row) => row.titel } });
// @ts-expect-error a time is text in a row, not a Date
resource(tasks, { computed: { bad: (row) => row.dueAt?.getTime() ?? 0 } });
// @ts-expect-error a scope is text, a filter or a truth value
resource(tasks, { auth: { read: () => 42 } });
// @ts-expect-error a partition rule admits by a claim or a function
resource(tasks, { partitionBy: "ownerId", partition: { role: "x" } });

// [TY3] The application carries its tables, for a client's types.
const app = defineApp({ name: "types", resources: [declared] });
void (app satisfies App);

// [RV2] A scope with `uses` is given typed rows of a resource, and rows of any column by name; it may not wait.
const members = resource(
  sqliteTable("members", {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    projectId: text("project_id").notNull(),
  }),
);
resource(tasks, {
  auth: {
    read: {
      uses: [{ table: "members", user: "userId" }],
      scope: (user, rows) => {
        same<string, ReturnType<typeof projectOf>>(true);
        const projectOf = (index: number) => rows(members)[index]?.projectId ?? user.id;
        return rows("members").length > 0 && rsql`ownerId==${projectOf(0)}`;
      },
    },
  },
});
resource(tasks, {
  auth: {
    // @ts-expect-error it is a function of the user and the rows alone
    read: { uses: [{ table: "members", user: "userId" }], scope: async () => "*" },
  },
});
