/** The deciding object's half of the protocol, rule by rule, on the bench. */

import { describe, expect, test } from "vitest";
import { decidingObject, systemDecider } from "../../../src/core/commit/deciding-object.ts";
import type { Footprint } from "../../../src/core/commit/footprint.ts";
import {
  A,
  abortOf,
  B,
  Bench,
  C,
  decideOf,
  done,
  KEY,
  NOW,
  prepareOf,
  reads,
  resolveOf,
  writes,
} from "./object-bench.ts";

const aborted = (reason: string) => ({ kind: "aborted", reason });
const REPLY = { txid: "t1", parts: [A, B], results: { [A]: "result", [B]: "b" } };
const COMMITTED = { kind: "committed", reply: REPLY, parts: [A, B] };

describe("who decides", () => {
  test("[TP2] the first declared object by name, in whatever order they are declared", () => {
    expect(decidingObject([C, A, B])).toBe(A);
    expect(decidingObject([B, C])).toBe(B);
  });

  test("[TP2] where the objects are not known before, one of 64 system objects, by the key alone", () => {
    const names = new Set(Array.from({ length: 500 }, (_each, index) => systemDecider("app", `u:alice|${index}`)));
    expect(names.size).toBe(64);
    for (const name of names) expect(name).toMatch(/^t\/app\/_tx\/\d{1,2}$/);
    expect(systemDecider("app", "u:alice|1")).toBe(systemDecider("app", "u:alice|1"));
  });
});

describe("decide", () => {
  test("[TP5] one turn writes rows, decision and reply, and tells the others", () => {
    const bench = new Bench();
    const turn = bench.step({ kind: "request", call: 1, message: decideOf("t1", writes("x")) });
    expect(turn.replies).toEqual([{ call: 1, reply: COMMITTED }]);
    expect(bench.kept).toEqual([`t1 ${A},${B}`]);
    expect(turn.writes).toEqual([
      {
        kind: "put-decision",
        decision: { kind: "committed", txid: "t1", parts: [A, B], pending: [B], reply: REPLY, decidedAtMs: NOW },
        expiresAtMs: null,
      },
      { kind: "put-reply", idempotency: KEY, reply: REPLY },
    ]);
    expect(turn.sends).toMatchObject([{ to: B, message: { kind: "commit", txid: "t1", parts: [A, B] } }]);
  });

  test("[TP6] only objects that changed something are parts", () => {
    const bench = new Bench();
    const participants = [
      { object: B, hasChanges: false, result: null },
      { object: C, hasChanges: true, result: null },
    ];
    expect(bench.ask(decideOf("t1", done({}), { participants }))).toMatchObject({ parts: [C] });
  });

  test("[TP5] a repeated message gets the recorded answer, committed or aborted", () => {
    const bench = new Bench();
    bench.ask(decideOf("t1", writes("x")));
    expect(bench.ask(decideOf("t1", writes("x")))).toEqual(COMMITTED);
    expect(bench.kept).toHaveLength(1);
    bench.ask(resolveOf("t2", "end"));
    expect(bench.ask(decideOf("t2", writes("x")))).toEqual(aborted("late"));
  });

  test.each<[string, (bench: Bench) => void]>([
    ["late", (bench) => bench.later(10_001)],
    ["unavailable", (bench) => (bench.refusal = "unavailable")],
    ["conflict", (bench) => bench.ask(prepareOf("t9", writes("x")))],
  ])("[TP5] a refusal (%s) writes the abort in the same turn", (reason, arrange) => {
    const bench = new Bench();
    arrange(bench);
    expect(bench.ask(decideOf("t1", writes("x")))).toEqual(aborted(reason));
    expect(bench.decisions.get("t1")).toEqual({ kind: "aborted", txid: "t1" });
    expect(bench.kept).toEqual([]);
  });

  test("[TP5] so do a failed check and a failed validation", () => {
    const bench = new Bench();
    const { footprint } = writes("x");
    const fault = { slug: "not-found" } as const;
    expect(bench.ask(decideOf("t1", { kind: "fault", footprint, fault }))).toEqual({ kind: "fault", fault });
    expect(bench.ask(decideOf("t2", { kind: "changed", footprint }))).toEqual(aborted("changed"));
    expect([...bench.decisions.keys()]).toEqual(["t1", "t2"]);
  });

  test("[TP10] what a failed validation wanted is kept for its next try", () => {
    const bench = new Bench();
    const { footprint } = writes("x");
    bench.ask(decideOf("t1", { kind: "changed", footprint }, { priority: { sinceMs: NOW - 5, id: "old" } }));
    const other = { ...KEY, key: "other" };
    expect(bench.ask(decideOf("t2", writes("x"), { idempotency: other }))).toEqual(aborted("conflict"));
    const again = decideOf("t3", writes("x"), { priority: { sinceMs: NOW - 5, id: "old" } });
    expect(bench.ask(again)).toMatchObject({ kind: "committed" });
  });

  test("[TP2] a known key aborts this try and gives the stored reply; another request under it is told", () => {
    const bench = new Bench();
    bench.ask(decideOf("t1", writes("x")));
    expect(bench.ask(decideOf("t2", writes("x")))).toEqual({ kind: "replayed", reply: REPLY });
    expect(bench.decisions.get("t2")?.kind).toBe("aborted");
    const idempotency = { ...KEY, fingerprint: "another" };
    expect(bench.ask(decideOf("t3", writes("x"), { idempotency }))).toEqual({
      kind: "fault",
      fault: { slug: "idempotency-mismatch" },
    });
  });

  test("[TP17] another version is refused, for good", () => {
    const bench = new Bench();
    expect(bench.ask(decideOf("t1", writes("x"), { v: 2 }))).toEqual(aborted("unavailable"));
    expect(bench.decisions.get("t1")?.kind).toBe("aborted");
  });

  test("[TP2] an object that owns no row of it decides all the same", () => {
    const bench = new Bench();
    expect(bench.ask(decideOf("t1", null))).toEqual({
      kind: "committed",
      reply: { txid: "t1", parts: [B], results: { [B]: "b" } },
      parts: [B],
    });
  });
});

