/** The truth table, by example. That SQL agrees on every row is test/sql/equivalence.test.ts. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { defineOperators } from "../../../src/core/query/custom-operators.ts";
import { fold } from "../../../src/core/query/fold.ts";
import { matches } from "../../../src/core/query/matches.ts";
import { parseFilter } from "../../../src/core/query/parse.ts";
import { column, tableOf } from "./sample-table.ts";

const TABLE = tableOf([
  column("id", "text", { primaryKey: true, notNull: true }),
  column("a", "text"),
  column("n", "int"),
  column("price", "real"),
  column("big", "bigint"),
  column("done", "bool"),
  column("at", "time", { timeStorage: "s" }),
  column("tags", "json"),
]);

function holds(text: string, row: Record<string, Json>): boolean {
  const operators = TABLE_OPERATORS;
  return matches(
    parseFilter(text, { table: TABLE, fields: "client", operators, parameter: "filter" }),
    { id: "1", ...row },
    TABLE,
    operators,
  );
}

const reported: string[] = [];
const TABLE_OPERATORS = defineOperators(
  {
    "=even=": { on: ["n"], operand: "scalar", test: (value, operand) => (Number(value) % 2 === 0) === operand },
    "=broken=": {
      on: ["n"],
      operand: "scalar",
      test: () => {
        throw new Error("no");
      },
    },
  },
  (token) => reported.push(token),
);

/** `field operator operand | value that matches | value that does not` */
const YES: readonly (readonly [filter: string, field: string, value: Json])[] = [
  ["n!=5", "n", null],
  ["n!=null", "n", 0],
  ["n==null", "n", null],
  ["n==0", "n", 0],
  ["n==-0", "n", 0],
  ["n<1.5", "n", 1],
  ["n=in=(1,null)", "n", null],
  ["n=out=(1)", "n", null],
  ["n=out=()", "n", null],
  ["n=out=()", "n", 1],
  ["n=nbetween=[5,1]", "n", 3],
  ["n=nbetween=[1,5]", "n", null],
  ["n=between=[1,5]", "n", 5],
  ["done!=true", "done", null],
  ["done!=true", "done", false],
  ["done=in=(1)", "done", true],
  ["done=isempty=true", "done", null],
  ["done=isempty=false", "done", false],
  ["a=isempty=true", "a", ""],
  ["a=isempty=true", "a", null],
  ["tags=isempty=true", "tags", []],
  ["tags=isempty=true", "tags", {}],
  ["tags=isempty=true", "tags", ""],
  ["tags=isempty=false", "tags", [0]],
  ["n=isnull=false", "n", 0],
  ['a%="a_c%"', "a", "a😀c"],
  [String.raw`a%="100\\%"`, "a", "100%"],
  ['a%=""', "a", ""],
  ['a!%="b%"', "a", null],
  ['a=ilike="ÉaB%"', "a", "ÉAbc"],
  ['a=nilike="x"', "a", null],
  ['a=contains="%"', "a", "5%"],
  ['a=contains=""', "a", ""],
  ['a=startswith=""', "a", "x"],
  ['a=endswith=""', "a", ""],
  ['a=icontains="BC"', "a", "abcd"],
  ['a=istartswith="AB"', "a", "abcd"],
  ['a=iendswith="CD"', "a", "abcd"],
  ['a=ieq="ABC"', "a", "abc"],
  ['a=ine="x"', "a", null],
  ["a=length=1", "a", "😀"],
  ["a=minlength=2", "a", "e\u0301"],
  ["a=maxlength=0", "a", ""],
  ['a>"\uffee"', "a", "😀"],
  ['a=="é"', "a", "é"],
  ['big>"9"', "big", "10"],
  ['big>"-10"', "big", "-9"],
  ["big==5", "big", "5"],
  ['at=="1970-01-01T01:00+01:00"', "at", "1970-01-01T00:00:00.000Z"],
  ["at<500", "at", "1970-01-01T00:00:00.000Z"],
  ["tags=has=1", "tags", [1]],
  ["tags=has=null", "tags", [null]],
  ['tags=hasall=("a",1)', "tags", [1, "b", "a"]],
  ["tags=hasall=()", "tags", []],
  ["tags=within=()", "tags", []],
  ["tags=within=(1,2)", "tags", [2, 2]],
  ["tags=overlaps=(true)", "tags", [true]],
  ["tags=length=2", "tags", [1, [2, 3]]],
];

