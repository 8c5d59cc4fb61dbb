/** The outbox, step by step: what leaves, what waits, what is saved before what. */

import { expect, test } from "vitest";
import type { ConflictPolicy } from "../../../src/core/offline/conflict.ts";
import { decide } from "../../../src/core/offline/decide.ts";
import { Outbox } from "../../../src/core/offline/outbox.ts";
import { type OutboxEntry, tagLeftBy } from "../../../src/core/offline/outbox-entry.ts";
import { OUTBOX_LIMITS, type OutboxAction } from "../../../src/core/offline/outbox-port.ts";
import { entry, write } from "./entries.ts";

/** An outbox over a storage that is written at once, with a clock of the test's own. */
function bench(entries: readonly OutboxEntry[], policy: ConflictPolicy = "server-wins") {
  const storage = new Map(entries.map((each) => [each.key, each]));
  const actions: OutboxAction[] = [];
  const clock = { elapsedMs: 0 };
  const outbox: Outbox = new Outbox({
    act: (action) => void actions.push(action),
    elapsedMs: () => clock.elapsedMs,
    nowMs: () => 1_000_000 + clock.elapsedMs,
    random: () => 0.5,
    policyOf: () => policy,
  });
  /** Carries out what is asked but requests, and gives these. */
  const settle = () => {
    const sent: string[] = [];
    for (let action = actions.shift(); action !== undefined; action = actions.shift()) {
      if (action.kind === "reload") outbox.loaded([...storage.values()]);
      if (action.kind === "send") sent.push(action.entry.key);
      if (action.kind !== "save") continue;
      for (const { before, after } of action.changes)
        if (after === null) storage.delete(before.key);
        else storage.set(before.key, after);
      outbox.saved(action.changes, true);
    }
    return sent;
  };
  const at = (ms: number) => {
    clock.elapsedMs = ms;
    outbox.tick();
    return settle();
  };
  outbox.start();
  return { outbox, storage, actions, settle, at };
}

const DONE = { kind: "done", state: { kind: "done", positions: ["e:1"] } } as const;
const doneWith = (tags: readonly (string | null)[]) => ({ ...DONE, state: { ...DONE.state, tags } });
const LOST = { kind: "lost" } as const;
const REFUSAL = {
  kind: "problem",
  status: 403,
  isRetryable: false,
  retryAfterMs: 0,
  problem: {},
  positions: [],
} as const;

test("[O2] an entry is marked as sent before it leaves, and leaves under its own key; four at a time", () => {
  const { actions, outbox, settle } = bench([1, 2, 3, 4, 5].map((place) => entry(place, [write(`r${place}`)])));
  expect(actions.splice(0)).toEqual([{ kind: "reload" }]);
  outbox.loaded([entry(1, [write("r1")])]);
  const [save] = actions.splice(0);
  expect(save).toMatchObject({ kind: "save", changes: [{ after: { state: { kind: "sent", firstAtMs: 1_000_000 } } }] });
  const whole = bench([1, 2, 3, 4, 5].map((place) => entry(place, [write(`r${place}`)])));
  expect(whole.settle()).toEqual(["k1", "k2", "k3", "k4"]);
  whole.outbox.replied("k2", DONE);
  expect(whole.settle()).toEqual(["k5"]);
  expect(settle()).toEqual([]);
});

test("[O2] what belongs to another person waits for that person", () => {
  const { outbox, settle } = bench([entry(1, [write("a")], { principal: "bob" }), entry(2, [write("b")])]);
  outbox.signedIn("ann");
  expect(settle()).toEqual(["k2"]);
  outbox.signedIn("bob");
  expect(settle()).toEqual(["k1"]);
});

test("[O2] after a sign-out nothing leaves, not even what is nobody's in particular, and the sign-out itself opens nothing", () => {
  const { outbox, settle } = bench([entry(1, [write("a")])]);
  expect(settle()).toEqual(["k1"]);
  outbox.replied("k1", { ...REFUSAL, status: 401 });
  expect(settle()).toEqual([]);
  outbox.signedIn("");
  expect(settle()).toEqual([]);
  expect(outbox.pause).toBe("signed-out");
  outbox.signedIn("ann");
  expect(settle()).toEqual(["k1"]);
});

