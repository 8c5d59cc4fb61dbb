/** The driver, rule by rule: which effects follow on which event. */

import { describe, expect, test } from "vitest";
import {
  type DriverAnswer,
  type DriverEffect,
  type DriverEvent,
  type DriverRequest,
  type DriverState,
  newDriver,
  type ObjectWork,
} from "../../../src/core/commit/driver-state.ts";
import { stepDriver } from "../../../src/core/commit/step-driver.ts";
import type { Vote } from "../../../src/core/commit/transaction-message.ts";
import type { ObjectName } from "../../../src/core/ids.ts";
import { A, B, C, KEY, NOW } from "./object-bench.ts";

const YES: Vote = { kind: "yes", hasChanges: true, withdraws: false, result: "r" };
const work = (object: ObjectName): ObjectWork<string> => ({ object, work: `work of ${object}` });
const conflict: Vote = { kind: "no", reason: "conflict" };

class DriverBench {
  state: DriverState<string>;
  nowMs = NOW;
  #tries = 0;

  constructor(rest: Partial<DriverRequest> = {}) {
    this.state = newDriver({
      id: "d",
      idempotency: KEY,
      keyFrom: "worker",
      decider: A,
      startedAtMs: NOW,
      maxTries: 5,
      manner: "at-once",
      ...rest,
    });
    this.step({ kind: "start" });
  }

  step(event: DriverEvent<string>): readonly DriverEffect<string>[] {
    const turn = stepDriver(this.state, event, this.nowMs);
    this.state = turn.state;
    return turn.effects;
  }

  submit(...objects: ObjectName[]) {
    const evaluation = { kind: "submit", works: objects.map(work) } as const;
    return this.step({ kind: "evaluated", txid: `t${++this.#tries}`, evaluation });
  }

  vote(from: ObjectName, vote: Vote) {
    return this.step({ kind: "vote", txid: this.state.txid, from, vote });
  }

  later(ms: number) {
    this.nowMs += ms;
    return this.step({ kind: "timer" });
  }
}

/** `prepare→t/app/b`, `pause`, `answer` … */
const told = (effects: readonly DriverEffect<string>[]) =>
  effects.map((each) => (each.kind === "send" ? `${each.message.kind}→${each.to.at(-1)}` : each.kind));
const answerIn = (effects: readonly DriverEffect<string>[]): DriverAnswer | undefined =>
  effects.flatMap((each) => (each.kind === "answer" ? [each.answer] : []))[0];

describe("the way to a decision", () => {
  test("[TP4] [TP5] all but the deciding object prepare in parallel; when all have said yes it decides", () => {
    const bench = new DriverBench();
    expect(told(bench.submit(A, B, C))).toEqual(["prepare→b", "prepare→c"]);
    expect(bench.vote(B, YES)).toEqual([]);
    const effects = bench.vote(C, YES);
    expect(told(effects)).toEqual(["decide→a"]);
    expect(effects).toMatchObject([
      {
        message: {
          work: "work of t/app/a",
          deadlineMs: NOW + 10_000,
          priority: { sinceMs: NOW, id: "d" },
          participants: [
            { object: B, result: "r" },
            { object: C, result: "r" },
          ],
        },
      },
    ]);
    const reply = { kind: "committed", reply: "all", parts: [A, B, C] } as const;
    expect(answerIn(bench.step({ kind: "decided", txid: "t1", reply }))).toEqual({
      kind: "committed",
      reply: "all",
      isReplay: false,
    });
  });

  test("[TP2] the deciding object is that of the request, also when the data left it no part", () => {
    const bench = new DriverBench();
    expect(told(bench.submit(B, C))).toEqual(["prepare→b", "prepare→c"]);
    bench.vote(B, YES);
    expect(bench.vote(C, YES)).toMatchObject([{ to: A, message: { kind: "decide", work: null } }]);
  });

  test("[TP16] parts that withdraw a permission are named, so that the answer waits for them", () => {
    const bench = new DriverBench();
    bench.submit(A, B);
    expect(bench.vote(B, { ...YES, withdraws: true })).toMatchObject([{ message: { awaits: [B] } }]);
  });

  test("a vote on an earlier try, or a second one, changes nothing", () => {
    const bench = new DriverBench();
    bench.submit(A, B, C);
    expect(bench.step({ kind: "vote", txid: "t0", from: B, vote: conflict })).toEqual([]);
    bench.vote(B, YES);
    expect(bench.vote(B, YES)).toEqual([]);
    expect(bench.state.phase.kind).toBe("preparing");
  });
});

