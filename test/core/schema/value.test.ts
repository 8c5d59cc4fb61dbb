/** What a JSON column takes: any JSON, of well-formed text and finite numbers, nested at most 64 levels. */

import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { parseValue } from "../../../src/core/schema/value.ts";
import { column } from "../query/sample-table.ts";

const JSON_COLUMN = column("data", "json");
const nested = (levels: number): Json => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as Json;

describe("a JSON column", () => {
  test("[QL19] refuses a number that JSON can write and no double holds, and says which numbers there are", () => {
    const refused = { ok: false, code: "range", message: "holds a number beyond ±1.7976931348623157e308" };
    for (const text of ["1e400", "-1e400", "[1,[2,1e309]]", '{"a":{"b":[-1e999]}}'])
      expect(parseValue(JSON_COLUMN, JSON.parse(text) as Json), text).toEqual(refused);
    for (const text of ["1e308", "[1.7976931348623157e308,-1.7976931348623157e308,5e-324,9007199254740993]"])
      expect(parseValue(JSON_COLUMN, JSON.parse(text) as Json), text).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test("[QL20] refuses ill-formed text, in values and in names", () => {
    const refused = {
      ok: false,
      code: "text",
      message: "holds text that is not well-formed Unicode, or U+0000",
    };
    for (const value of ["\ud800", ["a\u0000"], { a: ["\udc00"] }, { "\ud800": 1 }, { a: { "\u0000": null } }])
      expect(parseValue(JSON_COLUMN, value)).toEqual(refused);
    expect(parseValue(JSON_COLUMN, { "😀": ["é", null, true] })).toMatchObject({ ok: true });
  });

  test("[QL20] names ill-formed text before a number out of range, and depth before both", () => {
    expect(parseValue(JSON_COLUMN, [Number.POSITIVE_INFINITY, "\ud800"])).toMatchObject({ code: "text" });
    expect(parseValue(JSON_COLUMN, nested(64))).toMatchObject({ ok: true });
    expect(parseValue(JSON_COLUMN, nested(65))).toEqual({
      ok: false,
      code: "range",
      message: "is nested deeper than 64 levels",
    });
  });
});
