/** What a waiting write is said to wait for: each line is an outbox, and beside it what is said of each of its writes, refused ones excepted. */

import { expect, test } from "vitest";
import type { RowWrite } from "../../../src/core/offline/outbox-entry.ts";
import type { Pause } from "../../../src/core/offline/outbox-port.ts";
import { type WaitsFor, waitsFor } from "../../../src/core/offline/waits-for.ts";
import { write } from "./entries.ts";

type Status = "queued" | "sending" | "unknown" | "refused" | "done";
type Line = readonly [Status, ...RowWrite[]];

const create = (id: string) => write(id, { op: "create", values: { id } });
const inside = (id: string, parent: string) => write(id, { op: "create", values: { id, projectId: parent } });
const a = write("a");

test.each<[string, Pause | null, readonly Line[], readonly (WaitsFor | null)[]]>([
  ["alone", null, [["queued", a]], ["turn"]],
  ["under way", null, [["sending", a]], ["answer"]],
  ["under way, and the network goes", "offline", [["sending", a]], ["answer"]],
  ["without an answer", null, [["unknown", a]], ["outcome"]],
  ["without an answer or a network", "offline", [["unknown", a]], ["network"]],
  ["without a network", "offline", [["queued", a]], ["network"]],
  ["without a server", "unreachable", [["queued", a]], ["server"]],
  ["signed out", "signed-out", [["queued", a]], ["sign-in"]],
  [
    "behind one of its row",
    null,
    [
      ["sending", a],
      ["queued", a],
    ],
    ["answer", "change-before"],
  ],
  [
    "behind one, without a network",
    "offline",
    [
      ["queued", a],
      ["queued", a],
    ],
    ["network", "change-before"],
  ],
  [
    "behind a refused one, and behind that",
    null,
    [
      ["refused", a],
      ["queued", a],
      ["queued", a],
    ],
    [null, "decision", "decision"],
  ],
  [
    "behind a refused one, signed out",
    "signed-out",
    [
      ["refused", a],
      ["queued", a],
    ],
    [null, "decision"],
  ],
  [
    "behind one that is done",
    null,
    [
      ["done", a],
      ["queued", a],
    ],
    [null, "turn"],
  ],
  [
    "another row",
    null,
    [
      ["refused", a],
      ["queued", write("b")],
    ],
    [null, "turn"],
  ],
  [
    "the same id elsewhere",
    null,
    [
      ["refused", a],
      ["queued", write("a", { table: "notes" })],
    ],
    [null, "turn"],
  ],
  [
    "the same id in a partition",
    null,
    [
      ["refused", a],
      ["queued", write("a", { partition: "p" })],
    ],
    [null, "turn"],
  ],
  [
    "a row of what is to come",
    null,
    [
      ["sending", create("p")],
      ["queued", inside("x", "p")],
    ],
    ["answer", "change-before"],
  ],
  [
    "a row of what was refused",
    null,
    [
      ["refused", create("p")],
      ["queued", inside("x", "p")],
    ],
    [null, "decision"],
  ],
  [
    "a row of what is changed only",
    null,
    [
      ["refused", write("p")],
      ["queued", inside("x", "p")],
    ],
    [null, "turn"],
  ],
  [
    "a transaction, one of two rows",
    null,
    [
      ["refused", a],
      ["queued", write("b"), a],
      ["queued", write("b")],
    ],
    [null, "decision", "decision"],
  ],
  [
    "behind what is refused behind it",
    null,
    [
      ["queued", a],
      ["refused", a],
    ],
    ["turn", null],
  ],
])("[O7] what waits says for what: %s", (_what, pause, lines, wanted) => {
  const items = lines.map(([status, ...writes], at) => ({ key: `k${at}`, status, writes }));
  const found = waitsFor(items, pause);
  expect(items.map(({ key }) => found.get(key) ?? null)).toEqual(wanted);
});
