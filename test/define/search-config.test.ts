/** Mistakes in `search` and `fields.aggregatable` stop the application at its start, with the table and the mend. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConfigError, type ResourceConfig, resource } from "ledge";
import { expect, test } from "vitest";

const table = (name = "notes") =>
  sqliteTable(name, {
    id: text("id").primaryKey(),
    title: text("title"),
    body: text("body"),
    secret: text("secret"),
    size: integer("size"),
    data: text("data", { mode: "json" }),
  });
type Config = ResourceConfig<ReturnType<typeof table>>;

const declare = (config: unknown) =>
  resource(table(), { columns: { secret: { returned: false } }, ...(config as Config) });

test.each([
  [[], /search\.fields has 0 fields/],
  [["absent"], /names no column: "absent"/],
  [["secret"], /"secret", which is not readable/],
  [["size"], /"size", which is int, not text/],
  [["data"], /"data", which is json, not text/],
  [["title", { name: "title", weight: 2 }], /"title" twice/],
  [[{ name: "title", weight: 0 }], /weight of "title" is 0/],
  [[{ name: "title", weight: Number.NaN }], /weight of "title" is NaN/],
])("[SR1] search over %j is refused at start", (fields, message) => {
  expect(() => declare({ search: { fields } })).toThrow(ConfigError);
  expect(() => declare({ search: { fields } })).toThrow(message);
});

test("[SR1] the capability follows the configuration, and can be switched off", () => {
  const search = { fields: ["title", { name: "body", weight: 2 }] };
  expect(declare({ search }).spec).toMatchObject({
    capabilities: { search: true },
    search: {
      fields: [
        { name: "title", weight: 1 },
        { name: "body", weight: 2 },
      ],
    },
  });
  expect(declare({ search, capabilities: { search: false } }).spec.capabilities.search).toBe(false);
  expect(declare({}).spec.capabilities.search).toBe(false);
  expect(declare({ capabilities: { search: true } }).spec.capabilities.search).toBe(false);
});

test.each([
  [{ groupBy: ["absent"] }, /fields\.aggregatable\.groupBy names no column: "absent"/],
  [{ metrics: ["absent"] }, /fields\.aggregatable\.metrics names no column: "absent"/],
  [{ metrics: ["data"] }, /"data", which is json and has no metric/],
])("[AG2] aggregatable %j is refused at start", (aggregatable, message) => {
  expect(() => declare({ fields: { aggregatable } })).toThrow(ConfigError);
  expect(() => declare({ fields: { aggregatable } })).toThrow(message);
});