test("[O2] an expired sign-in pauses everything until there is another, and asks for one", () => {
  const { outbox, settle, storage, actions } = bench([entry(1, [write("a")])]);
  expect(settle()).toEqual(["k1"]);
  outbox.replied("k1", { ...REFUSAL, status: 401 });
  expect(actions.map(({ kind }) => kind)).toContain("sign-in");
  expect(settle()).toEqual([]);
  expect(outbox.pause).toBe("signed-out");
  expect(storage.get("k1")?.state).toEqual({ kind: "queued" });
  outbox.signedIn(null);
  expect(settle()).toEqual(["k1"]);
});

test("[O2] without an answer one attempt at a time goes on, later and later; an answer opens all again", () => {
  const { outbox, settle, at } = bench([entry(1, [write("a")]), entry(2, [write("b")]), entry(3, [write("c")])]);
  expect(settle()).toEqual(["k1", "k2", "k3"]);
  for (const key of ["k1", "k2", "k3"]) outbox.replied(key, LOST);
  expect(settle()).toEqual([]);
  expect(outbox.pause).toBe("unreachable");
  expect(at(1_999)).toEqual([]);
  expect(at(2_000)).toEqual(["k1"]);
  outbox.replied("k1", DONE);
  expect(settle()).toEqual(["k2", "k3"]);
});

test("[O2] a refusal is final only when no earlier attempt can take place any more", () => {
  const { outbox, settle, storage, at } = bench([entry(1, [write("a")])]);
  settle();
  outbox.replied("k1", LOST);
  expect(at(600)).toEqual(["k1"]);
  outbox.replied("k1", REFUSAL);
  expect(settle()).toEqual([]);
  expect(storage.get("k1")?.state.kind).toBe("sent");
  expect(at(OUTBOX_LIMITS.attemptLifeMs)).toEqual(["k1"]);
  outbox.replied("k1", REFUSAL);
  settle();
  expect(storage.get("k1")?.state).toEqual({ kind: "refused", problem: {} });
});

test("[O2] a refusal that a sleeping tab hears long after is no more final than when it was said", () => {
  const { outbox, settle, storage, at } = bench([entry(1, [write("a")])]);
  settle();
  outbox.replied("k1", LOST);
  expect(at(600)).toEqual(["k1"]);
  expect(at(6 * OUTBOX_LIMITS.attemptLifeMs)).toEqual([]);
  outbox.replied("k1", REFUSAL);
  expect(settle()).toEqual(["k1"]);
  expect(storage.get("k1")?.state.kind).toBe("sent");
  outbox.replied("k1", REFUSAL);
  settle();
  expect(storage.get("k1")?.state).toEqual({ kind: "refused", problem: {} });
});

test("[O2] what had left before a restart is repeated under its key, and is in doubt until no attempt of before can arrive", () => {
  const { outbox, settle, storage } = bench([entry(1, [write("a")], { state: { kind: "sent", firstAtMs: 999_000 } })]);
  expect(settle()).toEqual(["k1"]);
  outbox.replied("k1", REFUSAL);
  settle();
  expect(storage.get("k1")?.state.kind).toBe("sent");
});

test("[O2] a write that may have arrived longer ago than the server remembers is not repeated, unless it guards itself", () => {
  const state = { kind: "sent", firstAtMs: 1_000_000 - OUTBOX_LIMITS.replayWithinMs - 1 } as const;
  const { settle, storage } = bench([
    entry(1, [write("a")], { state }),
    entry(2, [write("b", { tag: "e:1:s" })], { state }),
  ]);
  expect(settle()).toEqual(["k2"]);
  expect(storage.get("k1")?.state).toMatchObject({ kind: "refused", problem: { code: "OUTCOME_UNKNOWN" } });
});

test("[O2] what has left in the future shows a clock that was set back: it counts as long ago, but for the error that clocks may have", () => {
  const left = (ms: number) => ({ kind: "sent", firstAtMs: 1_000_000 + ms }) as const;
  const { settle, storage } = bench([
    entry(1, [write("a")], { state: left(OUTBOX_LIMITS.clockErrorMs + 1) }),
    entry(2, [write("b")], { state: left(OUTBOX_LIMITS.clockErrorMs) }),
  ]);
  expect(settle()).toEqual(["k2"]);
  expect(storage.get("k1")?.state).toMatchObject({ kind: "refused", problem: { code: "OUTCOME_UNKNOWN" } });
});

