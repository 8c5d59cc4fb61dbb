/** One row followed by its key: the client need not know what the key column is called. */

import { expect, test } from "vitest";
import { readQuestion } from "../../../src/core/live/read-watch.ts";
import { column, tableOf } from "../query/sample-table.ts";

const table = {
  spec: tableOf([column("slug", "text", { primaryKey: true, notNull: true }), column("title", "text")], {
    name: "pages",
    group: "pages",
    primaryKey: "slug",
  }),
};
const ask = (more: object) => readQuestion({ type: "watch", id: 1, resource: "pages", ...more }, { table }).query.where;

test("[LV10] a row is followed by its key, whatever the column is called, within a filter too", () => {
  expect(ask({ row: "about" })).toBe('slug=="about"');
  expect(ask({ row: "about", filter: 'title=="us"' })).toBe('title=="us";slug=="about"');
});

test("[LV10] a key that no row can have is not found, and none stands beside an aggregate", () => {
  expect(() => ask({ row: 'x";title=="us' })).toThrow("not-found");
  expect(() => ask({ row: "about", aggregate: { count: true } })).toThrow("validation-error");
});