describe("after the decision", () => {
  const confirm = (bench: Bench) => bench.step({ kind: "confirmed", txid: "t1", object: B });

  test("[TP6] an unconfirmed commit is repeated after one second, then five seconds apart, also after a restart", () => {
    const bench = new Bench();
    bench.ask(decideOf("t1", writes("x")));
    expect(bench.later(999).sends).toEqual([]);
    expect(bench.later(1).sends).toMatchObject([{ to: B, message: { kind: "commit" } }]);
    expect(bench.later(4_999).sends).toEqual([]);
    expect(bench.later(1).sends).toHaveLength(1);
    bench.restart();
    expect(bench.later(0).sends).toHaveLength(1);
  });

  test("[TP8] a decision is kept until all have confirmed, and a day from then", () => {
    const bench = new Bench();
    bench.ask(decideOf("t1", writes("x")));
    bench.nowMs += 3_000;
    expect(confirm(bench).writes).toEqual([
      { kind: "settle-decision", txid: "t1", expiresAtMs: NOW + 3_000 + 86_400_000 },
    ]);
    expect(bench.later(60_000).sends).toEqual([]);
    expect(confirm(bench).writes).toEqual([]);
  });

  test("[TP16] an answer waits for the parts that withdraw a permission, two seconds at most", () => {
    const bench = new Bench();
    expect(bench.ask(decideOf("t1", writes("x"), { awaits: [B] }))).toBeUndefined();
    expect(confirm(bench).replies.map(({ reply }) => reply)).toEqual([COMMITTED]);
    const late = new Bench();
    late.ask(decideOf("t1", writes("x"), { awaits: [B] }));
    expect(late.later(1_999).replies).toEqual([]);
    expect(late.later(1).replies.map(({ reply }) => reply)).toEqual([COMMITTED]);
    expect(confirm(late).replies).toEqual([]);
  });
});

