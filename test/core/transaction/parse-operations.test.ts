/** The list of operations, read strictly: whatever comes in, it is a list or one fault that tells the places ([HT55] [HT58]). */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/core/fault.ts";
import type { Json } from "../../../src/core/json.ts";
import { parseOperations, parseTransaction } from "../../../src/core/transaction/parse-operations.ts";
import { resultNames } from "../../../src/core/transaction/result-names.ts";

const refused = (list: readonly Json[]): Record<string, unknown> => {
  try {
    parseOperations(list);
  } catch (error) {
    return (error as Fault).data as unknown as Record<string, unknown>;
  }
  return {};
};
const fields = (list: readonly Json[]) =>
  (refused(list).errors as { field: string; code: string }[]).map(({ field, code }) => `${field} ${code}`);

describe("a list of operations", () => {
  it("[HT58] results are named by as, else by the resource, numbered where that is taken", () => {
    const names = (list: readonly object[]) => resultNames(list as Json[]);
    expect(names([{ resource: "a" }, { resource: "a" }, { resource: "b" }, { resource: "a" }])).toEqual([
      "a",
      "a_1",
      "b",
      "a_2",
    ]);
    expect(names([{ resource: "a" }, { resource: "b", as: "a" }])).toEqual(["a_1", "a"]);
    expect(names([{ resource: "a" }, { resource: "c", as: "a_1" }, { resource: "a" }])).toEqual(["a", "a_1", "a_2"]);
  });

  it("[HT55] says what an operation needs, and what means nothing to it", () => {
    expect(fields([{ op: "create", resource: "a", id: "x", data: {} }])).toEqual(["operations[0].id not-applicable"]);
    expect(fields([{ op: "update", resource: "a", id: "x", where: "b==1", data: {} }])).toEqual([
      "operations[0].where not-applicable",
    ]);
    expect(fields([{ op: "replace", resource: "a", where: "b==1", data: {} }])).toEqual([
      "operations[0].where not-applicable",
      "operations[0].id required",
    ]);
    expect(fields([{ op: "delete", resource: "a", id: "x", data: {} }])).toEqual(["operations[0].data not-applicable"]);
    expect(fields([{ op: "read", resource: "a" }])).toEqual(["operations[0].id required"]);
    expect(fields([{ op: "list", resource: "a", limit: 0 }])).toEqual(["operations[0].limit type"]);
    expect(fields([{ op: "update", resource: "a", where: "b==1", ifVersion: "x", data: {} }])).toEqual([
      "operations[0].ifVersion malformed",
    ]);
    expect(fields([{ op: "delete", resource: "a", where: "b==1", all: true }])).toEqual([
      "operations[0].all not-applicable",
    ]);
    expect(fields([{ op: "delete", resource: "a", where: { b: [1] } }])).toEqual(["operations[0].where.b type"]);
    expect(fields([{ op: "create", resource: "a", as: "A", data: {} }])).toEqual(["operations[0].as form"]);
    expect(
      fields([
        { op: "list", resource: "a", as: "x" },
        { op: "list", resource: "b", as: "x" },
      ]),
    ).toEqual(["operations[1].as duplicate"]);
    expect(fields([{ op: "count", resource: "a" }])).toEqual(["operations[0].op enum"]);
  });

  it("[HT55] a member that only a prototype has is not given", () => {
    const item = JSON.parse('{"op":"list","resource":"a","__proto__":{"limit":5}}') as Json;
    expect(fields([item])).toEqual(["operations[0].__proto__ unknown"]);
  });

  it("[HT55] whatever comes in is read, or refused by one fault", () => {
    const members = fc.record(
      {
        op: fc.oneof(
          fc.constantFrom("create", "read", "list", "update", "replace", "upsert", "delete", "restore"),
          fc.jsonValue(),
        ),
        resource: fc.oneof(fc.constantFrom("a", "b"), fc.jsonValue()),
        as: fc.oneof(fc.constantFrom("x", "y"), fc.jsonValue()),
        id: fc.oneof(fc.constantFrom("1", "{{0.id}}", "{{x.id}}"), fc.jsonValue()),
        where: fc.oneof(fc.constantFrom("a==1", ""), fc.jsonValue()),
        data: fc.oneof(fc.object(), fc.jsonValue()),
        when: fc.oneof(fc.constantFrom("x.a==1", "a.length>0"), fc.jsonValue()),
        expect: fc.jsonValue(),
        more: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(members, fc.jsonValue()), { maxLength: 5 }), (given) => {
        const list = JSON.parse(JSON.stringify(given)) as Json[];
        try {
          const operations = parseOperations(list);
          expect(new Set(operations.map(({ as }) => as)).size).toBe(operations.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          const { data } = error as Fault;
          expect(data.index).toBeGreaterThanOrEqual(0);
          if (data.slug === "validation-error") {
            expect(data.errors.length).toBeGreaterThan(0);
            for (const { field } of data.errors) expect(field).toMatch(/^operations\[\d+\]/);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("[HT54] the body holds atomic, isolation and operations, and nothing else", () => {
    const list = [{ op: "list", resource: "a" }];
    expect(parseTransaction({ operations: list })).toMatchObject({ atomic: true, isolation: "serializable" });
    expect(() => parseTransaction({ operations: list, more: 1 })).toThrow(Fault);
    expect(() => parseTransaction({ operations: [] })).toThrow(Fault);
    expect(() => parseTransaction({ operations: list, isolation: "dirty" })).toThrow(Fault);
  });
});
