/** The participant's half of the protocol, rule by rule, on the bench. */

import { describe, expect, test } from "vitest";
import { mayWrite } from "../../../src/core/commit/lock-check.ts";
import { nextAlarm, nextTimer } from "../../../src/core/commit/object-timers.ts";
import { A, abortOf, Bench, commitOf, done, NOW, prepareOf, reads, writes } from "./object-bench.ts";

const YES = { kind: "yes", hasChanges: true, withdraws: false, result: "result" };
const no = (reason: string) => ({ kind: "no", reason });
const old = { priority: { sinceMs: NOW - 5, id: "old" } };

describe("prepare", () => {
  test("[TP4] one row holds the promise: images, keys, who decides", () => {
    const bench = new Bench();
    expect(bench.ask(prepareOf("t1", writes("x")))).toEqual(YES);
    expect(bench.writes).toMatchObject([{ kind: "put-prepared", row: { txid: "t1", decider: A, preparedAtMs: NOW } }]);
    expect(bench.kept).toEqual([]);
  });

  test("[TP4] a repeated message gets the same vote and writes nothing", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(bench.ask(prepareOf("t1", writes("x")))).toEqual(YES);
    expect(bench.writes).toHaveLength(1);
  });

  test.each<[string, string, (bench: Bench) => void]>([
    ["late", "fenced", (bench) => bench.ask(abortOf("t1"))],
    ["late", "already applied", (bench) => bench.applied.set("t1", 4)],
    ["late", "past its deadline", (bench) => bench.later(10_001)],
    ["unavailable", "in an object that can take no part", (bench) => (bench.refusal = "unavailable")],
  ])("[TP4] no: %s, when it is %s", (reason, _when, arrange) => {
    const bench = new Bench();
    arrange(bench);
    expect(bench.ask(prepareOf("t1", writes("x")))).toEqual(no(reason));
    expect(bench.prepared.size).toBe(0);
  });

  test("[TP4] images that do not fit into a row are refused before anything is written", () => {
    const bench = new Bench();
    const big = done({
      changes: [{ table: "t", id: "x", op: "create", before: null, after: { id: "x", text: "é".repeat(1_000_000) } }],
    });
    expect(bench.ask(prepareOf("t1", big))).toMatchObject({
      kind: "fault",
      fault: { slug: "batch-limit-exceeded", limit: "bytes" },
    });
    expect(bench.writes).toEqual([]);
  });

  test("[TP4] a check that fails is a fault, and nothing is held", () => {
    const bench = new Bench();
    const { footprint } = writes("x");
    const fault = { slug: "not-found" } as const;
    expect(bench.ask(prepareOf("t1", { kind: "fault", footprint, fault }))).toEqual({ kind: "fault", fault });
    expect(bench.state.held.size).toBe(0);
  });

  test("[TP10] a check that failed on what is held waits: the keys may be let go", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    const { footprint } = reads("x");
    const work = { kind: "fault", footprint, fault: { slug: "not-found" } } as const;
    expect(bench.ask(prepareOf("t2", work, old))).toBeUndefined();
    expect(bench.ask(prepareOf("t3", work))).toEqual(no("conflict"));
  });

  test("[TP17] another version is voted down", () => {
    expect(new Bench().ask(prepareOf("t1", writes("x"), { v: 2 }))).toEqual(no("unavailable"));
  });
});

describe("the second phase", () => {
  test("[TP6] commit applies the images once, lets the keys go, and says the same again", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(bench.ask(commitOf("t1"))).toEqual({ seq: 1 });
    expect(bench.prepared.size).toBe(0);
    expect(bench.state.held.size).toBe(0);
    expect(bench.ask(commitOf("t1"))).toEqual({ seq: 1 });
    expect(bench.applied.size).toBe(1);
  });

  test("[TP6] a promise that is already applied is let go without a second application", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.applied.set("t1", 7);
    expect(bench.ask(commitOf("t1"))).toEqual({ seq: 7 });
    expect(bench.applied.size).toBe(1);
    expect(bench.prepared.size).toBe(0);
  });

  test("[TP6] a part that changed nothing takes no seq", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", reads("x")));
    expect(bench.ask(commitOf("t1"))).toEqual({ seq: null });
  });

  test("[TP7] abort lets the keys go and leaves a fence, also before the prepare has come", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.ask(abortOf("t1"));
    bench.ask(abortOf("t2"));
    expect(bench.prepared.size).toBe(0);
    expect([...bench.decisions.values()].map(({ kind, txid }) => [kind, txid])).toEqual([
      ["aborted", "t1"],
      ["aborted", "t2"],
    ]);
    expect(bench.ask(prepareOf("t2", writes("x")))).toEqual(no("late"));
  });

  test("[TP8] a fence is kept for a day", () => {
    const bench = new Bench();
    bench.ask(abortOf("t1"));
    expect(bench.writes).toMatchObject([{ kind: "put-decision", expiresAtMs: NOW + 86_400_000 }]);
  });

  test("[TP7] what was applied cannot be aborted", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.ask(commitOf("t1"));
    expect(bench.ask(abortOf("t1"))).toEqual({ seq: 1 });
    expect(bench.decisions.size).toBe(0);
  });

  test("[TP7] an abort also ends a prepare that waits for keys", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(bench.ask(prepareOf("t2", writes("x"), old))).toBeUndefined();
    const turn = bench.step({ kind: "request", call: 99, message: abortOf("t2") });
    expect(turn.replies.map(({ reply }) => reply)).toContainEqual(no("late"));
    expect(bench.state.prepares).toEqual([]);
  });

  test("[TP10] a later try ends what an earlier one of the same request still holds", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(bench.ask(prepareOf("t2", writes("x"), { supersedes: ["t1"] }))).toEqual(YES);
    expect([...bench.prepared.keys()]).toEqual(["t2"]);
    expect(bench.ask(prepareOf("t1", writes("x")))).toEqual(no("late"));
  });
});