describe("conflicts", () => {
  test("[TP10] a conflict aborts all, pauses, and tries again with the same age; what it supersedes is named", () => {
    const bench = new DriverBench();
    bench.submit(A, B, C);
    expect(told(bench.vote(B, conflict))).toEqual(["abort→b", "abort→c", "pause"]);
    bench.nowMs += 15;
    expect(told(bench.step({ kind: "resume" }))).toEqual(["evaluate"]);
    expect(bench.submit(A, B)).toMatchObject([
      { message: { txid: "t2", priority: { sinceMs: NOW, id: "d" }, supersedes: ["t1"], deadlineMs: NOW + 10_000 } },
    ]);
  });

  test("[TP10] after a conflict it queues at the first object, holding nothing, and then asks the others", () => {
    const bench = new DriverBench();
    expect(bench.submit(A, C, B)).toMatchObject([
      { to: B, message: { holdsElsewhere: true } },
      { to: C, message: { holdsElsewhere: true } },
    ]);
    bench.vote(C, conflict);
    bench.step({ kind: "resume" });
    expect(bench.submit(A, C, B)).toMatchObject([{ to: B, message: { holdsElsewhere: false } }]);
    expect(bench.vote(B, YES)).toMatchObject([{ to: C, message: { holdsElsewhere: true } }]);
    expect(told(bench.vote(C, YES))).toEqual(["decide→a"]);
  });

  test("[TP10] where others were met a moment ago it queues from its first try", () => {
    const bench = new DriverBench({ manner: "in-line" });
    expect(bench.submit(A, C, B)).toMatchObject([{ to: B, message: { holdsElsewhere: false } }]);
    expect(bench.vote(B, YES)).toMatchObject([{ to: C, message: { holdsElsewhere: true } }]);
  });

  test("[TP5] [TP10] after the deciding object refused, a place in its line comes before any promise; a change found there is read again at once", () => {
    const bench = new DriverBench();
    bench.submit(A, B, C);
    bench.vote(B, YES);
    bench.vote(C, YES);
    const refused = bench.step({ kind: "decided", txid: "t1", reply: { kind: "aborted", reason: "conflict" } });
    expect(refused.at(-1)).toEqual({ kind: "pause", maxMs: 20 });
    bench.step({ kind: "resume" });
    expect(bench.submit(A, B, C)).toMatchObject([
      { to: A, message: { kind: "queue", work: "work of t/app/a", holdsElsewhere: false } },
    ]);
    expect(bench.vote(A, { kind: "no", reason: "changed" })).toEqual([{ kind: "pause", maxMs: 0 }]);
    bench.step({ kind: "resume" });
    bench.submit(A, B, C);
    expect(bench.vote(A, YES)).toMatchObject([{ to: B, message: { kind: "prepare", holdsElsewhere: false } }]);
  });

  test("[TP5] the place in line is a hint: lost, late or refused for a fault, the objects are asked all the same", () => {
    const lost = { kind: "lost", txid: "t1", to: A, message: "queue" } as const;
    const ways = [
      (bench: DriverBench) => bench.step(lost),
      (bench: DriverBench) => bench.vote(A, { kind: "fault", fault: { slug: "internal-error" } }),
      (bench: DriverBench) => {
        bench.nowMs = bench.state.timerAtMs;
        return bench.step({ kind: "timer" });
      },
    ];
    for (const way of ways) {
      const bench = new DriverBench({ manner: "in-queue" });
      expect(told(bench.submit(A, B))).toEqual(["queue→a"]);
      expect(told(way(bench))).toEqual(["prepare→b"]);
    }
  });

  test("[TP10] the pauses double from 20 ms; after the fifth try the conflict is answered", () => {
    const bench = new DriverBench();
    const pauses: number[] = [];
    for (let tries = 1; tries <= 5; tries++) {
      bench.submit(A, B);
      const effects = bench.vote(B, conflict);
      for (const each of effects) if (each.kind === "pause") pauses.push(each.maxMs);
      if (tries === 5) expect(answerIn(effects)).toEqual({ kind: "conflict", tries: 5 });
      else bench.step({ kind: "resume" });
    }
    expect(pauses).toEqual([20, 40, 80, 160]);
  });

  test("[TP5] a refused decision is a conflict, too", () => {
    const bench = new DriverBench();
    bench.submit(A, B);
    bench.vote(B, YES);
    const reply = { kind: "aborted", reason: "changed" } as const;
    expect(told(bench.step({ kind: "decided", txid: "t1", reply }))).toEqual(["abort→b", "pause"]);
  });
});

