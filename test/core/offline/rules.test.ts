/** The small rules of the outbox, each on its own; how they hold together is the simulator's to show (`test/sim/offline`). */

import { expect, test } from "vitest";
import { type ConflictPolicy, findConflict, resolveConflict } from "../../../src/core/offline/conflict.ts";
import { decide } from "../../../src/core/offline/decide.ts";
import { type AttemptReply, judgeReply } from "../../../src/core/offline/judge-reply.ts";
import { sendable } from "../../../src/core/offline/sendable.ts";
import { statusLabel, statusOf, syncStatus } from "../../../src/core/offline/sync-status.ts";
import { isFor, yieldsTo } from "../../../src/core/offline/yields-to.ts";
import { ShownList } from "../../../src/core/store/shown-list.ts";
import { entry, REFUSED, write } from "./entries.ts";

const keys = (entries: readonly { readonly key: string }[]) => entries.map(({ key }) => key);
const all = { count: 10, may: () => true };

test("[O2] entries leave in order for each row; a refused one holds up its own row and whoever mentions what it would create", () => {
  const entries = [
    entry(1, [write("a")], { state: REFUSED }),
    entry(2, [write("a")]),
    entry(3, [write("b")]),
    entry(4, [write("b"), write("c")]),
    entry(5, [write("c")]),
    entry(6, [write("p", { op: "create" })], { state: REFUSED }),
    entry(7, [write("d", { op: "create", values: { projectId: "p" } })]),
    entry(8, [write("e")]),
  ];
  expect(keys(sendable(entries, all))).toEqual(["k3", "k8"]);
  expect(keys(sendable(entries, { ...all, count: 1 }))).toEqual(["k3"]);
  expect(sendable(entries, { ...all, count: 0 })).toEqual([]);
});

