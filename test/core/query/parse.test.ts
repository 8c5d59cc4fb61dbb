/** The grammar, its limits and its faults: what parses to which tree, and where each refusal points. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fault, type FaultData } from "../../../src/core/fault.ts";
import { defineOperators } from "../../../src/core/query/custom-operators.ts";
import { parseFilter } from "../../../src/core/query/parse.ts";
import { printFilter } from "../../../src/core/query/print.ts";
import type { Filter } from "../../../src/core/query/tree.ts";
import { type FilterGrammar, typeFilter } from "../../../src/core/query/type-filter.ts";
import { column, filterOf, runs, SAMPLES, tableOf } from "./sample-table.ts";

const TABLE = tableOf([
  column("id", "text", { primaryKey: true, notNull: true }),
  ...["a", "b", "c", "or_x", "status"].map((name) => column(name, "text")),
  ...["n", "m"].map((name) => column(name, "int")),
  column("price", "real"),
  column("big", "bigint"),
  column("done", "bool"),
  column("at", "time", { timeStorage: "ms" }),
  column("tags", "json"),
  column("bytes", "blob"),
  column("secret", "text", { readable: false, filterable: false, sortable: false }),
  column("statuz", "text", { filterable: false }),
]);
const CLIENT: FilterGrammar = { table: TABLE, fields: "client", parameter: "filter" };
type ParseFault = Extract<FaultData, { slug: "filter-parse-error" }>;

function parse(text: string, grammar: Partial<FilterGrammar> = {}): Filter {
  return parseFilter(text, { ...CLIENT, ...grammar });
}

function faultOf(work: () => unknown): ParseFault {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "filter-parse-error") return error.data;
    throw error;
  }
  throw new Error("parsed, although it should not");
}

/** `reason@position+length` */
function refusal(text: string, grammar: Partial<FilterGrammar> = {}): string {
  const { reason, position, length } = faultOf(() => parse(text, grammar));
  return `${reason}@${position}+${length}`;
}

const canonical = (text: string) => printFilter(parse(text));