describe("an uncertain decision", () => {
  const uncertain = () => {
    const bench = new DriverBench();
    bench.submit(A, B);
    bench.vote(B, YES);
    return bench;
  };

  test("[TP8] nothing else happens before it has a final answer", () => {
    const bench = uncertain();
    const effects = bench.step({ kind: "lost", txid: "t1", to: A, message: "decide" });
    expect(effects).toMatchObject([{ to: A, message: { kind: "resolve", urgency: "end" } }]);
    expect(bench.step({ kind: "resume" })).toEqual([]);
    expect(bench.step({ kind: "lost", txid: "t1", to: A, message: "resolve" })).toEqual([]);
  });

  test("[TP8] committed: it is answered; aborted: it tries again", () => {
    const committed = uncertain();
    committed.later(2_000);
    const outcome = { kind: "committed", parts: [A, B], reply: "all" } as const;
    expect(answerIn(committed.step({ kind: "resolved", txid: "t1", outcome }))).toMatchObject({ reply: "all" });
    const aborted = uncertain();
    aborted.later(2_000);
    expect(told(aborted.step({ kind: "resolved", txid: "t1", outcome: { kind: "aborted" } }))).toEqual([
      "abort→b",
      "pause",
    ]);
  });

  test("[TP8] when nobody answers until two seconds after the deadline, the outcome is unknown, and nothing is aborted", () => {
    const bench = uncertain();
    let effects: readonly DriverEffect<string>[] = [];
    for (let rounds = 0; rounds < 12 && answerIn(effects) === undefined; rounds++) effects = bench.later(2_000);
    expect(told(effects)).toEqual(["answer"]);
    expect(answerIn(effects)).toEqual({ kind: "unknown" });
    expect(bench.nowMs).toBe(NOW + 12_000);
  });
});