const NO: readonly (readonly [filter: string, field: string, value: Json])[] = [
  ["n>0", "n", null],
  ["n<=0", "n", null],
  ["n!=null", "n", null],
  ["n==1.5", "n", 1],
  ["n=in=()", "n", null],
  ["n=in=()", "n", 1],
  ["n=out=(1,null)", "n", null],
  ["n=between=[5,1]", "n", 3],
  ["n=between=[1,5]", "n", null],
  ["done=isempty=true", "done", false],
  ["a=isempty=false", "a", null],
  ["n=isempty=true", "n", 0],
  ["tags=isempty=true", "tags", " "],
  ['a%="a_c"', "a", "abbc"],
  ['a%="abc"', "a", "ABC"],
  ['a%="%"', "a", null],
  ['a=ilike="é"', "a", "É"],
  ['a=contains=""', "a", null],
  ['a=contains="a_c"', "a", "abc"],
  ['a=="e\u0301"', "a", "é"],
  ["a=length=2", "a", "😀"],
  ["a=length=0", "a", null],
  ["at==500", "at", "1970-01-01T00:00:00.000Z"],
  ['tags=has="1"', "tags", [1]],
  ["tags=has=1", "tags", 1],
  ["tags=has=1", "tags", { a: 1 }],
  ["tags=has=null", "tags", null],
  ["tags=hasall=()", "tags", null],
  ["tags=within=()", "tags", {}],
  ["tags=within=(1)", "tags", [1, [1]]],
  ["tags=overlaps=()", "tags", []],
  ["tags=maxlength=5", "tags", "abc"],
];

/** The rule that an example shows, by its operator. */
function ruleOf(filter: string): string {
  if (/=(in|out|n?between)=/.test(filter)) return "[QL24]";
  if (/^done/.test(filter)) return "[QL25]";
  if (/%=|like=/.test(filter)) return "[QL26]";
  if (/(contains|startswith|endswith)=/.test(filter)) return "[QL27]";
  if (/^tags/.test(filter)) return "[QL30]";
  if (/=i?(eq|ne)=/.test(filter)) return "[QL32]";
  if (/^a(==|=\w*length)/.test(filter)) return "[QL28]";
  if (/^a>/.test(filter)) return "[QL29]";
  if (/^at/.test(filter)) return "[QL18]";
  if (/^(n|big)[<>]/.test(filter)) return "[QL23]";
  return "[QL22]";
}

describe("truth table", () => {
  test.each(
    YES.map(([filter, field, value]) => [ruleOf(filter), filter, JSON.stringify(value), field, value] as const),
  )("%s %s matches %s", (_rule, filter, _shown, field, value) => {
    expect(holds(filter, { [field]: value })).toBe(true);
    expect(holds(`!(${filter})`, { [field]: value })).toBe(false);
  });

  test.each(NO.map(([filter, field, value]) => [ruleOf(filter), filter, JSON.stringify(value), field, value] as const))(
    "%s %s does not match %s",
    (_rule, filter, _shown, field, value) => {
      expect(holds(filter, { [field]: value })).toBe(false);
      expect(holds(`!(${filter})`, { [field]: value })).toBe(true);
    },
  );

  test("[QL31] null inside an array is JSON null, the column's own null is NULL", () => {
    expect(holds("tags==null", { tags: null })).toBe(true);
    expect(holds("tags==null", { tags: [null] })).toBe(false);
  });

  test("[QL32] folding lowers A to Z and leaves all else, in texts of any length", () => {
    const letters = fc.constantFrom("a", "A", "Z", "z", "[", "@", "é", "É", "İ", "Σ", "ß", "😀", "\u0080", "\uffff");
    const texts = fc.oneof(
      fc.string({ unit: letters, maxLength: 12 }),
      fc
        .tuple(fc.string({ unit: letters, minLength: 1, maxLength: 3 }), fc.constantFrom(4095, 4096, 4097, 9000))
        .map(([text, count]) => text.repeat(count).slice(0, count)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(fold(text)).toBe(text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
      }),
    );
  });

  test("[QL34] folding does not change lengths: i forms and counts agree", () => {
    expect(holds('a=ieq="aßİ";a=length=3', { a: "AßİX".slice(0, 3) })).toBe(true);
  });

  test("[QL44] a custom test that throws counts as false and is reported once", () => {
    expect(holds("n=even=true", { n: 4 })).toBe(true);
    expect(holds("n=broken=1", { n: 4 })).toBe(false);
    expect(holds("!(n=broken=1)", { n: 4 })).toBe(true);
    expect(reported).toEqual(["=broken="]);
  });
});