describe("grammar", () => {
  test("[QL1] AND binds tighter than OR", () => {
    expect(parse("n==1,n==2;n==3")).toEqual({
      kind: "or",
      terms: [
        { kind: "compare", field: "n", operator: "==", operand: 1 },
        {
          kind: "and",
          terms: [
            { kind: "compare", field: "n", operator: "==", operand: 2 },
            { kind: "compare", field: "n", operator: "==", operand: 3 },
          ],
        },
      ],
    });
  });

  test.each([
    ["n==1 and n==2", "n==1;n==2"],
    ["n==1 AND(n==2 or n==3)", "n==1;(n==2,n==3)"],
    ["(n==1)and(n==2)OR\tm==3", "n==1;n==2,m==3"],
    ["n==1&&n==2||m==3", "n==1;n==2,m==3"],
    ['or_x=="x"', 'or_x=="x"'],
  ])("[QL2] word forms: %s", (text, printed) => {
    expect(canonical(text)).toBe(printed);
  });

  test.each([
    ["n==1 And n==2", "syntax@5+3"],
    ['a=="x"and n==2', "syntax@6+3"],
    ["n==1 and!(n==2)", "syntax@5+3"],
    ["n==1 xor n==2", "syntax@5+3"],
    ["or==1", "syntax@0+2"],
    ["AND==1", "syntax@0+3"],
    ["n==1 and", "syntax@5+3"],
    ["n==1 and ", "syntax@9+0"],
  ])("[QL2] word forms: %s is refused", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test("[QL2] a misspelt connective gets a suggestion", () => {
    expect(faultOf(() => parse("n==1 And n==2")).suggestion).toBe("and");
  });

  test.each([
    ["n>=5", ">="],
    ["n>5", ">"],
    ["n=ge=5", ">="],
    ["n=gt=5", ">"],
    ["n=le=5", "<="],
    ["n=lt=5", "<"],
    ["n!=5", "!="],
    ['a%="x"', "%="],
    ['a!%="x"', "!%="],
    ["n == -5", "=="],
  ])("[QL3] the longest operator wins: %s", (text, operator) => {
    expect(parse(text)).toMatchObject({ operator });
  });

  test.each([
    ["n=5", "syntax@1+1"],
    ["n=in(1)", "syntax@1+3"],
    ["n=In=(1)", "syntax@1+4"],
    ["n!5", "syntax@1+1"],
    ["n===5", "syntax@3+1"],
    ["n 5", "syntax@2+1"],
    ["n%5", "syntax@1+1"],
    ["n", "syntax@1+0"],
    ["n==", "syntax@3+0"],
  ])("[QL3] %s has no operator or value", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test("[QL4] strings decode their escapes", () => {
    expect(parse(String.raw`a=="\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00😀"`)).toMatchObject({
      operand: '"\\/\b\f\n\r\tAé😀😀',
    });
  });

  test.each([
    ["a=='x'", "syntax@3+1"],
    ["a==x", "syntax@3+1"],
    ["a==truth", "syntax@3+5"],
    [String.raw`a=="b\q"`, "syntax@5+2"],
    [String.raw`a=="\ud83d"`, "syntax@4+6"],
    [String.raw`a=="\ud83dA"`, "syntax@4+6"],
    [String.raw`a=="\ude00"`, "syntax@4+6"],
    [String.raw`a=="\u12"`, "syntax@4+2"],
    [String.raw`a=="\u0000"`, "syntax@4+6"],
    ['a=="x\u0000"', "syntax@5+1"],
    ['a=="\ud800"', "syntax@4+1"],
    ['a=="x', "syntax@3+1"],
    ['a=="x\\', "syntax@3+1"],
    ["n==1.", "syntax@3+2"],
    ["n==.5", "syntax@3+1"],
    ["n==+5", "syntax@3+1"],
    ["n==1e", "syntax@3+2"],
    ["n==1x", "syntax@3+2"],
    ["n==-", "syntax@3+1"],
    ["n==*", "syntax@3+1"],
  ])("[QL4] %s is refused", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test("[QL5] the empty filter is the empty filter, and * is none", () => {
    expect(parse("")).toEqual({ kind: "all" });
    expect(parse(" \t\r\n")).toEqual({ kind: "all" });
    expect(refusal("*")).toBe("syntax@0+1");
    expect(refusal("()")).toBe("syntax@1+1");
  });

  test("[QL6] a dotted field is a relation path, for clients and (for now) scopes", () => {
    expect(refusal("author.name==1")).toBe("relation-path@0+11");
    expect(refusal("n==1;author.name==1", { fields: "scope" })).toBe("relation-path@5+11");
  });
});

describe("canonical text", () => {
  test.each([
    [" ( ( n == 1 ) ) ", "n==1"],
    ["(n==1;n==2);n==3", "n==1;n==2;n==3"],
    ["n==1;(n==2,n==3)", "n==1;(n==2,n==3)"],
    ["(n==1;n==2),n==3", "n==1;n==2,n==3"],
    ["!( !( n==1 ) )", "!(!(n==1))"],
    ["!((n==1,n==2))", "!(n==1,n==2)"],
    ["n=in=( 3 , 1 , 1 )", "n=in=(3,1,1)"],
    ["n=between=( 1 , 2 )", "n=between=[1,2]"],
    ["n=nbetween=[1,2]", "n=nbetween=[1,2]"],
    ["n==007", "n==7"],
    ["n==-0", "n==0"],
    ["price==1.50e+1", "price==15"],
    ["price==1e21", "price==1e+21"],
    ["n=gt=1", "n>1"],
    [String.raw`a=="\/A\u0001\u001F"`, String.raw`a=="/A\u0001\u001f"`],
    ['a=="\u2028é\u007f\t"', 'a=="\u2028é\u007f\\t"'],
    ["at==0", "at==0"],
    ['at=="2020-01-01"', 'at=="2020-01-01"'],
    ["done==1", "done==1"],
    ["", ""],
  ])("[QL7] %s prints as %s", (text, printed) => {
    expect(canonical(text)).toBe(printed);
    expect(canonical(printed)).toBe(printed);
  });

  test("[QL7] parsing what was printed gives the same tree, for any tree", () => {
    fc.assert(
      fc.property(filterOf(SAMPLES), (built) => {
        const grammar = { table: SAMPLES, fields: "client", parameter: "filter", limits: "lifted" } as const;
        const filter = typeFilter(built, grammar);
        const printed = printFilter(filter);
        const parsed = parseFilter(printed, grammar);
        expect(parsed).toEqual(JSON.parse(JSON.stringify(filter)));
        expect(printFilter(parsed)).toBe(printed);
      }),
      runs(300),
    );
  });
});

describe("limits", () => {
  const ok = (work: () => unknown) => expect(work).not.toThrow();

  test("[QL9] 4096 code points", () => {
    const filter = (length: number) => `a=="${"😀".repeat(100)}${"x".repeat(length - 105)}"`;
    ok(() => parse(filter(4096)));
    expect(refusal(filter(4097))).toBe("limit@4096+1");
  });

  test("[QL9] a text within 4096 code points can have more than 12 KB of UTF-8", () => {
    expect(refusal(`a=="${"😀".repeat(3500)}"`)).toMatch(/^limit@30/);
    ok(() => parse(`a=="${"😀".repeat(3070)}"`));
  });

  test("[QL10] groups and nots nest 10 deep", () => {
    const nested = (depth: number, open: string) => `${open.repeat(depth)}n==1${")".repeat(depth)}`;
    ok(() => parse(nested(10, "(")));
    ok(() => parse(nested(10, "!(")));
    expect(refusal(nested(11, "("))).toBe("limit@10+1");
    expect(refusal(nested(11, "!("))).toBe("limit@20+2");
  });

  test("[QL11] 100 comparisons, groups and nots", () => {
    const chain = (count: number) => Array.from({ length: count }, () => "n==1").join(";");
    ok(() => parse(chain(100)));
    expect(refusal(chain(101))).toBe("limit@500+1");
    ok(() => parse(`(${chain(99)})`));
    expect(refusal(`(${chain(100)})`)).toBe("limit@496+1");
  });

  test("[QL12] 500 values in a list", () => {
    const list = (count: number) => `n=in=(${Array.from({ length: count }, () => "1").join(",")})`;
    ok(() => parse(list(500)));
    expect(refusal(list(501))).toBe("limit@1006+1");
  });

  test("[QL10] [QL11] [QL12] the same limits hold for trees built in code", () => {
    const one: Filter = { kind: "compare", field: "n", operator: "==", operand: 1 };
    const nots = (depth: number): Filter => (depth === 0 ? one : { kind: "not", term: nots(depth - 1) });
    const grammar = { ...CLIENT, fields: "scope" } as const;
    ok(() => typeFilter(nots(10), grammar));
    expect(faultOf(() => typeFilter(nots(11), grammar)).reason).toBe("limit");
    ok(() => typeFilter({ kind: "and", terms: Array(100).fill(one) }, grammar));
    expect(faultOf(() => typeFilter({ kind: "and", terms: Array(101).fill(one) }, grammar)).reason).toBe("limit");
    const list = (count: number): Filter => ({
      kind: "compare",
      field: "n",
      operator: "=in=",
      operand: Array(count).fill(1),
    });
    ok(() => typeFilter(list(500), grammar));
    expect(faultOf(() => typeFilter(list(501), grammar)).reason).toBe("limit");
  });

  test("[QL9] lifted for canonical text that was checked before", () => {
    ok(() => parse(`a=="${"x".repeat(50_000)}"`, { limits: "lifted" }));
  });

  test("[QL13] operators outside the allow-list are refused, aliases with them", () => {
    const grammar = { allowedOperators: ["==", ">="] };
    ok(() => parse("n==1;n=ge=2", grammar));
    expect(refusal("n!=1", grammar)).toBe("operator-not-allowed@1+2");
    expect(faultOf(() => parse("n>1", grammar))).toMatchObject({ suggestion: ">=", allowedOperators: ["==", ">="] });
  });
});

describe("faults", () => {
  test("[QL14] names parameter, reason, span, suggestion and what is allowed", () => {
    expect(faultOf(() => parse('status=inn=("x")'))).toEqual({
      slug: "filter-parse-error",
      detail: "Unknown operator =inn= for field status",
      parameter: "filter",
      reason: "unknown-operator",
      position: 6,
      length: 5,
      suggestion: "=in=",
      allowedOperators: expect.arrayContaining(["==", "!=", "=in="]),
      allowedFields: ["id", "a", "b", "c", "or_x", "status", "n", "m", "price", "big", "done", "at", "tags", "bytes"],
    });
  });

  test.each(["client", "scope"] as const)("[QL35] regular expressions are refused in a filter of a %s", (fields) => {
    expect(refusal('a=regex="^x"', { fields })).toBe("operator-not-allowed@1+7");
    expect(refusal('a=iregex="^x"', { fields })).toBe("operator-not-allowed@1+8");
  });

  test.each([
    ["zzz==1", "unknown-field@0+3"],
    ["n==1;zzz==1", "unknown-field@5+3"],
    ["a~1", "syntax@1+1"],
    ["n=foo=1", "unknown-operator@1+5"],
    ["n=regex=1", "operator-not-allowed@1+7"],
    ["n=iregex=1", "operator-not-allowed@1+8"],
    ['tags=hasjson="{}"', "operator-not-allowed@4+9"],
    ['n%="x"', "type@1+2"],
    ["done>true", "type@4+1"],
    ["tags=in=(1)", "type@4+4"],
    ['bytes=="x"', "type@7+3"],
    ['tags=="x"', "type@6+3"],
    ["n==(1)", "type@3+1"],
    ["n==[1,2]", "type@3+1"],
    ["n=in=1", "type@5+1"],
    ["n=in=[1,2]", "type@5+1"],
    ["n=between=1", "type@10+1"],
    ["n=between=(1)", "syntax@12+1"],
    ["n=between=()", "syntax@11+1"],
    ["n=between=[1,2,3]", "syntax@14+1"],
    ["n=between=[1,2)", "syntax@14+1"],
    ['n=in=(1,"x",y)', "type@8+3"],
    ["a=length=-1", "type@9+2"],
    ["a=length=1.5", "type@9+3"],
    ['a=length="1"', "type@9+3"],
    ["a=isnull=1", "type@9+1"],
    ["a=contains=5", "type@11+1"],
    [String.raw`a%="x\\"`, "type@3+5"],
    ["(n==1", "syntax@0+1"],
    ["(n==1;!(n==2)", "syntax@0+1"],
    ["n=in=(1,2", "syntax@5+1"],
    ["n=in=(1 2)", "syntax@8+1"],
    ["n==1)", "syntax@4+1"],
    ["n==1;", "syntax@5+0"],
    ["n==1;;n==2", "syntax@5+1"],
    ["!n==1", "syntax@0+1"],
    ["! (n==1)", "syntax@0+1"],
    ["n==1 n==2", "syntax@5+1"],
    ['a=="😀";zzz==1', "unknown-field@7+3"],
    ['a=="x" 😀', "syntax@7+1"],
  ])("[QL15] %s: %s", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test("[QL15] the first fault in text order is named", () => {
    expect(refusal("zzz==1;yyy=foo='x'")).toBe("unknown-field@0+3");
    expect(refusal("n=in=(1,2.5,true,x)")).toBe("type@12+4");
  });

  test("[QL15] a suggestion differs from the word in less than all of it; a difference in case alone is the nearest", () => {
    expect(faultOf(() => parse("x==1"))).not.toHaveProperty("suggestion");
    expect(faultOf(() => parse("n==1 n==2"))).not.toHaveProperty("suggestion");
    expect(faultOf(() => parse("n==1 a==2"))).not.toHaveProperty("suggestion");
    expect(faultOf(() => parse("N==1")).suggestion).toBe("n");
    expect(faultOf(() => parse("n==1 Or n==2")).suggestion).toBe("or");
    const columns = ["id", "statu", "STATUS", "xTATus"].map((name) =>
      column(name, "text", { primaryKey: name === "id" }),
    );
    const grammar = { table: tableOf(columns), fields: "client", parameter: "filter" } as const;
    expect(faultOf(() => parseFilter('Status=="a"', grammar)).suggestion).toBe("STATUS");
  });

  test("[QL15] a suggestion is the nearest allowed word within two edits, else absent", () => {
    expect(faultOf(() => parse("statsu==1")).suggestion).toBe("status");
    expect(faultOf(() => parse("elsewhere==1"))).not.toHaveProperty("suggestion");
    expect(faultOf(() => parse("n=eq=1")).suggestion).toBe("==");
    expect(faultOf(() => parse("n=1")).suggestion).toBe("==");
  });

  test("[QL16] a hidden or unfilterable column is answered exactly as an unknown one", () => {
    const unknown = faultOf(() => parse("secreT==1"));
    for (const name of ["secret", "statuz"]) {
      const fault = faultOf(() => parse(`${name}==1`));
      expect({ ...fault, detail: "", suggestion: "" }).toEqual({ ...unknown, detail: "", suggestion: "" });
      expect(fault.detail).toBe(`Unknown field ${name}`);
    }
    expect(unknown.allowedFields).not.toContain("secret");
    expect(faultOf(() => parse("secre==1"))).not.toHaveProperty("suggestion");
    expect(faultOf(() => parse("statuz==1")).suggestion).toBe("status");
    expect(parse('secret=="x"', { fields: "scope" })).toMatchObject({ field: "secret" });
  });

  test("[QL15] no text makes the parser throw anything but a fault", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "n",
        "a",
        "tags",
        "at",
        "==",
        "!=",
        "=in=",
        "=between=",
        "%=",
        "(",
        ")",
        "[",
        "]",
        "!",
        ";",
        ",",
        "&&",
        "||",
        "and",
        "or",
        " ",
        '"',
        "\\",
        "\\u",
        "1",
        "-",
        ".",
        "e",
        "null",
        "true",
        '"x"',
        "=has=",
        "😀",
        "\u0000",
        "\ud800",
        "*",
        "'",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const text = pieces.join("");
        try {
          const printed = canonical(text);
          expect(canonical(printed)).toBe(printed);
        } catch (error) {
          if (!(error instanceof Fault) || error.data.slug !== "filter-parse-error") throw error;
          const { position, length } = error.data;
          expect(position + length).toBeLessThanOrEqual([...text].length);
        }
      }),
      runs(1500),
    );
  });
});

