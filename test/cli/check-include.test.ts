/** Relations over join tables whose copies lack what `include` reads are refused where the application is described. */

import { integer, type SQLiteTable, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { checkInclude } from "../../src/cli/generate/check-include.ts";
import type { ResourceConfig } from "../../src/define/config.ts";
import { ConfigError } from "../../src/define/config-error.ts";
import { type AnyResource, resource } from "../../src/define/resource.ts";

interface Mistake {
  readonly what: string;
  readonly make: () => unknown;
  readonly says: RegExp;
}

const id = () => text("id").primaryKey();
const plain = () => sqliteTable("things", { id: id(), name: text("name").notNull() });
const things = (config: object, table: SQLiteTable = plain()) => resource(table, config as ResourceConfig<SQLiteTable>);
const app = (...resources: readonly unknown[]) => checkInclude(resources as readonly AnyResource[]);
const target = sqliteTable("targets", { id: id() });
const copiedTarget = () => resource(target, { readModel: true });
const overJoin = (keys: object) => ({
  type: "manyToMany",
  resource: "targets",
  through: { resource: "joins", sourceKey: "thingId", targetKey: "targetId", ...keys },
});
const joins = (config: object) =>
  things(
    config,
    sqliteTable("joins", { id: id(), thingId: text("thing_id"), targetId: text("target_id"), rank: integer("rank") }),
  );

const MISTAKES: readonly Mistake[] = [
  {
    what: "a relation over no join table",
    make: () => app(things({ relations: { x: overJoin({}) } }), copiedTarget()),
    says: /names no table: "joins"/,
  },
  {
    what: "a relation over a join table without the column",
    make: () =>
      app(things({ relations: { x: overJoin({ sourceKey: "nope" }) } }), copiedTarget(), joins({ readModel: true })),
    says: /names no column of "joins": "nope"/,
  },
  {
    what: "a relation over a column of another type than the key",
    make: () =>
      app(things({ relations: { x: overJoin({ sourceKey: "rank" }) } }), copiedTarget(), joins({ readModel: true })),
    says: /compares "rank" \(int\) with a key \(text\)/,
  },
  {
    what: "a relation over a join table that is not copied",
    make: () => app(things({ relations: { x: overJoin({}) } }), copiedTarget(), joins({})),
    says: /is read from copies, and "joins" has none/,
  },
  {
    what: "a relation over a join table whose keys are not copied",
    make: () => app(things({ relations: { x: overJoin({}) } }), copiedTarget(), joins({ readModel: ["thingId"] })),
    says: /needs "targetId", which is not copied/,
  },
  {
    what: "a relation to a table that is not copied",
    make: () => app(things({ relations: { x: overJoin({}) } }), resource(target), joins({ readModel: true })),
    says: /is read from copies, and "targets" has none/,
  },
  {
    what: "a relation with the name of a column",
    make: () => app(things({ relations: { name: overJoin({}) } }), copiedTarget(), joins({ readModel: true })),
    says: /relation "name" has the name of a column/,
  },
];

test.each(MISTAKES)("[PF1] [L4] $what is refused when the tools load the application", ({ make, says }) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(says);
});

test("[PF1] [L4] a relation whose copies have its keys is taken", () => {
  app(things({ relations: { x: overJoin({}) } }), copiedTarget(), joins({ readModel: true }));
});
