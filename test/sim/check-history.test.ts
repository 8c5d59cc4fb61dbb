/** The checker of histories, held to histories that are known to be bad, one for each kind of anomaly, and to good ones. */

import { describe, expect, test } from "vitest";
import { checkHistory } from "./check-history.ts";
import type { History, HistoryEntry, MicroOp } from "./history.ts";

const w = (list: string, value: number): MicroOp => ({ kind: "append", list, value });
const r = (list: string, ...values: number[]): MicroOp => ({ kind: "read", list, values });

function entry(name: string, ops: readonly MicroOp[], rest: Partial<HistoryEntry> = {}): HistoryEntry {
  return { name, outcome: "ok", invokedAt: 0, completedAt: 100, ops, ...rest };
}

function history(entries: readonly HistoryEntry[], final: Readonly<Record<string, readonly number[]>>): History {
  return { entries, final: new Map(Object.entries(final)), unordered: new Set(["set"]) };
}

const kindsOf = (given: History) => checkHistory(given).map(({ kind }) => kind);

describe("good histories have no anomaly", () => {
  test.each([
    ["one after the other", history([entry("a", [w("x", 1)]), entry("b", [r("x", 1), w("x", 2)])], { x: [1, 2] })],
    [
      "a transaction reads its own appends",
      history([entry("a", [w("x", 1), r("x", 1), w("x", 2), r("x", 1, 2)])], { x: [1, 2] }),
    ],
    [
      "an operation whose fate is unknown took place",
      history([entry("a", [w("x", 1)], { outcome: "info", completedAt: Infinity }), entry("b", [r("x", 1)])], {
        x: [1],
      }),
    ],
    [
      "or did not",
      history([entry("a", [w("x", 1)], { outcome: "info", completedAt: Infinity }), entry("b", [r("x")])], { x: [] }),
    ],
    ["a failed one is gone", history([entry("a", [w("x", 1)], { outcome: "fail" }), entry("b", [r("x")])], { x: [] })],
    [
      "appends to a set commute",
      history([entry("a", [w("set", 1), w("y", 2)]), entry("b", [w("set", 3), w("y", 4)])], {
        set: [3, 1],
        y: [2, 4],
      }),
    ],
  ])("%s", (_name, given) => {
    expect(checkHistory(given)).toEqual([]);
  });
});

describe("bad histories are found", () => {
  test.each<[string, string, History]>([
    [
      "G0",
      "two transactions write two lists in opposite orders",
      history([entry("a", [w("x", 1), w("y", 1.5)]), entry("b", [w("x", 2), w("y", 2.5)])], {
        x: [1, 2],
        y: [2.5, 1.5],
      }),
    ],
    [
      "G1a",
      "a value of a failed transaction is read",
      history([entry("a", [w("x", 1)], { outcome: "fail" }), entry("b", [r("x", 1)])], { x: [1] }),
    ],
    [
      "G1b",
      "a list is read in the middle of a transaction",
      history([entry("a", [w("x", 1), w("x", 2)]), entry("b", [r("x", 1)])], { x: [1, 2] }),
    ],
    [
      "G1b",
      "a set is read in the middle of a transaction",
      history([entry("a", [w("set", 1), w("set", 2)]), entry("b", [r("set", 2)])], { set: [1, 2] }),
    ],
    [
      "G1c",
      "two transactions read each other's writes",
      history([entry("a", [w("x", 1), r("y", 2)]), entry("b", [w("y", 2), r("x", 1)])], { x: [1], y: [2] }),
    ],
    [
      "G-single",
      "a half of a transaction is read",
      history([entry("a", [w("x", 1), w("y", 2)]), entry("b", [r("x", 1), r("y")])], { x: [1], y: [2] }),
    ],
    [
      "G-single",
      "an update is lost",
      history([entry("a", [r("x"), w("x", 1)]), entry("b", [r("x"), w("x", 2)])], { x: [1, 2] }),
    ],
    [
      "G2",
      "write skew",
      history([entry("a", [r("x"), w("y", 1)]), entry("b", [r("y"), w("x", 2)])], { x: [2], y: [1] }),
    ],
    [
      "G2",
      "a phantom in a set",
      history([entry("a", [r("set"), w("y", 1)]), entry("b", [r("y"), w("set", 2)])], { set: [2], y: [1] }),
    ],
    ["lost-write", "what was acknowledged is gone", history([entry("a", [w("x", 1)])], { x: [] })],
    ["duplicate", "what was written once stands twice", history([entry("a", [w("x", 1)])], { x: [1, 1] })],
    ["garbage", "a list holds what nobody wrote", history([], { x: [7] })],
    [
      "incompatible-order",
      "two reads disagree about the order",
      history([entry("a", [w("x", 1)]), entry("b", [w("x", 2)]), entry("c", [r("x", 2, 1)])], { x: [1, 2] }),
    ],
  ])("%s: %s", (kind, _name, given) => {
    expect(kindsOf(given)).toContain(kind);
  });

  test("a read that misses what was acknowledged before it began is an anomaly in time", () => {
    const given = history(
      [entry("a", [w("x", 1)], { completedAt: 10 }), entry("b", [r("x")], { invokedAt: 20, completedAt: 30 })],
      { x: [1] },
    );
    expect(checkHistory(given)).toMatchObject([{ kind: "G-single", isRealTime: true }]);
    const overlapping = history(
      [entry("a", [w("x", 1)], { completedAt: 25 }), entry("b", [r("x")], { invokedAt: 20, completedAt: 30 })],
      { x: [1] },
    );
    expect(checkHistory(overlapping)).toEqual([]);
  });
});
