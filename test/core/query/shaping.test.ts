/** Parameters that shape a read: order, selection, limit, offset, flags. */

import { describe, expect, test } from "vitest";
import { Fault } from "../../../src/core/fault.ts";
import { compareText, rowComparator } from "../../../src/core/query/compare-values.ts";
import { canonicalOrderBy, parseOrderBy } from "../../../src/core/query/order.ts";
import { parseFlag, parseLimit, parseOffset, readParameters } from "../../../src/core/query/parameters.ts";
import { parseSelect } from "../../../src/core/query/select.ts";
import { column, tableOf } from "./sample-table.ts";

const TABLE = tableOf(
  [
    column("id", "text", { primaryKey: true, notNull: true }),
    ...["a", "b", "c", "d", "e", "f"].map((name) => column(name, "int")),
    column("title", "text"),
    column("tags", "json"),
    column("bytes", "blob"),
    column("secret", "int", { readable: false, sortable: true }),
    column("loose", "int", { sortable: false }),
  ],
  { computed: ["label"] },
);

/** The parameters that a validation-error names. */
function refused(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "validation-error")
      return error.data.errors.map((one) => one.field);
    throw error;
  }
  throw new Error("accepted, although it should not be");
}

const asc = (field: string) => ({ field, direction: "asc" });
const desc = (field: string) => ({ field, direction: "desc" });

describe("orderBy", () => {
  test.each([
    [undefined, [asc("id")]],
    ["a", [asc("a"), asc("id")]],
    ["a:asc,-b", [asc("a"), desc("b"), asc("id")]],
    ["a:desc,id:desc", [desc("a"), desc("id")]],
    ["id", [asc("id")]],
    ["a,id,b", [asc("a"), asc("id")]],
    ["a,b,c,d,e", [...["a", "b", "c", "d", "e"].map(asc), asc("id")]],
  ])("[QL51] %s", (text, order) => {
    expect(parseOrderBy(text, TABLE)).toEqual(order);
  });

  test.each([
    "",
    "a,",
    ",a",
    "a:up",
    "a:ASC",
    "-a:desc",
    "--a",
    " a",
    "a b",
    "a,a",
    "a,-a",
    "a,b,c,d,e,f",
    "nope",
    "secret",
    "loose",
    "tags",
    "bytes",
    "label",
    "a.b",
  ])("[QL51] %j is refused", (text) => {
    expect(refused(() => parseOrderBy(text, TABLE))).toEqual(["orderBy"]);
  });

  test("[QL51] a hidden column is answered as an unknown one", () => {
    const message = (text: string) => {
      try {
        parseOrderBy(text, TABLE);
      } catch (error) {
        return JSON.stringify(error instanceof Fault ? error.data : error).replaceAll(text, "X");
      }
      return "accepted";
    };
    expect(message("secret")).toBe(message("nowhere"));
  });

  test("[PG2] the canonical order spells every direction and ends with the primary key", () => {
    expect(canonicalOrderBy(parseOrderBy("-a,b", TABLE), TABLE)).toBe("a:desc,b:asc,id:asc");
    expect(
      canonicalOrderBy(
        [
          { field: "id", direction: "desc" },
          { field: "a", direction: "asc" },
        ],
        TABLE,
      ),
    ).toBe("id:desc");
  });

  test("[QL52] NULLs sort last in both directions, text by code point", () => {
    const rows = [null, "😀", "\uffee", "a", "B"].map((title, index) => ({ id: String(index), title }));
    const sorted = (text: string) =>
      rows.toSorted(rowComparator(parseOrderBy(text, TABLE), TABLE)).map((row) => row.title);
    expect(sorted("title")).toEqual(["B", "a", "\uffee", "😀", null]);
    expect(sorted("-title")).toEqual(["😀", "\uffee", "a", "B", null]);
  });

  test("[QL29] order of text is the order of its UTF-8 bytes", () => {
    const texts = ["", "a", "ab", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}", "a😀", "a\ue000"];
    const bytes = (value: string) => Buffer.from(value, "utf8");
    for (const a of texts)
      for (const b of texts) expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(bytes(a), bytes(b)));
  });
});

describe("select", () => {
  test("[QL49] shows the named fields and always the primary key", () => {
    expect(parseSelect(undefined, TABLE)).toBeNull();
    expect(parseSelect("a,label,_etag", TABLE)).toEqual(["id", "a", "label", "_etag"]);
    expect(parseSelect("a,id", TABLE)).toEqual(["a", "id"]);
  });

  test.each(["", "nope", "secret", "a,", "a, b", "a,a", "a,id,a", "_etag,_etag"])("[QL49] %j is refused", (text) => {
    expect(refused(() => parseSelect(text, TABLE))).toEqual(["select"]);
  });
});

describe("parameters", () => {
  test("[QL8] [QL56] unknown and repeated parameters are named, those with _ ignored", () => {
    const known = ["filter", "limit"];
    expect([
      ...readParameters(
        [
          ["filter", "x"],
          ["_", "1"],
          ["_t", "2"],
          ["_t", "3"],
        ],
        known,
      ),
    ]).toEqual([["filter", "x"]]);
    expect(
      refused(() =>
        readParameters(
          [
            ["filtr", "x"],
            ["filter", "a"],
            ["filter", "a"],
          ],
          known,
        ),
      ),
    ).toEqual(["filtr", "filter"]);
  });

  const PAGES = { defaultLimit: 20, maxLimit: 100, offset: true };

  test("[QL53] limit", () => {
    expect(parseLimit(undefined, PAGES)).toBe(20);
    expect(parseLimit("1", PAGES)).toBe(1);
    expect(parseLimit("101", PAGES)).toBe(100);
    expect(parseLimit("99999999999999999999", PAGES)).toBe(100);
    for (const text of ["0", "-1", "1.5", "", "x", "1e2", " 1", "-99999999999999999999"])
      expect(refused(() => parseLimit(text, PAGES))).toEqual(["limit"]);
  });

  test("[QL54] booleans are true or false", () => {
    expect([
      parseFlag("totalCount", undefined),
      parseFlag("totalCount", "false"),
      parseFlag("totalCount", "true"),
    ]).toEqual([false, false, true]);
    for (const text of ["", "1", "TRUE", "yes"])
      expect(refused(() => parseFlag("totalCount", text))).toEqual(["totalCount"]);
  });

  test("[QL56] offset", () => {
    expect(parseOffset(undefined, PAGES, "c")).toBe(0);
    expect(parseOffset("0", PAGES, undefined)).toBe(0);
    expect(parseOffset("10000", PAGES, undefined)).toBe(10_000);
    for (const text of ["10001", "-1", "1.5", ""])
      expect(refused(() => parseOffset(text, PAGES, undefined))).toEqual(["offset"]);
    expect(refused(() => parseOffset("0", PAGES, "c"))).toEqual(["offset"]);
    expect(refused(() => parseOffset("0", { ...PAGES, offset: false }, undefined))).toEqual(["offset"]);
  });
});