describe("literals", () => {
  test.each([
    ['a=="2020-01-01"', "a", "2020-01-01"],
    ['big=="9223372036854775807"', "big", "9223372036854775807"],
    ["big==-5", "big", -5],
    ["n==1.5", "n", 1.5],
    ["done==0", "done", 0],
    ["at==-62135596800000", "at", -62135596800000],
  ])("[QL17] %s keeps its literal as written", (text, field, operand) => {
    expect(parse(text)).toMatchObject({ field, operand });
  });

  test.each([
    ['n=="5"', "type@3+3"],
    ["a==5", "type@3+1"],
    ["a==true", "type@3+4"],
    ['done=="true"', "type@6+6"],
    ["done==2", "type@6+1"],
    ['big=="x"', "type@5+3"],
    ['big=="007"', "type@5+5"],
    ["big==1.5", "type@5+3"],
    ["big==9007199254740993", "type@5+16"],
    ['big=="9223372036854775808"', "type@5+21"],
    ['price=="1"', "type@7+3"],
  ])("[QL17] %s: the column decides the type", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test.each([
    "2020-01-01",
    "2020-02-29T23:59",
    "2020-01-01T00:00:00",
    "2020-01-01T00:00:00.123456Z",
    "2020-01-01T00:00+14:00",
    "0001-01-01",
    "9999-12-31T23:59:59.999Z",
  ])("[QL18] the time %s is accepted", (text) => {
    expect(parse(`at=="${text}"`)).toMatchObject({ operand: text });
  });

  test.each([
    '"2019-02-29"',
    '"2020-1-1"',
    '"20200101"',
    '"2020-01-01Z"',
    '"2020-01-01 00:00"',
    '"2020-01-01T24:00"',
    '"0000-12-31"',
    '"0001-01-01T00:00+01:00"',
    "1.5",
    "253402300800000",
    "true",
  ])("[QL18] the time %s is refused", (literal) => {
    expect(refusal(`at==${literal}`)).toBe(`type@4+${literal.length}`);
  });

  test("[QL19] an int literal lies within ±(2^53−1); a number may not overflow", () => {
    expect(parse("n==9007199254740991")).toMatchObject({ operand: 9007199254740991 });
    expect(refusal("n==9007199254740992")).toBe("type@3+16");
    expect(refusal("n==-9007199254740993")).toBe("type@3+17");
    expect(refusal("n==1e300")).toBe("type@3+5");
    expect(refusal("price==1e999")).toBe("type@7+5");
  });

  test("[QL20] a literal built in code is well-formed Unicode without U+0000", () => {
    for (const operand of ["\ud800", "x\u0000"]) {
      expect(faultOf(() => typeFilter({ kind: "compare", field: "a", operator: "==", operand }, CLIENT)).reason).toBe(
        "type",
      );
    }
  });

  test.each([
    "a==null",
    "bytes!=null",
    "tags==null",
    "n=in=(1,null)",
    "n=out=(null)",
    "tags=has=null",
    "tags=hasall=(null)",
    "tags=within=(1,null)",
    "tags=overlaps=(null)",
  ])("[QL21] %s is allowed", (text) => {
    expect(canonical(text)).toBe(text);
  });

  test.each([
    ["n>null", "type@2+4"],
    ["n=between=[1,null]", "type@13+4"],
    ["a%=null", "type@3+4"],
    ["a=contains=null", "type@11+4"],
    ["a=isnull=null", "type@9+4"],
    ["tags=length=null", "type@12+4"],
  ])("[QL21] %s is refused", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });
});