/** A card is moved: its place, and a line of its history. */
const moved = [
  write("x", { tag: "e:1:s", values: { status: "done" }, base: { status: "todo" } }),
  write("line", { op: "create", table: "comments", values: { body: "todo done" } }),
  write("y", { tag: "e:2:s", values: { rank: 2 }, base: { rank: 1 } }),
];
const conflict = (index: number) => ({ ...REFUSAL, status: 412, problem: { status: 412, index } });

test("[O3] merge: a transaction that met changes of other columns goes as a whole on top of the rows that stand there", () => {
  const { outbox, actions, settle, storage } = bench([entry(1, moved)], "merge");
  settle();
  for (const [index, row, tag] of [
    [0, { id: "x", status: "todo", title: "renamed" }, "e:5:s"],
    [2, { id: "y", rank: 2 }, "e:6:s"],
  ] as const) {
    outbox.replied("k1", conflict(index));
    expect(actions.splice(0)).toMatchObject([{ kind: "read", write: { id: row.id } }]);
    outbox.found("k1", { row, tag, positions: ["e:6"] });
    expect(settle()).toEqual(["k1"]);
    expect(storage.get("k1")?.writes[index]).toMatchObject({ tag });
  }
  expect(storage.get("k1")?.writes).toEqual([
    { ...moved[0], tag: "e:5:s" },
    moved[1],
    { ...moved[2], base: { rank: 2 }, tag: "e:6:s" },
  ]);
  outbox.replied("k1", DONE);
  settle();
  expect(storage.get("k1")?.state.kind).toBe("done");
});

test("[O3] a transaction whose column another has changed is set aside with that row; tried again it asks nothing of that row, and the rest as before", () => {
  const { outbox, settle, storage } = bench([entry(1, moved)], "merge");
  settle();
  outbox.replied("k1", conflict(2));
  const present = { id: "y", rank: 9 };
  outbox.found("k1", { row: present, tag: "e:6:s", positions: ["e:6"] });
  expect(settle()).toEqual([]);
  const refused = storage.get("k1") as OutboxEntry;
  expect(refused.state).toMatchObject({
    kind: "refused",
    present,
    problem: { status: 412, fields: ["rank"], index: 2 },
  });
  const again = decide(refused, { kind: "retry", onTop: { row: null, tag: null } })?.after;
  expect(again?.writes.map(({ tag }) => tag)).toEqual(["e:1:s", null, null]);
});

test("[O3] a conflict of a transaction decides nothing while an earlier attempt may still take place", () => {
  const { outbox, settle, storage, at } = bench([entry(1, moved)], "merge");
  settle();
  outbox.replied("k1", LOST);
  expect(at(600)).toEqual(["k1"]);
  outbox.replied("k1", conflict(0));
  expect(settle()).toEqual([]);
  expect(storage.get("k1")?.writes).toEqual(moved);
  expect(at(OUTBOX_LIMITS.attemptLifeMs)).toEqual(["k1"]);
});

test("[O3] a write made on an earlier one of its row goes on from what that one has led to", () => {
  const on = { tag: "e:1:s", base: { title: "x" } };
  const { outbox, settle, storage } = bench([entry(1, [write("a", on)]), entry(2, [write("a", on)])]);
  expect(settle()).toEqual(["k1"]);
  outbox.replied("k1", doneWith(["e:7:s"]));
  expect(settle()).toEqual(["k2"]);
  expect(storage.get("k2")?.writes).toMatchObject([{ tag: "e:7:s" }]);
});

test("[O3] so does one made on a transaction, and one that is made while the row is still shown as it was before", () => {
  const on = { tag: "e:1:s", base: { title: "x" } };
  const first = entry(1, [write("b"), write("a", on)]);
  const { outbox, settle, storage } = bench([first, entry(2, [write("a", on), write("c")])]);
  expect(settle()).toEqual(["k1"]);
  const left = tagLeftBy("tx1", on);
  outbox.replied("k1", doneWith([null, left]));
  expect([settle(), left]).toEqual([["k2"], "e:1:s+tx1"]);
  expect(storage.get("k2")?.writes).toMatchObject([{ tag: left }, { tag: null }]);
  outbox.replied("k2", doneWith([tagLeftBy("tx2", { tag: left }), null]));
  settle();
  const late = entry(3, [write("a", on)]);
  storage.set("k3", late);
  outbox.noticed("k3", late);
  expect(settle()).toEqual(["k3"]);
  expect(storage.get("k3")?.writes).toMatchObject([{ tag: "e:1:s+tx2" }]);
});

