/** `when` and `require` over results: types as in JSON, nothing converted ([HT57]). */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { holds, parseCondition } from "../../../src/core/transaction/condition.ts";

const names = ["order", "tags", "none"];
const results = [
  {
    isSkipped: false,
    value: { id: "x", total: 5, text: "5", open: true, empty: "", nothing: null, list: [1, "a"] } as Json,
  },
  { isSkipped: false, value: [{ name: "n" }] as Json },
  { isSkipped: true, value: null },
];
const test = (text: string) => holds(parseCondition(text, "when", names), names, results);

describe("conditions over results", () => {
  it.each([
    ["order.total==5", true],
    ['order.total=="5"', false],
    ['order.text=="5"', true],
    ["order.text==5", false],
    ["order.total!=6", true],
    ["order.total>4;order.total<=5", true],
    ["order.text>4", false],
    ["order.text<=4", false],
    ['order.text>="4"', true],
    ["order.open==true", true],
    ["order.open==1", false],
    ["order.open>0", false],
    ["order.nothing==null", true],
    ["order.missing==null", true],
    ["order.missing=isnull=true", true],
    ["order.id=isnull=false", true],
    ["none==null", true],
    ["none.id==null", true],
    ["tags.length==1", true],
    ["tags.length>1,order.total==5", true],
    ["!(tags.length>1)", true],
    ["order.total=in=(1,5)", true],
    ['order.total=in=(1,"5")', false],
    ["order.total=out=(1,2)", true],
    ["order.total=between=[1,5]", true],
    ["order.text=between=[1,9]", false],
    ["order.text=nbetween=[1,9]", true],
    ["order.empty=isempty=true", true],
    ["order.list=isempty=false", true],
    ["order.list=length=2", true],
    ['order.list=has="a"', true],
    ["order.list=hasall=(1,2)", false],
    ['order.id=startswith="x"', true],
    ['order.total=startswith="5"', false],
    ['order.id%="_"', true],
    ['order.id!%="y%"', true],
    ['order.total!%="5"', true],
    ['order.id=ieq="X"', true],
    ["order.toString!=null", false],
    ["order.constructor==null", true],
  ])("[HT57] %s is %s", (text, expected) => {
    expect(test(text)).toBe(expected);
  });

  it("[HT57] a name that is no earlier operation, or an unknown operator, is refused with its place", () => {
    const refused = (text: string) => {
      try {
        parseCondition(text, "operations[1].when", ["order"]);
      } catch (error) {
        return (error as { data: Record<string, unknown> }).data;
      }
      return {};
    };
    expect(refused("tags.length>1")).toMatchObject({ reason: "unknown-field", position: 0, length: 11 });
    expect(refused("order.a==1;tags.b==1")).toMatchObject({ reason: "unknown-field", position: 11 });
    expect(refused("order.a=foo=1")).toMatchObject({ reason: "unknown-operator", parameter: "operations[1].when" });
    expect(refused('order.a=regex="x"')).toMatchObject({ reason: "operator-not-allowed" });
    expect(refused("order.a==")).toMatchObject({ reason: "syntax" });
    expect(refused(" ")).toMatchObject({ slug: "validation-error" });
  });

  it("[HT57] equality is that of JSON, inequality its opposite, for all scalars", () => {
    const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.stringMatching(/^[a-z0-9 ]{0,5}$/));
    fc.assert(
      fc.property(scalar, scalar, (value, literal) => {
        const own = [{ isSkipped: false, value: { v: value } as Json }];
        const ask = (text: string) => holds(parseCondition(text, "when", ["a"]), ["a"], own);
        expect(ask(`a.v==${JSON.stringify(literal)}`)).toBe(value === literal);
        expect(ask(`a.v!=${JSON.stringify(literal)}`)).toBe(value !== literal);
        const isOrdered = typeof value === typeof literal && (typeof value === "number" || typeof value === "string");
        if (literal !== null && typeof literal !== "boolean")
          expect(ask(`a.v>${JSON.stringify(literal)}`)).toBe(isOrdered && (value as number) > (literal as number));
      }),
    );
  });
});
