/** Query strings in bytes that are no UTF-8: refused by the name of the parameter, never read as U+FFFD. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fault } from "../../src/core/fault.ts";
import { queryParameters } from "../../src/edge/query-parameters.ts";

function read(query: string): unknown {
  try {
    return Object.fromEntries(queryParameters(new URL(`http://x/?${query}`), ["filter", "q", "select"]));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.data;
  }
}

const refused = (...fields: string[]) => ({
  slug: "validation-error",
  errors: fields.map((field) => ({ field, message: "is not well-formed UTF-8", code: "encoding" })),
});

describe("query strings", () => {
  test.each([
    ["a byte that never stands in UTF-8", "filter=title==%22%ff%22"],
    ["a continuation alone", "filter=%80"],
    ["a sequence cut short", "filter=%e2%82"],
    ["a form longer than needed", "filter=%c0%80"],
    ["a surrogate", "filter=%ed%a0%80"],
    ["beyond the last code point", "filter=%f4%90%80%80"],
    ["beside a lone percent sign", "filter=100%+%ff"],
  ])("[QL20] %s is refused by the name of its parameter", (_, query) => {
    expect(read(query)).toEqual(refused("filter"));
  });

  test("[QL20] all such parameters are named, each once; ignored ones are not looked at", () => {
    expect(read("q=%ff&_x=%ff&filter=a&select=%fe&q=%fe")).toEqual(refused("q", "select"));
    expect(read("_x=%ff&q=a")).toEqual({ q: "a" });
  });

  test("[QL8] well-formed text, U+FFFD and lone percent signs are what form decoding makes of them", () => {
    expect(read("q=%EF%BF%BD+%zz%25%f0%9f%98%80&filter=é%2B")).toEqual({ q: "\ufffd %zz%😀", filter: "é+" });
  });

  test("[QL20] text that is sent as a form value arrives; bytes arrive exactly if they are UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(read(new URLSearchParams({ q: text.toWellFormed() }).toString())).toEqual({ q: text.toWellFormed() });
      }),
    );
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        const query = `q=${[...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`;
        let expected: unknown;
        try {
          expected = { q: strict.decode(bytes) };
        } catch {
          expected = refused("q");
        }
        expect(read(query)).toEqual(expected);
      }),
    );
  });
});