test("[O3] one that is made without a condition has none, whatever was done of its row before", () => {
  const { outbox, settle, storage } = bench([entry(1, [write("a")])]);
  expect(settle()).toEqual(["k1"]);
  outbox.replied("k1", doneWith(["e:7:s"]));
  settle();
  const late = entry(2, [write("a"), write("b")]);
  storage.set("k2", late);
  outbox.noticed("k2", late);
  expect(settle()).toEqual(["k2"]);
  expect(storage.get("k2")?.writes).toMatchObject([{ tag: null }, { tag: null }]);
});

test("[O4] what another tab has sent is saved before it leaves again: whatever that one concludes, should it think that it still leads, is not kept", () => {
  const first = bench([entry(1, [write("a")])]);
  expect(first.settle()).toEqual(["k1"]);
  // It does not run any more; another takes its place.
  const second = bench([...first.storage.values()]);
  expect(second.settle()).toEqual(["k1"]);
  first.outbox.replied("k1", REFUSAL);
  const [save] = first.actions.splice(0);
  if (save?.kind !== "save") throw new Error("nothing was concluded");
  expect(second.storage.get("k1")?.rev).toBeGreaterThan(save.changes[0]?.before.rev as number);
});

test("[O2] a storage that cannot be written stops nothing for ever: it is read again", () => {
  const { outbox, actions } = bench([]);
  actions.splice(0);
  outbox.loaded([entry(1, [write("a")])]);
  const [save] = actions.splice(0);
  if (save?.kind !== "save") throw new Error("nothing was saved");
  outbox.saved(save.changes, false);
  expect(actions.map(({ kind }) => kind)).toEqual(["reload"]);
});

test("[O4] news that comes while the storage is read is not forgotten", () => {
  const { outbox, actions, settle, storage } = bench([]);
  const late = entry(1, [write("a")]);
  outbox.noticed("k1", late);
  expect(actions.splice(0)).toEqual([{ kind: "reload" }]);
  // The storage was read before it was written there.
  outbox.loaded([]);
  storage.set("k1", late);
  expect(settle()).toEqual(["k1"]);
});

test("[O4] an earlier write of another tab, of which no news has come yet, is looked for before a later one leaves", () => {
  const { outbox, settle, storage } = bench([entry(1, [write("x")])]);
  expect(settle()).toEqual(["k1"]);
  storage.set("k2", entry(2, [write("a")]));
  storage.set("k3", entry(3, [write("a")]));
  outbox.noticed("k3", entry(3, [write("a")]));
  expect(settle()).toEqual(["k2"]);
});

test("[O4] a write that a person gave up in another tab is not sent", () => {
  const { outbox, settle } = bench([
    entry(1, [write("a")], { state: { kind: "refused", problem: {} } }),
    entry(2, [write("a")]),
  ]);
  expect(settle()).toEqual([]);
  outbox.noticed("k1", null);
  expect(settle()).toEqual(["k2"]);
});

test("[O4] finished entries are kept for a while, and no longer", () => {
  const done = Array.from({ length: OUTBOX_LIMITS.keptDone }, (_each, index) =>
    entry(index + 1, [write(`d${index}`)], { state: { kind: "done", positions: [] } }),
  );
  const { outbox, settle, storage } = bench([...done, entry(500, [write("a")])]);
  settle();
  outbox.replied("k500", DONE);
  settle();
  expect(storage.size).toBe(OUTBOX_LIMITS.keptDone);
  expect([storage.has("k1"), storage.has("k500")]).toEqual([false, true]);
});

test("[LS11] somebody else signs in while a write is being saved: it does not leave, and leaves once its person is back", () => {
  const { actions, outbox, settle } = bench([]);
  outbox.signedIn("ann");
  settle();
  outbox.noticed("e1", { ...entry(1, [write("r1")]), key: "e1", principal: "ann" });
  const [save] = actions.splice(0);
  outbox.signedIn("bob");
  if (save?.kind === "save") outbox.saved(save.changes, true);
  expect(settle()).toEqual([]);
  outbox.signedIn("ann");
  expect(settle()).toEqual(["e1"]);
});