describe("resolve", () => {
  const outcome = (bench: Bench, urgency: "ask" | "expire" | "end") =>
    (bench.ask(resolveOf("t1", urgency)) as { outcome: { kind: string } }).outcome.kind;

  test("[TP13] committed as recorded, with the reply; the question's number comes back", () => {
    const bench = new Bench();
    bench.ask(decideOf("t1", writes("x")));
    expect(bench.ask(resolveOf("t1", "expire"))).toEqual({ ask: 5, outcome: COMMITTED });
  });

  test("[TP13] pending before the deadline, aborted after it; the abort is written first and meets a late decide", () => {
    const bench = new Bench();
    bench.nowMs += 10_000;
    expect(outcome(bench, "expire")).toBe("pending");
    bench.nowMs += 1;
    expect(outcome(bench, "expire")).toBe("aborted");
    expect(bench.decisions.get("t1")?.kind).toBe("aborted");
    bench.nowMs = NOW;
    expect(bench.ask(decideOf("t1", writes("x")))).toEqual(aborted("late"));
  });

  test("[TP12] a question that only asks ends nothing, even past the deadline", () => {
    const bench = new Bench();
    bench.nowMs += 20_000;
    expect(outcome(bench, "ask")).toBe("pending");
    expect(bench.writes).toEqual([]);
  });

  test("[TP8] a driver that does not know ends what is not decided, and cannot undo what is", () => {
    const bench = new Bench();
    expect(outcome(bench, "end")).toBe("aborted");
    const decided = new Bench();
    decided.ask(decideOf("t1", writes("x")));
    expect(outcome(decided, "end")).toBe("committed");
  });
});

describe("review", () => {
  const reviewOf = (work: Parameters<typeof decideOf>[1], idempotency = KEY) =>
    ({ kind: "review", v: 1, idempotency, work }) as const;

  test("[TP2] before a failure the key is looked up", () => {
    const bench = new Bench();
    expect(bench.ask(reviewOf(null))).toEqual({ kind: "unchanged" });
    bench.ask(decideOf("t1", writes("x")));
    expect(bench.ask(reviewOf(null))).toEqual({ kind: "replayed", reply: REPLY });
    expect(bench.ask(reviewOf(null, { ...KEY, fingerprint: "another" }))).toMatchObject({ kind: "fault" });
  });

  test("[TP3] the own part is tried and rolled back: it fails, holds, or has changed", () => {
    const bench = new Bench();
    const { footprint } = writes("x");
    const fault = { slug: "not-found" } as const;
    expect(bench.ask(reviewOf(writes("x")))).toEqual({ kind: "unchanged" });
    expect(bench.ask(reviewOf({ kind: "fault", footprint, fault }))).toEqual({ kind: "fault", fault });
    expect(bench.ask(reviewOf({ kind: "changed", footprint }))).toEqual({ kind: "changed" });
    bench.ask(prepareOf("t9", writes("x")));
    expect(bench.ask(reviewOf(writes("x")))).toEqual({ kind: "changed" });
    expect(bench.kept).toEqual([]);
    bench.ask(abortOf("t9"));
  });
});

describe("the line of the object that decides", () => {
  const queueOf = (txid: string, work: Parameters<typeof prepareOf>[1], rest: object = {}) =>
    ({ ...prepareOf(txid, work, { holdsElsewhere: false, ...rest }), kind: "queue" }) as const;
  const older = { priority: { sinceMs: NOW - 5, id: "old" } };

  test("[TP5] a place in it writes nothing and promises nothing; the keys are kept for the request's own decision", () => {
    const bench = new Bench();
    expect(bench.ask(queueOf("t1", writes("x"), older))).toMatchObject({ kind: "yes" });
    expect([bench.writes, bench.state.held.size]).toEqual([[], 0]);
    expect(bench.ask(decideOf("t2", writes("x")))).toMatchObject({ kind: "aborted", reason: "conflict" });
    expect(bench.ask(decideOf("t1", writes("x"), older))).toMatchObject({ kind: "committed" });
  });

  test("[TP10] the younger waits until the older has decided, also where what it saw has changed meanwhile", () => {
    const bench = new Bench();
    bench.ask(queueOf("t1", writes("x"), older));
    expect(bench.ask(queueOf("t2", writes("x")))).toBeUndefined();
    const { footprint } = reads("x") as { footprint: Footprint };
    expect(bench.ask(queueOf("t3", { kind: "changed", footprint }))).toBeUndefined();
    const { replies } = bench.step({ kind: "request", call: 99, message: decideOf("t1", writes("x"), older) });
    expect(replies.map(({ reply }) => reply)).toMatchObject([{ kind: "committed" }, { kind: "yes" }]);
    // The oldest of those who waited has the keys now; the other one waits for it.
    expect(bench.state.prepares.map(({ message }) => message.txid)).toEqual(["t3"]);
    expect(bench.later(501).replies.map(({ reply }) => reply)).toEqual([{ kind: "no", reason: "changed" }]);
  });
});