describe("failures", () => {
  const fault = (index: number): Vote => ({ kind: "fault", fault: { slug: "not-found", index } });

  test("[TP3] a failed check waits for all votes and for the deciding object's own part: the first operation's is told", () => {
    const bench = new DriverBench();
    bench.submit(A, B, C);
    expect(bench.vote(C, fault(3))).toEqual([]);
    expect(told(bench.vote(B, fault(2)))).toEqual(["review→a"]);
    const reply = { kind: "fault", fault: { slug: "forbidden", index: 1 } } as const;
    const effects = bench.step({ kind: "reviewed", txid: "t1", reply });
    expect(told(effects)).toEqual(["abort→b", "abort→c", "answer"]);
    expect(answerIn(effects)).toMatchObject({ kind: "fault", fault: { slug: "forbidden", index: 1 } });
  });

  test("[TP3] if the deciding object's part has changed, it tries again instead", () => {
    const bench = new DriverBench();
    bench.submit(A, B);
    bench.vote(B, fault(2));
    expect(told(bench.step({ kind: "reviewed", txid: "t1", reply: { kind: "changed" } }))).toEqual([
      "abort→b",
      "pause",
    ]);
  });

  test("[TP3] a refusal of user code is answered only if what it read still holds everywhere", () => {
    const refuse = (bench: DriverBench) =>
      bench.step({
        kind: "evaluated",
        txid: "t1",
        evaluation: { kind: "refused", works: [work(A), work(B)], fault: { slug: "precondition-failed" } },
      });
    const bench = new DriverBench();
    expect(told(refuse(bench))).toEqual(["validate→b", "review→a"]);
    bench.step({ kind: "reviewed", txid: "t1", reply: { kind: "unchanged" } });
    const current = bench.step({ kind: "validated", txid: "t1", from: B, reply: { isCurrent: true } });
    expect(answerIn(current)).toMatchObject({ kind: "fault" });
    const changed = new DriverBench();
    refuse(changed);
    changed.step({ kind: "validated", txid: "t1", from: B, reply: { isCurrent: false } });
    expect(told(changed.step({ kind: "reviewed", txid: "t1", reply: { kind: "unchanged" } }))).toEqual(["pause"]);
  });

  test("[TP2] before a failure under a client's key is answered, the deciding object is asked for the key", () => {
    const bench = new DriverBench({ keyFrom: "client", maxTries: 1 });
    bench.submit(B);
    expect(told(bench.vote(B, conflict))).toEqual(["abort→b", "review→a"]);
    const reply = { kind: "replayed", reply: "earlier" } as const;
    expect(answerIn(bench.step({ kind: "reviewed", txid: "t1", reply }))).toEqual({
      kind: "committed",
      reply: "earlier",
      isReplay: true,
    });
  });

  test("[TP2] if it does not answer, a client's key leaves the outcome unknown, a Worker's own does not", () => {
    for (const [keyFrom, kind] of [
      ["client", "unknown"],
      ["worker", "unavailable"],
    ] as const) {
      const bench = new DriverBench({ keyFrom, maxTries: 1 });
      bench.submit(A, B);
      let effects = bench.vote(B, fault(1));
      for (let rounds = 0; rounds < 12 && answerIn(effects) === undefined; rounds++) effects = bench.later(2_000);
      expect(answerIn(effects)).toEqual({ kind });
    }
  });

  test("an object out of reach is asked once more, then the answer is `unavailable`, with everything aborted", () => {
    const bench = new DriverBench();
    bench.submit(A, B);
    const lost = { kind: "lost", txid: "t1", to: B, message: "prepare" } as const;
    expect(told(bench.step(lost))).toEqual(["prepare→b"]);
    const effects = bench.step(lost);
    expect(told(effects)).toEqual(["abort→b", "answer"]);
    expect(answerIn(effects)).toEqual({ kind: "unavailable" });
  });

  test("[TP17] an object of another release makes the transaction unavailable, not half", () => {
    const bench = new DriverBench();
    bench.submit(A, B, C);
    bench.vote(B, YES);
    const effects = bench.vote(C, { kind: "no", reason: "unavailable" });
    expect(told(effects)).toEqual(["abort→b", "abort→c", "answer"]);
    expect(answerIn(effects)).toEqual({ kind: "unavailable" });
  });

  test("the time limit before the decision: everything is aborted, and `timeout` answered", () => {
    const bench = new DriverBench();
    bench.submit(A, B);
    bench.nowMs = NOW + 9_999;
    bench.step({ kind: "lost", txid: "t1", to: B, message: "prepare" });
    const effects = bench.later(1);
    expect(told(effects)).toEqual(["abort→b", "answer"]);
    expect(answerIn(effects)).toEqual({ kind: "timeout" });
  });
});

describe("a transaction of reads", () => {
  const read = (bench: DriverBench, txid = "t1") =>
    bench.step({
      kind: "evaluated",
      txid,
      evaluation: { kind: "read-only", works: [work(A), work(B)], results: "values" },
    });

  test("[TP15] it is validated on every object, and writes nothing", () => {
    const bench = new DriverBench();
    expect(told(read(bench))).toEqual(["validate→a", "validate→b"]);
    bench.step({ kind: "validated", txid: "t1", from: A, reply: { isCurrent: true } });
    const effects = bench.step({ kind: "validated", txid: "t1", from: B, reply: { isCurrent: true } });
    expect(effects).toEqual([{ kind: "answer", answer: { kind: "read", results: "values" } }]);
  });

  test("[TP15] if something changed, it reads again", () => {
    const bench = new DriverBench();
    read(bench);
    bench.step({ kind: "validated", txid: "t1", from: B, reply: { isCurrent: false } });
    expect(told(bench.step({ kind: "validated", txid: "t1", from: A, reply: { isCurrent: true } }))).toEqual(["pause"]);
    expect(told(bench.step({ kind: "resume" }))).toEqual(["evaluate"]);
  });
});