describe("waiting", () => {
  test("[TP10] the younger is refused, the older waits and goes on when the keys are let go", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(bench.ask(prepareOf("t2", writes("x"), { priority: { sinceMs: NOW + 1, id: "t2" } }))).toEqual(
      no("conflict"),
    );
    expect(bench.ask(prepareOf("t0", writes("x"), old))).toBeUndefined();
    const turn = bench.step({ kind: "request", call: 99, message: commitOf("t1") });
    expect(turn.replies.map(({ reply }) => reply)).toContainEqual(YES);
    expect([...bench.state.held.keys()]).toEqual(["t0"]);
  });

  test("[TP10] who holds nothing elsewhere waits for anybody: no cycle goes through it", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x"), old));
    const alone = { holdsElsewhere: false };
    expect(bench.ask(prepareOf("t3", writes("x"), alone))).toBeUndefined();
    expect(bench.ask(prepareOf("t2", writes("x"), alone))).toBeUndefined();
    bench.ask(abortOf("t1"));
    expect([...bench.state.held.keys()]).toEqual(["t2"]);
    expect(bench.state.prepares.map(({ message }) => message.txid)).toEqual(["t3"]);
    bench.ask(abortOf("t2"));
    expect([...bench.state.held.keys()]).toEqual(["t3"]);
  });

  test("[TP10] of two that wait the older goes first, and the other waits on", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t9", writes("x")));
    bench.ask(prepareOf("t2", writes("x"), { priority: { sinceMs: NOW - 1, id: "t2" } }));
    bench.ask(prepareOf("t1", writes("x"), { priority: { sinceMs: NOW - 2, id: "t1" } }));
    bench.ask(abortOf("t9"));
    expect([...bench.state.held.keys()]).toEqual(["t1"]);
  });

  test("[TP10] after two seconds the older is refused, and its keys are kept for its next try", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.ask(prepareOf("t0", writes("x"), old));
    const turn = bench.later(2_000);
    expect(turn.replies.map(({ reply }) => reply)).toEqual([no("conflict")]);
    bench.ask(abortOf("t1"));
    expect(bench.ask(prepareOf("t2", writes("x")))).toEqual(no("conflict"));
    expect(bench.ask(prepareOf("t3", writes("x"), old))).toEqual(YES);
  });

  test("[TP10] a failed validation keeps its keys for half a second: the oldest wins its next try", () => {
    const bench = new Bench();
    const { footprint } = writes("x");
    expect(bench.ask(prepareOf("t0", { kind: "changed", footprint }, old))).toEqual(no("changed"));
    expect(bench.ask(prepareOf("t1", writes("x")))).toEqual(no("conflict"));
    expect(mayWrite(bench.state, footprint, () => false, bench.nowMs)).toBe(false);
    expect(bench.ask(prepareOf("t2", writes("y")))).toEqual(YES);
    bench.later(500);
    expect(mayWrite(bench.state, footprint, () => false, bench.nowMs)).toBe(true);
    expect(bench.ask(prepareOf("t3", writes("x")))).toEqual(YES);
  });

  test("[TP10] nobody younger overtakes one that waits", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    const both = done({
      changes: [
        { table: "t", id: "x", op: "create", before: null, after: { id: "x" } },
        { table: "t", id: "y", op: "create", before: null, after: { id: "y" } },
      ],
    });
    expect(bench.ask(prepareOf("t0", both, old))).toBeUndefined();
    expect(bench.ask(prepareOf("t2", writes("y")))).toEqual(no("conflict"));
  });

  test("[TP9] a single write that meets held keys waits, runs again when they are let go, or is refused", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    const { footprint } = writes("x");
    const wait = (call: number) => bench.step({ kind: "write", call, sinceMs: bench.nowMs, footprint });
    expect(mayWrite(bench.state, footprint, () => false, NOW)).toBe(false);
    expect(wait(1).calls).toEqual([]);
    const turn = bench.step({ kind: "request", call: 99, message: abortOf("t1") });
    expect(turn.calls).toEqual([{ kind: "rerun", call: 1, mode: "first" }]);
    bench.ask(prepareOf("t2", writes("x")));
    wait(2);
    expect(bench.later(2_000).calls).toEqual([{ kind: "refuse", call: 2, reason: "conflict" }]);
  });
});

