/** Filters made in code: templates, helpers, conditions, selectors, and the typed builder. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as query from "../../../src/core/query/ledge-query.ts";
import { parseUntyped } from "../../../src/core/query/parse.ts";
import { printFilter } from "../../../src/core/query/print.ts";
import type { Filter } from "../../../src/core/query/tree.ts";
import { runs, text } from "./sample-table.ts";

const { rsql } = query;

describe("rsql", () => {
  test("[QL46] values stand in value position", () => {
    const filter = rsql`authorId==${'x";y==1'};status=in=${["a", "b"]};n=in=(${1}, ${2});at>${new Date(0)};big==${12n};gone==${null};n=between=${[1, 2]};p==${-0}`;
    expect(printFilter(filter)).toBe(
      'authorId=="x\\";y==1";status=in=("a","b");n=in=(1,2);at>"1970-01-01T00:00:00.000Z";big=="12";gone==null;n=between=[1,2];p==0',
    );
  });

  test("[QL46] filters stand in term position, as if in parentheses", () => {
    const either = rsql`a==1,b==2`;
    expect(printFilter(rsql`${either};c==3`)).toBe("(a==1,b==2);c==3");
    expect(printFilter(rsql`!(${either})`)).toBe("!(a==1,b==2)");
    expect(printFilter(rsql`${rsql`a==1;b==2`},c==3`)).toBe("a==1;b==2,c==3");
  });

  test("[QL46] fields stand in field position and are identifiers", () => {
    expect(printFilter(rsql`${rsql.field("owner_id")}==${1}`)).toBe("owner_id==1");
    for (const name of ["a b", "a==1;b", "", "1a", "a.b", "é"]) expect(() => rsql.field(name)).toThrow(TypeError);
  });

  test.each([
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    {},
    () => 1,
    Symbol("x"),
    new Date(Number.NaN),
    [[1]],
    [undefined],
    new Map(),
  ])("[QL46] %s is no value", (value) => {
    expect(() => rsql`a==${value as never}`).toThrow(TypeError);
  });

  test.each(["\ud800", "a\udc00", "x\u0000"])("[QL46] [QL20] ill-formed text %j is no value", (text) => {
    expect(() => rsql`a==${text}`).toThrow(TypeError);
    expect(() => rsql`a=in=${["a", text]}`).toThrow(TypeError);
    expect(() => query.eq("a", text)).toThrow(TypeError);
  });

  test("[QL46] [QL12] a list of more than 500 values is no value", () => {
    const list = Array.from({ length: 501 }, (_, index) => index);
    expect(() => rsql`a=in=${list}`).toThrow(TypeError);
    expect(rsql`a=in=${list.slice(1)}`).toMatchObject({ operator: "=in=" });
  });

  test("[QL7] a tree that is nested deeper than the stack is printed all the same", () => {
    let filter: Filter = query.eq("a", 1);
    for (let level = 0; level < 50_000; level++) filter = query.not(filter);
    expect(printFilter(filter)).toBe(`${"!(".repeat(50_000)}a==1${")".repeat(50_000)}`);
  });

  test("[QL46] an interpolated value stands nowhere else", () => {
    expect(() => rsql`${"a"}==1`).toThrow(TypeError);
    expect(() => rsql`a==${rsql`b==1`}`).toThrow(TypeError);
    expect(() => rsql`a==${rsql.field("b")}`).toThrow(TypeError);
    expect(() => rsql`a=in=(${[1, 2]})`).toThrow(TypeError);
    expect(() => rsql`a${"=="}1`).toThrow();
    expect(() => rsql`a=="${"x"}"`).toThrow();
  });

  test("[QL47] no value changes the shape of the tree, nor of its text", () => {
    const shape = (filter: Filter): unknown =>
      filter.kind === "compare"
        ? { field: filter.field, operator: filter.operator }
        : filter.kind === "not"
          ? [shape(filter.term)]
          : filter.kind === "all"
            ? null
            : { kind: filter.kind, terms: filter.terms.map(shape) };
    const value = fc.oneof(
      text,
      fc.string({ unit: "binary" }).map((raw) => raw.replaceAll("\u0000", "").toWellFormed()),
      fc.constantFrom('"', '\\"', '";a==1,b=="', "*", ")", "]", "\n"),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(value, value, fc.array(value, { maxLength: 3 }), (one, two, list) => {
        const filter = rsql`a==${one};(b!=${two},!(c=in=${list}))`;
        expect(shape(filter)).toEqual(shape(rsql`a==${1};(b!=${1},!(c=in=${[]}))`));
        expect(parseUntyped(printFilter(filter))).toEqual(JSON.parse(JSON.stringify(filter)));
      }),
      runs(300),
    );
  });
});

describe("helpers", () => {
  const q = query;
  test.each([
    [q.eq("a", 1), "a==1"],
    [q.neq("a", null), "a!=null"],
    [q.gt("a", 1n), 'a>"1"'],
    [q.gte("a", "x"), 'a>="x"'],
    [q.lt("a", new Date(0)), 'a<"1970-01-01T00:00:00.000Z"'],
    [q.lte("a", 1), "a<=1"],
    [q.like("a", "x%"), 'a%="x%"'],
    [q.notLike("a", "x"), 'a!%="x"'],
    [q.ilike("a", "x"), 'a=ilike="x"'],
    [q.inList("a", [1, null]), "a=in=(1,null)"],
    [q.notIn("a", []), "a=out=()"],
    [q.between("a", 1, 2), "a=between=[1,2]"],
    [q.isNull("a"), "a=isnull=true"],
    [q.isNotNull("a"), "a=isnull=false"],
    [q.contains("a", "x"), 'a=contains="x"'],
    [q.icontains("a", "x"), 'a=icontains="x"'],
    [q.startsWith("a", "x"), 'a=startswith="x"'],
    [q.endsWith("a", "x"), 'a=endswith="x"'],
    [q.has("a", "x"), 'a=has="x"'],
    [q.and(q.eq("a", 1), q.or(q.eq("b", 2), q.eq("c", 3))), "a==1;(b==2,c==3)"],
    [q.and(q.and(), q.eq("a", 1)), "a==1"],
    [q.not(q.eq("a", 1)), "!(a==1)"],
    [q.raw("a==1 and b==2"), "a==1;b==2"],
  ])("[QL48] helper %#: %s", (filter, printed) => {
    expect(printFilter(filter)).toBe(printed);
    expect(query.isFilter(JSON.parse(JSON.stringify(filter)))).toBe(true);
  });

  test("[QL48] what has no text is refused", () => {
    expect(() => query.or()).toThrow(TypeError);
    expect(() => query.not(query.and())).toThrow(TypeError);
    expect(() => query.eq("a;b", 1)).toThrow(TypeError);
  });

  test("[QL48] condition arrays", () => {
    const filter = query.filterFromConditions([
      { column: "a", operator: "eq", value: 1 },
      { column: "b", operator: "in", value: [1, 2] },
      { column: "c", operator: "contains", value: "x" },
      { column: "d", operator: "contains", value: ["x", 1] },
      { column: "e", operator: "contains", value: { k: 1 } },
      { column: "f", operator: "containedBy", value: [1] },
      { column: "g", operator: "overlap", value: [1] },
      { column: "h", operator: "is", value: null },
      { column: "i", operator: "not", value: { like: "x%" } },
      { column: "j", operator: "match", value: { k: 1, l: 2 } },
    ]);
    expect(printFilter(filter)).toBe(
      'a==1;b=in=(1,2);c=contains="x";d=hasall=("x",1);e=hasjson="{\\"k\\":1}";f=within=(1);g=overlaps=(1);h==null;!(i%="x%");k==1;l==2',
    );
    expect(() => query.filterFromConditions([{ column: "a", operator: "in", value: 1 }])).toThrow(TypeError);
    expect(() => query.filterFromConditions([{ column: "a", operator: "almost" as never, value: 1 }])).toThrow(
      TypeError,
    );
  });

  test("[QL48] selector objects", () => {
    const filter = query.filterFromSelector({ status: "open", age: { gte: 18, lt: 65 }, tag: ["a", "b"], gone: null });
    expect(printFilter(filter)).toBe('status=="open";age>=18;age<65;tag=in=("a","b");gone==null');
    expect(printFilter(query.filterFromSelector({}))).toBe("");
  });

  test.each(['{"constructor":1}', '{"toString":1}', '{"__proto__":1}', "{}"])(
    "[QL48] a selector refuses %s as the operators of a field",
    (text) => {
      expect(() => query.filterFromSelector({ a: JSON.parse(text) })).toThrow(TypeError);
    },
  );

  test("[QL48] the typed builder", () => {
    interface Task {
      id: string;
      points: number | null;
      tags: string[];
    }
    const task = query.f<Task>();
    expect(printFilter(task.and(task.gt("points", 3), task.has("tags", "x"), task.startsWith("id", "a")))).toBe(
      'points>3;tags=has="x";id=startswith="a"',
    );
  });
});

test("[Q24] scopes of one's own, of what is public, and of both", () => {
  expect(printFilter(query.ownerScope("alice"))).toBe('ownerId=="alice"');
  expect(printFilter(query.publicScope("open"))).toBe("open==true");
  expect(printFilter(query.ownerOrPublic('a"b', { owner: "author" }))).toBe('author=="a\\"b",isPublic==true');
});
