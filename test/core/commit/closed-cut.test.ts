/** The cut that a watcher of several objects may show. */

import { describe, expect, test } from "vitest";
import { type BufferedCommit, closedCut, missingParts, type Watched } from "../../../src/core/commit/closed-cut.ts";
import type { ObjectName } from "../../../src/core/ids.ts";
import { A, B, C } from "./object-bench.ts";

const single = (seq: number): BufferedCommit => ({ seq });
const part = (seq: number, txid: string, ...parts: ObjectName[]): BufferedCommit => ({ seq, txid, parts });
const watching = (buffers: Readonly<Record<string, readonly BufferedCommit[]>>, shownSeq = 0): Watched =>
  new Map(Object.entries(buffers).map(([name, buffered]) => [name as ObjectName, { shownSeq, buffered }]));
const nobodyAsked = () => undefined;
const cutOf = (watched: Watched, settledAt: Parameters<typeof closedCut>[1] = nobodyAsked) => {
  const cut = closedCut(watched, settledAt);
  return cut === null ? null : Object.fromEntries(cut);
};

describe("[TP18] the smallest cut closed under transactions", () => {
  test("a commit of one object is shown alone", () => {
    expect(cutOf(watching({ [A]: [single(1), single(2)], [B]: [single(1)] }))).toEqual({ [A]: 1 });
  });

  test("[RV3] what a change of scope brings waits until the other objects have come as far as they say, and takes along what lies before that", () => {
    const needing = (need: number | string, object = B): BufferedCommit => ({
      seq: 7,
      needs: new Map([[object, need]]),
    });
    const watched = (need: number | string, ...there: BufferedCommit[]) =>
      watching({ [A]: [needing(need)], [B]: there });
    expect(cutOf(watched("?1"))).toBeNull();
    expect(cutOf(watched(2, single(1)))).toEqual({ [B]: 1 });
    expect(cutOf(watched(2, part(1, "t", A, B), single(2)), () => 8)).toBeNull();
    expect(cutOf(watched(2, single(1), single(3), single(4)))).toEqual({ [A]: 1, [B]: 2 });
    expect(cutOf(watching({ [A]: [needing(5), single(8)], [B]: [] }, 5))).toEqual({ [A]: 1 });
    expect(cutOf(watching({ [A]: [needing("?1", C)], [B]: [] }))).toEqual({ [A]: 1 });
  });

  test("[RV3] two changes of scope that need each other are released together", () => {
    const [a, b] = [
      { seq: 7, needs: new Map([[B, 7]]) },
      { seq: 7, needs: new Map([[A, 7]]) },
    ];
    expect(cutOf(watching({ [A]: [a], [B]: [single(6)] }))).toEqual({ [B]: 1 });
    expect(cutOf(watching({ [A]: [a], [B]: [single(6), b] }))).toEqual({ [A]: 1, [B]: 2 });
  });

  test("nothing to show", () => {
    expect(cutOf(watching({ [A]: [], [B]: [] }))).toBeNull();
  });

  test("a part waits for the other, and takes along what lies before it", () => {
    const first = part(1, "t", A, B);
    expect(cutOf(watching({ [A]: [first], [B]: [] }))).toBeNull();
    expect(cutOf(watching({ [A]: [first], [B]: [single(1), part(2, "t", A, B)] }))).toEqual({ [A]: 1, [B]: 2 });
  });

  test("a part that waits does not hold up other objects", () => {
    expect(cutOf(watching({ [A]: [part(1, "t", A, B)], [B]: [], [C]: [single(1)] }))).toEqual({ [C]: 1 });
  });

  test("two transactions in opposite orders are released together", () => {
    const t = (seq: number) => part(seq, "t", A, B);
    const u = (seq: number) => part(seq, "u", A, B);
    expect(cutOf(watching({ [A]: [t(1), u(2)], [B]: [u(1)] }))).toBeNull();
    expect(cutOf(watching({ [A]: [t(1), u(2)], [B]: [u(1), t(2)] }))).toEqual({ [A]: 2, [B]: 2 });
  });

  test("parts on objects that are not watched do not count", () => {
    expect(cutOf(watching({ [A]: [part(1, "t", A, C)], [B]: [] }))).toEqual({ [A]: 1 });
  });

  test("a part within the snapshot, or of an object that took none, counts as seen once it is told", () => {
    const watched = watching({ [A]: [part(9, "t", A, B)], [B]: [] }, 5);
    expect(missingParts(watched, nobodyAsked)).toEqual([{ object: B, txid: "t" }]);
    expect(cutOf(watched, () => 5)).toEqual({ [A]: 1 });
    expect(cutOf(watched, () => null)).toEqual({ [A]: 1 });
    expect(cutOf(watched, () => 6)).toBeNull();
    expect(missingParts(watched, () => null)).toEqual([]);
  });

  test("a chain of transactions is taken as far as it reaches, and no farther", () => {
    const watched = watching({
      [A]: [part(1, "t", A, B), single(2)],
      [B]: [part(1, "u", B, C), part(2, "t", A, B), single(3)],
      [C]: [single(1), part(2, "u", B, C), single(3)],
    });
    expect(cutOf(watched)).toEqual({ [A]: 1, [B]: 2, [C]: 2 });
  });
});