describe("recovery", () => {
  test("[TP9] an object that wakes holds what it had promised", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.restart();
    expect(bench.ask(prepareOf("t2", writes("x")))).toEqual(no("conflict"));
  });

  test("[TP13] a promise asks after three seconds, soon after the deadline, then five seconds apart", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    const asked: number[] = [];
    for (let at = nextAlarm(bench.state); at !== null && asked.length < 5; at = nextAlarm(bench.state)) {
      const { sends } = bench.later(at - bench.nowMs);
      expect(sends).toMatchObject([{ to: A, message: { kind: "resolve", txid: "t1", urgency: "expire" } }]);
      asked.push(at - NOW);
    }
    expect(asked).toEqual([3_000, 8_000, 10_200, 15_200, 20_200]);
  });

  test("[TP13] an early or repeated timer asks nothing", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(bench.later(2_999).sends).toEqual([]);
    expect(bench.later(1).sends).toHaveLength(1);
    expect(bench.later(0).sends).toEqual([]);
  });

  test.each([
    ["committed", { kind: "committed", parts: [A], reply: null }, 1],
    ["aborted", { kind: "aborted" }, 0],
  ] as const)("[TP13] the answer *%s* is carried out", (_name, outcome, applied) => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.step({ kind: "resolved", txid: "t1", reply: { ask: 0, outcome } });
    expect(bench.applied.size).toBe(applied);
    expect(bench.prepared.size).toBe(0);
  });

  test("[TP13] on *pending* the promise stands", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.step({ kind: "resolved", txid: "t1", reply: { ask: 0, outcome: { kind: "pending" } } });
    expect(bench.prepared.size).toBe(1);
    expect(nextTimer(bench.state)).toBe(NOW + 3_000);
  });
});

describe("reads that meet what is prepared", () => {
  const read = (bench: Bench, mode: "first" | "ask", sinceMs = NOW, id = "x") =>
    bench.step({ kind: "read", call: 1, mode, sinceMs, footprint: reads(id).footprint });
  const pending = (bench: Bench, txid: string, ask: number) =>
    bench.step({ kind: "resolved", txid, reply: { ask, outcome: { kind: "pending" } } });

  test("[TP12] a read of other rows is answered at once", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(read(bench, "first", NOW, "y").calls).toEqual([{ kind: "answer", call: 1 }]);
  });

  test("[TP12] it waits 250 ms, then runs again and asks in the same turn; *pending* makes that run the answer", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    expect(read(bench, "first").calls).toEqual([]);
    expect(bench.later(249).calls).toEqual([]);
    expect(bench.later(1).calls).toEqual([{ kind: "rerun", call: 1, mode: "ask" }]);
    expect(read(bench, "ask").sends).toMatchObject([{ to: A, message: { kind: "resolve", urgency: "ask", ask: 1 } }]);
    expect(pending(bench, "t1", 1).calls).toEqual([{ kind: "answer", call: 1 }]);
  });

  test("[TP12] the answer to a question that was sent before is not used", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    read(bench, "ask");
    bench.later(500);
    read(bench, "ask");
    expect(pending(bench, "t1", 1).calls).toEqual([]);
    expect(pending(bench, "t1", 2).calls).toEqual([{ kind: "answer", call: 1 }]);
  });

  test("[TP12] an outcome is carried out before the read runs again", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    read(bench, "ask");
    const outcome = { kind: "committed", parts: [A], reply: null } as const;
    const turn = bench.step({ kind: "resolved", txid: "t1", reply: { ask: 1, outcome } });
    expect(turn.calls).toEqual([{ kind: "rerun", call: 1, mode: "ask" }]);
    expect(bench.applied.size).toBe(1);
  });

  test("[TP12] a read that meets two waits for both answers", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.ask(prepareOf("t2", writes("y")));
    const footprint = { ...reads("x").footprint, ranges: [{ table: "t", filter: "g-y" }] };
    bench.step({ kind: "read", call: 1, mode: "ask", sinceMs: NOW, footprint });
    expect(pending(bench, "t1", 1).calls).toEqual([]);
    expect(pending(bench, "t2", 2).calls).toEqual([{ kind: "answer", call: 1 }]);
  });

  test("[TP12] a reader may end only what was prepared three seconds ago", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x")));
    bench.nowMs += 2_999;
    expect(read(bench, "ask", bench.nowMs).sends).toMatchObject([{ message: { urgency: "ask" } }]);
    bench.nowMs += 1;
    expect(read(bench, "ask", bench.nowMs).sends).toMatchObject([{ message: { urgency: "expire" } }]);
  });

  test("[TP12] when nobody answers, the read asks again and at last gives up", () => {
    const bench = new Bench();
    bench.ask(prepareOf("t1", writes("x"), { deadlineMs: NOW + 60_000 }));
    read(bench, "ask");
    expect(bench.later(500).calls).toEqual([{ kind: "rerun", call: 1, mode: "ask" }]);
    bench.nowMs = NOW + 4_900;
    read(bench, "ask");
    expect(bench.later(500).calls).toEqual([{ kind: "refuse", call: 1, reason: "unavailable" }]);
  });
});
