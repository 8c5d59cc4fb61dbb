/** What a scope function returns becomes allow, deny or a filter, and never allow by mistake. */

import { expect, test } from "vitest";
import { eq, raw } from "../../../src/core/query/build.ts";
import { printFilter } from "../../../src/core/query/print.ts";
import { allScope, combineScopes, emptyScope, parseScope, scopeFromString } from "../../../src/core/scope/scope.ts";
import { SAMPLES } from "../query/sample-table.ts";

const GRAMMAR = { table: SAMPLES, fields: "scope", parameter: "scope" } as const;

test.each(["", "  ", null, undefined, false])("[QL5] %j denies, by intention", (value) => {
  expect(parseScope(value, GRAMMAR)).toEqual({ kind: "deny" });
});

test.each(["*", " * ", { kind: "allow" }])("[QL5] %j allows all", (value) => {
  expect(parseScope(value, GRAMMAR)).toEqual({ kind: "allow" });
});

test.each([
  true,
  1,
  {},
  [],
  { kind: "and" },
  () => "*",
  Symbol("x"),
  "**",
  "nope==1",
  "count==",
  raw(""),
  { kind: "filter" },
  eq("count", "five"),
])("[QL5] value %# is not a filter: denied, and it says why", (value) => {
  expect(parseScope(value, GRAMMAR)).toEqual({ kind: "deny", mistake: expect.any(String) });
});

test("[QL5] a text or a built filter is typed against the table", () => {
  for (const value of ['status=="open"', eq("status", "open"), { kind: "filter", filter: eq("status", "open") }]) {
    expect(parseScope(value, GRAMMAR)).toEqual({ kind: "filter", filter: eq("status", "open") });
  }
});

test("[QL48] combineScopes is AND, and deny wins", () => {
  const both = combineScopes("status==1,status==2", eq("count", 1));
  expect(both.kind === "filter" && printFilter(both.filter)).toBe("(status==1,status==2);count==1");
  expect(combineScopes(allScope(), "count==1")).toEqual(scopeFromString("count==1"));
  expect(combineScopes("count==1", "*")).toEqual(scopeFromString("count==1"));
  expect(combineScopes(allScope(), allScope())).toEqual({ kind: "allow" });
  for (const deny of [emptyScope(), "", null, undefined, false] as const) {
    expect(combineScopes(deny, allScope())).toEqual({ kind: "deny" });
    expect(combineScopes("count==1", deny)).toEqual({ kind: "deny" });
  }
  expect(combineScopes("count=", allScope())).toMatchObject({ kind: "deny", mistake: expect.any(String) });
});
