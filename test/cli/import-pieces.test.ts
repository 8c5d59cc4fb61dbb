import { describe, expect, test } from "vitest";
import { convertValue } from "../../src/cli/import/convert-value.ts";
import { importId } from "../../src/cli/import/import-id.ts";
import { mapColumns } from "../../src/cli/import/map-columns.ts";
import type { ImportColumn, ImportTable } from "../../src/cli/import/table-description.ts";
import { isCreatableId } from "../../src/core/ids.ts";
import type { ColumnKind } from "../../src/core/schema/table-spec.ts";

const column = (name: string, kind: ColumnKind = "text", more: Partial<ImportColumn> = {}): ImportColumn => ({
  name,
  kind,
  notNull: false,
  hasDefault: false,
  writable: true,
  ...more,
});
const movies: ImportTable = {
  name: "movies",
  primaryKey: "id",
  idKind: "uuid",
  partitionBy: null,
  columns: [
    column("id"),
    column("title"),
    column("usGross", "int"),
    column("usDvdSales", "int"),
    column("imdbVotes", "int"),
    column("madeBy", "text", { writable: false }),
  ],
};

describe("mapping fields to columns", () => {
  const names = (fields: string[], declared: [string, string][] = [], table = movies) => {
    const { columns, ignored, missing } = mapColumns(fields, table, new Map(declared));
    return { columns: Object.fromEntries([...columns].map(([field, { name }]) => [field, name])), ignored, missing };
  };

  test("[CLI7] names match exactly, or without case, spaces and punctuation", () => {
    expect(names(["title", "US Gross", "US DVD Sales", "IMDB_Votes"])).toEqual({
      columns: { title: "title", "US Gross": "usGross", "US DVD Sales": "usDvdSales", IMDB_Votes: "imdbVotes" },
      ignored: [],
      missing: [],
    });
  });

  test("[CLI7] an exact name wins over a similar one, and a declared one over both", () => {
    expect(names(["Title", "title"]).columns).toEqual({ title: "title" });
    expect(names(["Title", "title"], [["Title", "title"]])).toMatchObject({
      columns: { Title: "title" },
      ignored: ["title"],
    });
  });

  test("[CLI7] two columns that are alike are not guessed between; a column clients cannot write is passed over", () => {
    const twins = { ...movies, columns: [column("id"), column("aB"), column("a_b")] };
    expect(names(["A b"], [], twins).ignored).toEqual(["A b"]);
    expect(names(["madeBy"]).ignored).toEqual(["madeBy"]);
  });

  test("[CLI7] what a create needs and the file lacks is told; a wrong --map is refused by name", () => {
    const strict = {
      ...movies,
      columns: [column("id", "text", { notNull: true }), column("title", "text", { notNull: true })],
    };
    expect(names(["x"], [], strict).missing).toEqual(["title"]);
    expect(() => names(["x"], [["y", "title"]])).toThrow(/no field "y"/);
    expect(() => names(["x"], [["x", "nothing"]])).toThrow(/no column "nothing"/);
  });
});

test.each([
  ["text", 1776, "typed", "1776", true],
  ["text", "1776", "typed", "1776", false],
  ["text", null, "typed", null, false],
  ["text", true, "typed", "true", true],
  ["json", 1776, "typed", 1776, false],
  ["json", "12", "typed", "12", false],
  ["json", "12", "text", 12, false],
  ["json", "twelve", "text", "twelve", false],
  ["int", "12", "text", 12, false],
  ["int", "12", "typed", 12, true],
  ["int", "1,200", "text", "1,200", false],
  ["int", "", "text", null, false],
  ["real", " .5e2 ", "text", 50, false],
  ["bool", "Yes", "text", true, false],
  ["bool", "maybe", "text", "maybe", false],
  ["time", "Jun 12 1998", "typed", "1998-06-12T00:00:00.000Z", true],
  ["time", "Feb 30 1998", "typed", "Feb 30 1998", false],
  ["time", "1998-06-12", "typed", "1998-06-12", false],
  ["time", "12/06/98", "text", "12/06/98", false],
  ["bigint", "9007199254740993", "text", "9007199254740993", false],
] as const)("[CLI7] into a %s column, %j (%s) becomes %j", (kind, value, form, expected, isConverted) => {
  expect(convertValue(column("x", kind), value, form)).toEqual({ value: expected, isConverted });
});

test("[CLI7] ids are UUIDv7 in form, the same each time, in order of the rows, and other for another file", () => {
  const ids = Array.from({ length: 300 }, (_, index) => importId("seed", String(index + 1), index + 1));
  expect(ids.every((id) => isCreatableId(id, "uuid"))).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(300);
  expect(importId("seed", "1", 1)).toBe(ids[0]);
  expect(importId("other", "1", 1)).not.toBe(ids[0]);
});
