/** The small models that are explored exhaustively; each is about one danger. */

import type { Scenario } from "./explore.ts";
import type { Operation } from "./model-disk.ts";
import { OBJECT_NAMES, type RequestSpec } from "./workload.ts";

const [A, B, C] = OBJECT_NAMES as [never, never, never];

function transaction(decider: never, operations: readonly Operation[], early: readonly string[] = []): RequestSpec {
  return { kind: "transaction", early, operations, skipFrom: 99, refuseFrom: Number.POSITIVE_INFINITY, decider };
}

const append = (list: string, value: number): Operation => ({ op: "append", list, value });
const read = (list: string): Operation => ({ op: "read", list });

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "one transaction",
    objects: [A, B],
    requests: [transaction(A, [append("ka0", 1), append("kb0", 2)])],
  },
  {
    name: "two on the same rows",
    objects: [A, B],
    requests: [
      transaction(A, [append("ka0", 1), append("kb0", 2)]),
      transaction(A, [append("kb0", 3), append("ka0", 4)]),
    ],
  },
  {
    name: "two on the same rows, decided by different objects",
    objects: [A, B],
    requests: [
      transaction(A, [append("ka0", 1), append("kb0", 2)]),
      transaction(B, [append("kb0", 3), append("ka0", 4)]),
    ],
  },
  {
    name: "write skew",
    objects: [A, B],
    requests: [transaction(A, [read("ka0"), append("kb0", 1)]), transaction(B, [read("kb0"), append("ka0", 2)])],
  },
  {
    name: "a transaction and a reader of both objects",
    objects: [A, B],
    requests: [
      transaction(A, [append("ka0", 1), append("kb0", 2)]),
      { kind: "read-only", early: ["ka0", "kb0"], decider: A },
    ],
  },
  {
    name: "a transaction and a plain read of what it holds",
    objects: [A, B],
    requests: [transaction(A, [append("ka0", 1), append("kb0", 2)]), { kind: "read", list: "kb0" }],
  },
  {
    name: "one request sent twice",
    objects: [A, B],
    requests: [
      transaction(A, [append("ka0", 1), append("kb0", 2)]),
      transaction(A, [append("ka0", 1), append("kb0", 2)]),
    ],
    keys: [1, 1],
  },
  {
    name: "three objects",
    objects: [A, B, C],
    requests: [
      transaction(A, [append("ka0", 1), append("kb0", 2), append("kc0", 3)]),
      transaction(B, [append("kb0", 4), append("kc0", 5)]),
    ],
  },
];
