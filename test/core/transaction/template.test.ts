/** References in texts: what they become, and what no value can do to the structure around them ([HT56]). */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { type StepResult, valueAt } from "../../../src/core/transaction/results.ts";
import { fill, literally, parseTemplate, pathsIn, TemplateError } from "../../../src/core/transaction/template.ts";

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
/** Texts full of braces and names that prototypes have. */
const nasty = fc.oneof(
  fc.string(),
  fc
    .array(fc.constantFrom("{{", "}}", "{", "}", "a", ".", "0", "{{{{", "__proto__", "constructor", " ", '"', "a.b"), {
      maxLength: 12,
    })
    .map((parts) => parts.join("")),
);

describe("templates", () => {
  it("[HT56] a text that is one reference becomes the value with its type", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(fill("{{a.b}}", () => value)).toEqual(value);
      }),
    );
  });

  it("[HT56] inside a longer text scalars are inserted as text, and nothing else", () => {
    fc.assert(
      fc.property(json, (value) => {
        const isScalar = typeof value !== "object" || value === null;
        if (isScalar) expect(fill("<{{a.b}}>", () => value)).toBe(`<${String(value)}>`);
        else expect(() => fill("<{{a.b}}>", () => value)).toThrow(TemplateError);
      }),
    );
  });

  it("[HT56] a value that holds braces is never read as a reference", () => {
    fc.assert(
      fc.property(nasty, nasty, (value, other) => {
        const seen: string[] = [];
        const lookup = (path: readonly string[]) => {
          seen.push(path.join("."));
          return path[0] === "a" ? value : other;
        };
        expect(fill({ x: "{{a.v}}", y: "[{{b.v}}]" }, lookup)).toEqual({ x: value, y: `[${other}]` });
        expect(seen).toEqual(["a.v", "b.v"]);
      }),
    );
  });

  it("[HT56] filling keeps every member and index where it was: only texts change", () => {
    const shapeOf = (value: Json): unknown =>
      Array.isArray(value)
        ? value.map(shapeOf)
        : typeof value === "object" && value !== null
          ? Object.entries(value).map(([name, item]) => [name, shapeOf(item)])
          : typeof value;
    fc.assert(
      fc.property(json, nasty, (value, inserted) => {
        let filled: Json;
        try {
          filled = fill(value, () => inserted);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          return;
        }
        expect(shapeOf(filled)).toEqual(shapeOf(value));
      }),
    );
  });

  it("[HT56] what is written literally comes out as it was, whatever it holds", () => {
    fc.assert(
      fc.property(fc.oneof(nasty, json), (value) => {
        expect(fill(literally(value), () => "WRONG")).toEqual(value);
        expect(pathsIn(literally(value))).toEqual([]);
      }),
    );
  });

  it("[HT56] a member called __proto__ stays a member, and names are never filled", () => {
    const data = JSON.parse('{"__proto__": {"{{a.b}}": "{{a.b}}"}}') as JsonObject;
    const filled = fill(data, () => 1) as JsonObject;
    expect(JSON.stringify(filled)).toBe('{"__proto__":{"{{a.b}}":1}}');
    expect(Object.getPrototypeOf(filled)).toBe(Object.prototype);
  });

  it("[HT56] parsing never fails but for braces that hold no path", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        try {
          const parts = parseTemplate(text);
          expect(parts.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
    );
  });
});

describe("paths", () => {
  const names = ["order", "tags", "__proto__"];
  const done = (value: Json): StepResult => ({ isSkipped: false, value });

  it("[HT56] lead to own members and array indexes, by name or by index of the operation", () => {
    const results = [done({ id: "x", deep: { a: [1, 2] } }), done([{ name: "n" }])];
    const at = (path: string) => valueAt(path.split("."), names, results);
    expect(at("order.deep.a.1")).toBe(2);
    expect(at("0.id")).toBe("x");
    expect(at("tags.0.name")).toBe("n");
    expect(at("tags.length")).toBe(1);
    expect(at("1")).toEqual([{ name: "n" }]);
    expect(at("order.missing")).toBeUndefined();
    expect(at("order.deep.a.01")).toBeUndefined();
    expect(at("order.id.length")).toBeUndefined();
    expect(at("2.x")).toBeUndefined();
  });

  it("[HT56] never reach what a prototype has", () => {
    const inherited = fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "map",
      "push",
      "valueOf",
    );
    fc.assert(
      fc.property(
        json,
        fc.array(fc.oneof(inherited, fc.constantFrom("a", "0", "length")), { minLength: 1 }),
        (value, path) => {
          const own = (at: Json | undefined, name: string): Json | undefined =>
            typeof at === "object" && at !== null && Object.hasOwn(at, name) ? (at as JsonObject)[name] : undefined;
          const expected = path.reduce(own, value as Json | undefined);
          expect(valueAt(["order", ...path], names, [done(value)])).toEqual(expected);
        },
      ),
    );
  });

  it("[HT56] a skipped operation has no members", () => {
    expect(valueAt(["order", "id"], names, [{ isSkipped: true, value: null }])).toBeUndefined();
    expect(valueAt(["order"], names, [{ isSkipped: true, value: null }])).toBeUndefined();
  });
});