describe("custom operators", () => {
  const operators = defineOperators({
    "=near=": { on: ["tags"], operand: "list", test: () => true },
    "=span=": { on: ["n"], operand: "range", test: () => true },
  });

  test("[QL44] parse like built-in ones, on their columns only", () => {
    expect(parse("tags=near=(1,2);n=span=(1,5)", { operators })).toMatchObject({
      terms: [
        { operator: "=near=", operand: [1, 2] },
        { operator: "=span=", operand: { from: 1, to: 5 } },
      ],
    });
    expect(refusal("n=near=(1)", { operators })).toBe("type@1+6");
    expect(refusal("tags=near=1", { operators })).toBe("type@10+1");
    expect(refusal("tags=near=(null)", { operators })).toBe("type@11+4");
    expect(refusal("tags=near=(1)")).toBe("unknown-operator@4+6");
    expect(faultOf(() => parse("tags=neer=(1)", { operators })).suggestion).toBe("=near=");
  });

  test.each(["=in=", "=gt=", "=regex=", "=Near=", "near", "=9=", "=a_b="])(
    "[QL44] the name %s is refused at start",
    (name) => {
      expect(() => defineOperators({ [name]: { on: ["a"], operand: "list", test: () => true } })).toThrow(TypeError);
    },
  );
});