test("[O4] a tab yields to one that can send something while it can send nothing itself, also not what waits behind a refused write", () => {
  const [nobodys, anns, bobs] = [null, "ann", "bob"].map((principal, at) =>
    entry(at + 3, [write(`${at}`)], { principal }),
  );
  const held = [
    entry(1, [write("a")], { state: REFUSED, principal: "ann" }),
    entry(2, [write("a")], { principal: "ann" }),
  ];
  const yields = (leading: string | null, other: string | null, ...more: (typeof anns)[]) =>
    yieldsTo([...held, ...more.filter((each) => each !== undefined)], leading, other);
  expect([yields("", "ann"), yields("bob", "ann"), yields("ann", "bob", bobs), yields("", "ann", anns)]).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect([yields("ann", "bob", anns, bobs), yields("ann", "", anns), yields("ann", "ann", bobs)]).toEqual([
    false,
    false,
    false,
  ]);
  expect([yields(null, "ann", anns), yields("", null, nobodys), yields(null, "ann", nobodys)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(isFor(entry(1, [], { principal: "ann" }), null)).toBe(false);
});

test("[O2] rows of the same id in other tables, in other partitions, and of the other type of id are other rows", () => {
  const rows = [write("1"), write("1", { table: "notes" }), write("1", { partition: "x" }), { ...write("1"), id: 1 }];
  expect(
    sendable(
      rows.map((row, index) => entry(index + 1, [row])),
      all,
    ),
  ).toHaveLength(4);
});

const problem = (status: number, more: object = {}): AttemptReply => ({
  kind: "problem",
  status,
  isRetryable: false,
  retryAfterMs: 0,
  problem: { status },
  positions: ["e:1"],
  ...more,
});

test.each([
  ["no answer", { kind: "lost" } as const, { kind: "again", mayHaveArrived: true }],
  ["an expired sign-in", problem(401), { kind: "signed-out" }],
  [
    "too many requests",
    problem(429, { isRetryable: true, retryAfterMs: 900 }),
    { kind: "again", mayHaveArrived: false, afterMs: 900 },
  ],
  ["an unknown outcome", problem(503, { isRetryable: true }), { kind: "again", mayHaveArrived: true }],
  ["a defect of the server", problem(500), { kind: "again", mayHaveArrived: true }],
  ["a row that has changed", problem(412), { kind: "conflict", at: 0 }],
  ["a condition that is required", problem(428), { kind: "conflict", at: 0 }],
  ["an invalid row", problem(400), { kind: "refused", problem: { status: 400 } }],
  ["a row that is gone", problem(404), { kind: "refused" }],
] as const)("[O2] %s", (_what, reply, verdict) => {
  expect(judgeReply(entry(1, [write("a")]), reply, 0)).toMatchObject(verdict);
});

test("[O2] a defect of the server is a refusal in the end; a conflict of a transaction is that of the write it names; a row to delete that is gone is deleted", () => {
  expect(judgeReply(entry(1, [write("a")]), problem(500), 3)).toMatchObject({ kind: "refused" });
  const both = entry(1, [write("a"), write("b")]);
  const named = (index?: number) =>
    judgeReply(both, problem(412, { problem: index === undefined ? {} : { index } }), 0);
  expect([named(1), named(2).kind, named().kind]).toEqual([{ kind: "conflict", at: 1 }, "refused", "refused"]);
  const gone = judgeReply(entry(1, [write("a", { op: "delete" })]), problem(404), 0);
  expect(gone).toEqual({ kind: "done", state: { kind: "done", positions: ["e:1"] } });
});

const mine = write("a", { values: { title: "mine", done: true }, base: { title: "old", done: false } });
const onOther = { id: "a", title: "old", done: false, note: "theirs" };
const onSame = { ...onOther, title: "theirs" };
const REFUSE = { kind: "refuse" } as const;
const SEND = { kind: "send", values: mine.values } as const;

test.each<[ConflictPolicy, object, object, object]>([
  ["server-wins", REFUSE, REFUSE, REFUSE],
  ["client-wins", SEND, SEND, REFUSE],
  ["merge", SEND, REFUSE, REFUSE],
  [
    ({ fields }) => (fields.length === 0 ? REFUSE : { kind: "send", values: { done: true } }),
    REFUSE,
    { kind: "send", values: { done: true } },
    { kind: "send", values: { done: true } },
  ],
])("[O3] %s: another column changed, the same one, the row gone", (policy, other, same, gone) => {
  const resolve = (theirs: typeof onOther | null) => resolveConflict(findConflict(mine, theirs), policy);
  expect([resolve(onOther), resolve(onSame), resolve(null)]).toEqual([other, same, gone]);
});

test("[O3] columns of a conflict: changed by both, to different values; without a base every column that differs", () => {
  expect(findConflict(mine, onOther).fields).toEqual([]);
  expect(findConflict(mine, onSame).fields).toEqual(["title"]);
  expect(findConflict(mine, { ...onSame, title: "mine" }).fields).toEqual([]);
  expect(findConflict({ ...mine, base: null }, onOther).fields).toEqual(["title", "done"]);
});

test("[O3] [O2] merge never deletes or replaces a row that somebody has changed", () => {
  for (const op of ["delete", "replace"] as const)
    expect(resolveConflict(findConflict({ ...mine, op }, onOther), "merge")).toEqual(REFUSE);
});

test("[O2] a person decides about refused writes only; an edit and a retry keep the key", () => {
  const refused = entry(1, [write("a")], { state: REFUSED, rev: 4 });
  expect(decide(entry(1, [write("a")]), { kind: "discard" })).toBeNull();
  expect(decide(refused, { kind: "discard" })).toEqual({ before: refused, after: null });
  expect(decide(refused, { kind: "retry" })?.after).toEqual({ ...refused, rev: 5, state: { kind: "queued" } });
  const edited = decide(refused, { kind: "retry", writes: [write("a", { values: { title: "x" } })] });
  expect(edited?.after).toMatchObject({
    key: "k1",
    rev: 5,
    state: { kind: "queued" },
    writes: [{ values: { title: "x" } }],
  });
  const onTop = decide(refused, { kind: "retry", onTop: { row: onSame, tag: "e:9:s" } });
  expect(onTop?.after?.writes).toEqual([{ ...write("a"), base: { title: "theirs" }, tag: "e:9:s" }]);
});

test("[CI6] writes lie over the rows of a watch: rows enter and leave its filter, unknown ones are not shown", () => {
  const rows = new Map([
    ["a", { id: "a", list: "todo", title: "A" }],
    ["b", { id: "b", list: "todo", title: "B" }],
  ]);
  const elsewhere = { id: "c", list: "done", title: "C" };
  const shown = new ShownList().lay(
    [...rows.values()],
    [
      write("a", { values: { list: "done" } }),
      write("b", { op: "delete", values: {} }),
      write("c", { values: { list: "todo" } }),
      write("d", { op: "create", values: { list: "todo", title: "D" } }),
      write("d", { values: { title: "D2" } }),
      write("x", { values: { list: "todo" } }),
    ],
    {
      rowKey: "id",
      compare: null,
      limit: null,
      known: (id) => (id === "c" ? elsewhere : undefined),
      takes: ({ list }) => list === "todo",
      derive: (after) => after,
    },
  );
  expect(shown).toEqual([
    { id: "c", list: "todo", title: "C" },
    { id: "d", list: "todo", title: "D2" },
  ]);
  expect([...rows.keys()]).toEqual(["a", "b"]);
});

test("[O7] one word says how it stands, the most pressing first", () => {
  const fine = { canStore: true, isDurable: true, pause: null, refused: 0, unsent: 0 } as const;
  const words = [
    { ...fine, canStore: false, pause: "signed-out", refused: 1, unsent: 2 },
    { ...fine, pause: "signed-out", refused: 1, unsent: 2 },
    { ...fine, refused: 1, pause: "offline", unsent: 2 },
    { ...fine, pause: "unreachable", unsent: 2 },
    { ...fine, unsent: 2 },
    fine,
  ] as const;
  const label = (facts: (typeof words)[number]) => statusLabel(facts);
  expect(words.map(label)).toEqual(["cannot-store", "signed-out", "refused", "offline", "saving", "saved"]);
  const connections = ["connecting", "connected", "reconnecting", "disconnected"];
  expect(connections.map((each) => statusLabel(fine, each))).toEqual(["saved", "saved", "offline", "saved"]);
});

test("[O7] the status counts what is not on the server, and why", () => {
  const entries = [
    entry(1, [write("a")], { state: { kind: "sent", firstAtMs: 0 } }),
    entry(2, [write("b")], { state: { kind: "sent", firstAtMs: 0 } }),
    entry(3, [write("b")]),
    entry(4, [write("c")], { principal: "bob" }),
    entry(5, [write("d")], { state: REFUSED }),
    entry(6, [write("e")], { state: { kind: "done", positions: [] } }),
  ];
  const facts = {
    entries,
    isInFlight: (key: string) => key === "k1",
    principal: "ann",
    unread: 2,
    canStore: true,
    isDurable: true,
  };
  expect(syncStatus({ ...facts, pause: "offline" })).toEqual({
    unsent: 4,
    sending: 1,
    unknown: 1,
    heldUp: 1,
    foreign: 1,
    refused: 1,
    oldestUnsentAtMs: 1,
    unread: 2,
    canStore: true,
    isDurable: true,
    pause: "offline",
  });
  // Without a network what others do is not seen either; that the server did not answer is old news once nothing waits.
  const nothing = { ...facts, entries: [] };
  expect(syncStatus({ ...nothing, pause: "offline" }).pause).toBe("offline");
  expect(syncStatus({ ...facts, entries: entries.slice(4), pause: "unreachable" })).toMatchObject({
    unsent: 0,
    pause: null,
  });
  const states = entries.map(({ state }, index) => statusOf(state, index === 0));
  expect(states).toEqual(["sending", "unknown", "queued", "queued", "refused", "done"]);
});