test("[LS12] what is not there any more, or not for this person, is answered 404: nothing that was shown of it is kept, in any entry; what was done keeps nothing", () => {
  const shown = (id: string) => write(id, { base: { title: "shown" }, tag: "e:1:s" });
  const { outbox, storage, settle } = bench([
    entry(1, [shown("a")]),
    entry(2, [shown("a")]),
    entry(3, [shown("b"), shown("c")]),
    entry(4, [shown("d")]),
  ]);
  expect(settle()).toEqual(["k1", "k3", "k4"]);
  outbox.replied("k1", { ...REFUSAL, status: 404, problem: { status: 404 } });
  outbox.replied("k3", { ...REFUSAL, status: 404, problem: { status: 404, index: 1 } });
  outbox.replied("k4", DONE);
  settle();
  const bases = ["k1", "k2", "k3", "k4"].map((key) => storage.get(key)?.writes.map(({ base }) => base));
  expect(bases).toEqual([[null], [null], [{ title: "shown" }, null], [null]]);
  // It keeps its condition.
  expect(storage.get("k1")?.writes[0]).toEqual({ ...shown("a"), base: null });
  expect(storage.get("k1")?.state).toEqual({ kind: "refused", problem: { status: 404 } });
});

test("[LS12] a row that a conflict looked for and did not find leaves nothing of what was shown of it either", () => {
  const { outbox, storage, settle, actions } = bench([
    entry(1, [write("a", { base: { title: "shown" }, tag: "e:1:s" })]),
  ]);
  settle();
  outbox.replied("k1", { ...REFUSAL, status: 412, problem: { status: 412 } });
  expect(actions.map(({ kind }) => kind)).toContain("read");
  outbox.found("k1", { row: null, tag: null, positions: [] });
  settle();
  expect(storage.get("k1")).toMatchObject({ writes: [{ base: null }], state: { kind: "refused", present: null } });
});

test("[O2] a delete in a transaction whose row is gone is done: the others go without it, under the same key; and where none is left all of it is", () => {
  const gone = (id: string) => write(id, { op: "delete", values: {} });
  const absent = (index: number) => ({ ...REFUSAL, status: 404, problem: { status: 404, index }, positions: ["e:1"] });
  const { outbox, storage, settle, at } = bench([entry(1, [gone("a"), write("b"), gone("c")])]);
  expect(settle()).toEqual(["k1"]);
  outbox.replied("k1", LOST);
  expect(at(2_000)).toEqual(["k1"]);
  // The first attempt may still take place, with all three.
  outbox.replied("k1", absent(0));
  expect([settle(), storage.get("k1")?.writes.length]).toEqual([[], 3]);
  expect(at(20_000)).toEqual(["k1"]);
  outbox.replied("k1", absent(0));
  expect(settle()).toEqual(["k1"]);
  expect(storage.get("k1")?.writes.map(({ id }) => id)).toEqual(["b", "c"]);
  outbox.replied("k1", { ...REFUSAL, status: 404, problem: { status: 404, index: 0 } });
  settle();
  expect(storage.get("k1")?.state.kind).toBe("refused");
  const two = bench([entry(1, [gone("a"), gone("b")])]);
  two.settle();
  two.outbox.replied("k1", absent(1));
  two.settle();
  two.outbox.replied("k1", absent(0));
  two.settle();
  expect(two.storage.get("k1")?.state).toEqual({ kind: "done", positions: ["e:1"] });
});

test("[O3] a function of the application that fails sets the write aside, with what it said", () => {
  const fails = () => {
    throw new Error("no such column");
  };
  const { outbox, storage, settle } = bench([entry(1, [write("a", { base: { title: "0" }, tag: "e:1:s" })])], fails);
  settle();
  outbox.replied("k1", { ...REFUSAL, status: 412, problem: { status: 412 } });
  settle();
  outbox.found("k1", { row: { id: "a", title: "theirs" }, tag: "e:2:s", positions: ["e:2"] });
  settle();
  expect(storage.get("k1")?.state).toMatchObject({
    kind: "refused",
    problem: {
      code: "PRECONDITION_FAILED",
      detail: "The function of this table in conflicts has failed: Error: no such column",
    },
    present: { title: "theirs" },
  });
});
