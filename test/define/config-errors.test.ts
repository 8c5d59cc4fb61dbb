/** Mistakes in configuration stop the application at start; the message names the table, the file and the mend. */

import { blob, integer, numeric, primaryKey, type SQLiteTable, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import { checkApp } from "../../src/define/app.ts";
import type { ResourceConfig } from "../../src/define/config.ts";
import { ConfigError } from "../../src/define/config-error.ts";
import { type AnyResource, resource } from "../../src/define/resource.ts";

const id = () => text("id").primaryKey();
const plain = () =>
  sqliteTable("things", {
    id: id(),
    name: text("name").notNull(),
    room: text("room"),
    at: integer("at", { mode: "timestamp_ms" }),
  });

interface Mistake {
  readonly what: string;
  readonly make: () => unknown;
  readonly says: RegExp;
}

/** `config` is what a JavaScript user, or a careless cast, may write: the types would refuse much of it. */
const things = (config: object, table: SQLiteTable = plain()) => resource(table, config as ResourceConfig<SQLiteTable>);
const app = (...resources: readonly unknown[]) => checkApp("test", resources as readonly AnyResource[]);
const uses = (table: string, user: string) => ({ table, user });
const target = sqliteTable("targets", { id: id() });
const MISTAKES: readonly Mistake[] = [
  {
    what: "an unknown column in fields",
    make: () => things({ fields: { readable: ["nam"] } }),
    says: /fields\.readable names no column: "nam"\. Columns are: id, name, room, at/,
  },
  {
    what: "an unknown column in columns",
    make: () => things({ columns: { nam: { input: false } } }),
    says: /columns names no column: "nam"/,
  },
  {
    what: "an unknown generated field",
    make: () => things({ generatedFields: ["nam"] }),
    says: /generatedFields names no column/,
  },
  {
    what: "a scope text on a missing field",
    make: () => things({ auth: { read: 'ownr=="x"' } }),
    says: /auth\.read is not a filter of this table: .*ownr.*Columns are/,
  },
  {
    what: "a scope function on a missing field",
    make: () => things({ auth: { update: (user: { id: string }) => `ownr=="${user.id}"` } }),
    says: /auth\.update .*ownr/,
  },
  {
    what: "a public filter on a missing field",
    make: () => things({ public: { read: "publishd==true" } }),
    says: /public\.read .*publishd/,
  },
  {
    what: "a scope that is no filter at all",
    make: () => things({ auth: { read: "name=" } }),
    says: /auth\.read is not a filter/,
  },
  {
    what: "an option that does not exist",
    make: () => things({ capabilites: { delete: false } }),
    says: /: capabilites is no option\. Options are: .*capabilities/,
  },
  {
    what: "a misspelt capability",
    make: () => things({ capabilities: { delte: false } }),
    says: /capabilities\.delte is no option\. Options are: capabilities\.create/,
  },
  {
    what: "a misspelt column flag",
    make: () => things({ columns: { name: { returnd: false } } }),
    says: /columns\.name\.returnd is no option.*columns\.name\.returned/,
  },
  {
    what: "a misspelt list of fields",
    make: () => things({ fields: { readble: ["id"] } }),
    says: /fields\.readble is no option/,
  },
  {
    what: "a misspelt hook",
    make: () => things({ hooks: { onBeforeCreat: () => {} } }),
    says: /hooks\.onBeforeCreat is no option/,
  },
  { what: "a rule for no operation", make: () => things({ auth: { raed: "*" } }), says: /auth\.raed is no option/ },
  {
    what: "partitionBy without a rule",
    make: () => things({ partitionBy: "name" }),
    says: /without a rule that admits callers\. Add partition:/,
  },
  {
    what: "a partition column that may be NULL",
    make: () => things({ partitionBy: "room", partition: { claim: "room" } }),
    says: /must be text and not null/,
  },
  {
    what: "a partition rule without partitionBy",
    make: () => things({ partition: { claim: "room" } }),
    says: /partition is set without partitionBy/,
  },
  {
    what: "a soft-delete marker that is no column",
    make: () => things({ softDelete: { field: "gone" } }),
    says: /softDelete\.field names no column/,
  },
  {
    what: "a soft-delete marker that cannot be NULL",
    make: () => things({ softDelete: { field: "name", value: "x" } }),
    says: /NOT NULL/,
  },
  {
    what: "a soft-delete marker that is no time",
    make: () => things({ softDelete: { field: "room" } }),
    says: /not a time/,
  },
  {
    what: "a version counter that is no integer",
    make: () => things({ etag: { versionField: "name" } }),
    says: /not an integer column/,
  },
  { what: "page limits out of range", make: () => things({ pagination: { maxLimit: 0 } }), says: /pagination limits/ },
  {
    what: "a computed field named like a column",
    make: () => things({ computed: { name: () => 1 } }),
    says: /has the name of a column/,
  },
  {
    what: "a hidden primary key",
    make: () => things({ columns: { id: { returned: false } } }),
    says: /primary key "id" is not readable/,
  },
  { what: "a reserved table name", make: () => things({}, sqliteTable("search", { id: id() })), says: /reserved/ },
  {
    what: "a table without a key",
    make: () => things({}, sqliteTable("keyless", { name: text("name") })),
    says: /no primary key/,
  },
  {
    what: "a composite key",
    make: () =>
      things(
        {},
        sqliteTable("pairs", { a: text("a"), b: text("b") }, (table) => [primaryKey({ columns: [table.a, table.b] })]),
      ),
    says: /composite primary key/,
  },
  {
    what: "a column called _version",
    make: () => things({}, sqliteTable("v", { id: id(), version: integer("_version") })),
    says: /_version/,
  },
  {
    what: "a JSON blob",
    make: () => things({}, sqliteTable("b", { id: id(), data: blob("data", { mode: "json" }) })),
    says: /Use text\("data", \{ mode: "json" \}\)/,
  },
  {
    what: "a bigint blob",
    make: () => things({}, sqliteTable("b", { id: id(), big: blob("big", { mode: "bigint" }) })),
    says: /type: "bigint"/,
  },
  {
    what: "a numeric column",
    make: () => things({}, sqliteTable("n", { id: id(), price: numeric("price") })),
    says: /no kind for/,
  },
  {
    what: "a kind given to a column that is no text",
    make: () => things({ columns: { at: { type: "bigint" } } }),
    says: /for text columns/,
  },
  { what: "an integer id on a text key", make: () => things({ id: "int" }), says: /id: "int" on a text key/ },
  {
    what: "a custom operator with a built-in's name",
    make: () => things({ operators: { "=in=": { on: ["name"], operand: "list", test: () => true } } }),
    says: /built-in/,
  },
  {
    what: "a misspelt operator in the list",
    make: () => things({ query: { operators: ["=inn="] } }),
    says: /query\.operators names no operator: =inn=\. Operators are:/,
  },
  { what: "an alias in the list", make: () => things({ query: { operators: ["=gt="] } }), says: /Write it as >\./ },
  {
    what: "a custom operator on no column",
    make: () => things({ operators: { "=near=": { on: ["nam"], operand: "list", test: () => true } } }),
    says: /declared on no column/,
  },
  {
    what: "two tables with one name",
    make: () => app(things({}), things({})),
    says: /another table has the same name/,
  },
  {
    what: "references() that leaves its object",
    make: () =>
      app(
        things({}, sqliteTable("uses", { id: id(), target: text("target").references(() => target.id) })),
        resource(target),
      ),
    says: /references\(\) on "target" leaves its object: "targets" is in object "targets"\. Put both tables into one group/,
  },
  {
    what: "an SQL-level onDelete",
    make: () =>
      app(
        things(
          { group: "g" },
          sqliteTable("uses", {
            id: id(),
            target: text("target").references(() => target.id, { onDelete: "cascade" }),
          }),
        ),
        things({ group: "g" }, target),
      ),
    says: /SQL-level onDelete or onUpdate, which SQLite would run unseen.*relations: \{ uses:/,
  },
  {
    what: "a column that is Ledge's in any case of letters",
    make: () => things({}, sqliteTable("things", { id: id(), version: integer("_Version") })),
    says: /column "version" has a name that filters or Ledge cannot use.*_version and _cf_… are taken/,
  },
  {
    what: "a group of which only one table is partitioned",
    make: () =>
      app(things({ group: "g", partitionBy: "name", partition: { claim: "c" } }), things({ group: "g" }, target)),
    says: /only one of them is partitioned/,
  },
  {
    what: "a relation to no table",
    make: () => app(things({ relations: { x: { type: "hasMany", resource: "nope", foreignKey: "id" } } })),
    says: /names no table: "nope"/,
  },
  {
    what: "a relation over no column",
    make: () =>
      app(
        things({ relations: { x: { type: "hasMany", resource: "targets", foreignKey: "thingId" } } }),
        resource(target),
      ),
    says: /names no column of "targets": "thingId"/,
  },
  {
    what: "an onDelete that would leave its object",
    make: () =>
      app(
        things({ relations: { x: { type: "hasMany", resource: "targets", foreignKey: "id", onDelete: "cascade" } } }),
        resource(target),
      ),
    says: /lies in another object/,
  },
  {
    what: "a scope that uses nothing",
    make: () => things({ auth: { read: { uses: [], scope: () => "*" } } }),
    says: /auth\.read has `uses`, but is no scope that depends on tables/,
  },
  {
    what: "a scope that uses a table twice",
    make: () =>
      things({ auth: { read: { uses: [uses("targets", "id"), uses("targets", "name")], scope: () => "*" } } }),
    says: /auth\.read uses a table twice/,
  },
  {
    what: "a scope with `uses` on a missing field",
    make: () => things({ auth: { read: { uses: [uses("targets", "id")], scope: () => 'nam=="x"' } } }),
    says: /auth\.read is not a filter of this table/,
  },
  {
    what: "a scope that uses no table of the application",
    make: () => app(things({ auth: { read: { uses: [uses("nope", "id")], scope: () => "*" } } })),
    says: /auth\.read uses no table: "nope"/,
  },
  {
    what: "a scope that uses a table by no column",
    make: () => app(things({ auth: { read: { uses: [uses("targets", "who")], scope: () => "*" } } }), resource(target)),
    says: /uses "who" of "targets", which is no column of text/,
  },
  {
    what: "a scope that uses a table of many objects",
    make: () =>
      app(
        things({ auth: { read: { uses: [uses("rooms", "id")], scope: () => "*" } } }),
        resource(sqliteTable("rooms", { id: id() }), { partitionBy: "id", partition: { claim: "room" } }),
      ),
    says: /uses "rooms", which lies in many objects/,
  },
];

describe("mistakes in configuration", () => {
  for (const { what, make, says } of MISTAKES) {
    it(`[PF1] ${what} is refused at start`, () => {
      let caught: unknown;
      try {
        make();
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(ConfigError);
      const message = (caught as ConfigError).message;
      expect(message).toMatch(says);
      expect(message).toMatch(/Table "\w+" \(test\/define\/config-errors\.test\.ts\)/);
    });
  }

  it("[PF1] an application's name must fit into an object's name", () => {
    expect(() => checkApp("My App", [])).toThrow(/not valid/);
  });

  it("[PF1] a sound table is accepted with nothing but its columns", () => {
    const made = resource(plain());
    expect(made.name).toBe("things");
    expect(made.spec).toMatchObject({ group: "things", partitionBy: null, idKind: "uuid", primaryKey: "id" });
  });
});
