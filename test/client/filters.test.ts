/** The client's small builder and selectors against those of ledge/query, which they stand in for. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUILDER, selectorFilter } from "../../src/client/filter-builder.ts";
import { filterText } from "../../src/client/filter-text.ts";
import { f, filterFromSelector, not, type Selector } from "../../src/core/query/ledge-query.ts";

interface Row {
  readonly name: string;
  readonly size: number;
  readonly tags: readonly string[];
}

const text = fc.string({ unit: "grapheme" });
const scalar = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null));

describe("the builder", () => {
  test("[Q27] has every method of f(), each giving the same tree", () => {
    const full = f<Row>() as unknown as Record<string, (...given: unknown[]) => unknown>;
    const small = BUILDER as unknown as typeof full;
    const a = f<Row>().eq("name", "a");
    const given: Readonly<Record<string, readonly unknown[]>> = {
      inList: ["size", [1, 2]],
      notIn: ["size", [1, 2]],
      between: ["size", 1, 2],
      isNull: ["name"],
      isNotNull: ["name"],
      and: [a, a],
      or: [a, f<Row>().and(a, a)],
      not: [a],
    };
    const methods = Object.keys(full).filter((name) => !["compare", "raw"].includes(name));
    expect(methods.length).toBeGreaterThan(20);
    for (const name of methods) {
      const values = given[name] ?? ["name", 'it\'s "x"'];
      expect(small[name]!(...values), name).toEqual(full[name]!(...values));
    }
    const date = new Date(0);
    for (const value of [date, 12n, -0, null, true]) {
      expect(small.eq!("name", value)).toEqual(full.eq!("name", value));
    }
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, {}, () => 1, new Date(Number.NaN)]) {
      expect(() => small.eq!("name", value)).toThrow();
    }
    expect(() => small.eq!("a==1;b", 1)).toThrow(TypeError);
    expect(() => small.or!()).toThrow(TypeError);
  });
});

describe("selectors", () => {
  const operators = fc.record(
    {
      eq: scalar,
      neq: scalar,
      gt: scalar,
      gte: scalar,
      lt: scalar,
      lte: scalar,
      like: text,
      ilike: text,
      is: scalar,
      in: fc.array(scalar),
      contains: fc.oneof(text, fc.array(text)),
      containedBy: fc.array(text),
      overlap: fc.array(text),
      not: fc.oneof(scalar, fc.array(scalar), fc.record({ gt: scalar, like: text })),
    },
    { requiredKeys: [] },
  );

  test("[Q27] give the tree of filterFromSelector", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
          fc.oneof(scalar, fc.array(scalar), operators),
          {
            noNullPrototype: true,
          },
        ),
        (selector) => {
          expect(selectorFilter(selector)).toEqual(filterFromSelector(selector as Selector));
        },
      ),
    );
  });

  test("[Q27] refuse operators and columns that they do not know", () => {
    for (const selector of [{ a: { near: 1 } }, { a: { constructor: 1 } }, { "a b": 1 }, { a: undefined }]) {
      expect(() => selectorFilter(selector)).toThrow(TypeError);
    }
  });
});

test("[Q27] trees of ledge/query are taken as they are", () => {
  const { eq, or } = f<Row>();
  expect(filterText<Row>(not(or(eq("name", "a"), eq("size", 1))))).toBe('!(name=="a",size==1)');
});
