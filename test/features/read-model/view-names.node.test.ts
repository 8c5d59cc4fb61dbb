/** Names of views are refused where the application is defined: one of two could not be reached, or would answer for something else. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConfigError, defineApp, fullyPublic, resource } from "ledge";
import { expect, test } from "vitest";
import { readModel, type View, view } from "../../../src/features/read-model/read-model.ts";

const notes = resource(sqliteTable("notes", { id: text("id").primaryKey() }), { ...fullyPublic(), readModel: true });
const named = (...names: readonly string[]) => names.map((name) => view(name, { of: notes, ...fullyPublic() }));
const start = (views: readonly View[]) =>
  defineApp({ resources: [notes], features: [readModel({ views })] }).definition;

test.each([["notes"], ["search"], ["jobs"], ["all_notes", "all_notes"]])(
  "[RM1] [PF1] a view of a name that is taken is refused: %s %s",
  (...names) => {
    const views = named(...names.filter((name) => name !== undefined));
    expect(() => start(views)).toThrow(ConfigError);
    expect(() => start(views)).toThrow(/has the name of a table, a view or a path of Ledge\. Rename the view/);
  },
);

test("[RM1] views of one table under names of their own are taken", () => {
  expect(() => start(named("all_notes", "some_notes", "searches", "Notes"))).not.toThrow();
});
