/** The client's half without any network: tries, and what waits for the rest of a transaction. What all of it together does is simulated. */

import { expect, test } from "vitest";
import type { ObjectName, RowId } from "../../../src/core/ids.ts";
import { backoffMs } from "../../../src/core/live/backoff.ts";
import type { ClientEvent } from "../../../src/core/live/client-event.ts";
import { ClientPicture } from "../../../src/core/live/client-picture.ts";
import { type ClientAction, ClientSession } from "../../../src/core/live/client-session.ts";

const EPOCH = "aaaaaaaaaaaaaaaa";
const [A, B] = ["t/app/a", "t/app/b"] as [ObjectName, ObjectName];

function picture(consistency: "transaction" | "object") {
  const reopened: ObjectName[] = [];
  const asked: string[] = [];
  const made = new ClientPicture({
    consistency,
    sync: (object, { txid }) => asked.push(`${object} ${txid}`) > 0,
    idOf: (_watch, row) => row.id as string,
    shown: () => {},
    reopen: (object) => void reopened.push(object),
  });
  const snapshot = (watch: string, object: ObjectName, seq: number, epoch = EPOCH) =>
    made.take({ kind: "snapshot", watch, object, epoch, seq, tag: "00000000", key: "id", rows: [] });
  const commit = (watch: string, object: ObjectName, seq: number, parts?: readonly ObjectName[]) =>
    made.take({
      kind: "commit",
      object,
      commit: {
        seq,
        at: seq,
        ...(parts === undefined ? {} : { txid: `tx${seq}`, parts }),
        news: new Map([[watch, { id: 1, changes: [{ op: "added", row: { id: `r${seq}` }, v: "" }] }]]),
      },
    });
  const at = (object: ObjectName, question: string | undefined, seq: number) =>
    made.take({ kind: "at", object, seq, txid: String(question?.split(" ")[1]), txSeq: null });
  for (const [watch, object] of [
    ["a", A],
    ["b", B],
  ] as const) {
    made.add(watch);
    snapshot(watch, object, 1);
  }
  /** Answers what an object has been asked. */
  const answer = (object: ObjectName, seq: number) => {
    for (const question of asked.splice(0))
      if (question.startsWith(object)) at(object, question, seq);
      else asked.push(question);
  };
  answer(A, 1);
  answer(B, 1);
  const rows = (watch: string) => made.viewOf(watch)?.rows.size;
  return { made, snapshot, commit, rows, reopened, asked, at, answer };
}

test("[CC2] [CC4] half a transaction waits, with everything after it; the other half shows both", () => {
  const { made, commit, rows } = picture("transaction");
  commit("a", A, 2, [A, B]);
  commit("a", A, 3);
  expect([rows("a"), rows("b"), made.isWaiting]).toEqual([0, 0, true]);
  made.take({
    kind: "commit",
    object: B,
    commit: {
      seq: 2,
      at: 2,
      txid: "tx2",
      parts: [A, B],
      news: new Map([["b", { id: 1, changes: [{ op: "added", row: { id: "r" }, v: "" }] }]]),
    },
  });
  expect([rows("a"), rows("b"), made.isWaiting]).toEqual([2, 1, false]);
});

test("[RV3] [CC3] rows that a change of scope brings are shown once the other objects have come as far; where it only takes some away, at once", () => {
  const { made, rows, answer } = picture("transaction");
  const scope = (op: "added" | "removed", seq: number) => {
    const change = op === "added" ? { op, row: { id: "r" }, v: "" } : { op, rowId: "r" as RowId, why: "scope" };
    const news = new Map([["a", { id: 1, changes: [change], tag: "11111111" }]]);
    made.take({ kind: "commit", object: A, commit: { seq, at: 1, news } });
  };
  scope("added", 1);
  expect([rows("a"), made.isWaiting, made.sinceOf("a")]).toEqual([0, true, `${EPOCH}:1:00000000`]);
  answer(B, 3);
  expect([rows("a"), made.shownSeq(B), made.isWaiting, made.sinceOf("a")]).toEqual([
    1,
    3,
    false,
    `${EPOCH}:1:11111111`,
  ]);
  scope("removed", 1);
  expect([rows("a"), made.isWaiting]).toEqual([0, false]);
});

test("[RV3] what a change of scope withdraws goes at once, also where it waits for what enters, and nothing that waits brings it back", () => {
  const { made, commit, rows, answer, snapshot } = picture("transaction");
  const scope = (seq: number, tag: string, gone: readonly string[], entering: readonly string[]) => {
    const changes = [
      ...gone.map((id) => ({ op: "removed" as const, rowId: id as RowId, why: "scope" })),
      ...entering.map((id) => ({ op: "added" as const, row: { id }, v: "" })),
    ];
    made.take({ kind: "commit", object: A, commit: { seq, at: seq, news: new Map([["a", { id: 1, changes, tag }]]) } });
  };
  const ids = () => [...(made.viewOf("a")?.rows.keys() ?? [])];
  commit("a", A, 2);
  commit("a", A, 3);
  scope(3, "11111111", ["r2"], ["new"]);
  expect([ids(), made.sinceOf("a"), made.isWaiting]).toEqual([["r3"], `${EPOCH}:3:00000000`, true]);
  // It is of no scope until its frame is shown: whoever comes back from there begins anew.
  scope(4, "22222222", ["new", "r3"], ["newer"]);
  expect([ids(), made.sinceOf("a")]).toEqual([[], `${EPOCH}:3:00000000`]);
  answer(B, 1);
  expect([ids(), made.sinceOf("a"), made.isWaiting]).toEqual([["newer"], `${EPOCH}:4:22222222`, false]);
  // Behind half a transaction.
  commit("a", A, 5, [A, B]);
  scope(5, "33333333", ["newer", "r5"], []);
  expect([ids(), made.isWaiting]).toEqual([[], true]);
  made.take({ kind: "at", object: B, seq: 1, txid: "tx5", txSeq: null });
  expect([ids(), made.sinceOf("a"), made.isWaiting]).toEqual([[], `${EPOCH}:5:33333333`, false]);
  // From a snapshot that waits.
  made.take({ kind: "reset", watch: "a", reason: "gap", purge: false });
  snapshot("a", A, 6);
  scope(6, "44444444", ["kept"], []);
  answer(A, 6);
  answer(B, 1);
  expect([ids(), rows("b"), made.sinceOf("a"), made.isWaiting]).toEqual([[], 0, `${EPOCH}:6:44444444`, false]);
});

test("[CC3] [RV3] an object that is lost for good holds up no other: what waits for it is shown, and what comes later", () => {
  const { made, commit, rows, answer, snapshot } = picture("transaction");
  commit("a", A, 2, [A, B]);
  made.take({ kind: "reset", watch: "b", reason: "gap", purge: false });
  made.add("late");
  snapshot("late", A, 2);
  made.take({ kind: "lost", object: B, watches: ["b"], isFinal: true });
  answer(A, 2);
  expect([rows("a"), rows("late"), rows("b"), made.isWaiting]).toEqual([1, 0, 0, false]);
  commit("a", A, 3, [A, B]);
  made.remove("b");
  made.add("b");
  snapshot("b", B, 7);
  answer(A, 3);
  answer(B, 7);
  made.take({ kind: "at", object: B, seq: 7, txid: "tx3", txSeq: null });
  expect([rows("a"), rows("b"), made.shownSeq(B), made.isWaiting]).toEqual([2, 0, 7, false]);
});

test("[CC4] when a thousand commits wait, the watches of their object are opened anew; what is shown stays until then", () => {
  const { made, commit, rows, reopened, snapshot } = picture("transaction");
  commit("a", A, 2, [A, B]);
  for (let seq = 3; seq <= 1001; seq++) commit("a", A, seq);
  expect([reopened, made.sinceOf("a") === null]).toEqual([[], false]);
  commit("a", A, 1002);
  expect([reopened, rows("a"), made.sinceOf("a")]).toEqual([[A], 0, null]);
  snapshot("a", A, 1002);
  expect(made.isWaiting).toBe(true);
});

test.each(["restored", "left and watched again, restored"])(
  "[CC3] what waits for a position of an object that was %s meanwhile is shown all the same",
  (how) => {
    const { made, snapshot, rows, asked, at } = picture("transaction");
    made.add("late");
    snapshot("late", B, 1);
    const [ofA, ofB] = [asked.find((each) => each.startsWith(A)), asked.find((each) => each.startsWith(B))];
    asked.length = 0;
    at(A, ofA, 9);
    if (how === "restored") {
      made.take({ kind: "lost", object: A, watches: ["a"], isFinal: false });
      made.take({ kind: "reset", watch: "a", reason: "epoch", purge: false });
    } else {
      made.remove("a");
      made.add("a");
    }
    snapshot("a", A, 5, "bbbbbbbbbbbbbbbb");
    for (const question of [ofB, ...asked])
      at(question?.startsWith(A) ? A : B, question, question?.startsWith(A) ? 5 : 1);
    expect([rows("late"), rows("a"), made.isWaiting]).toEqual([0, 0, false]);
  },
);

test("[CC5] on request the commits of each object are shown as they come", () => {
  const { commit, rows, made } = picture("object");
  commit("a", A, 2, [A, B]);
  expect([rows("a"), rows("b"), made.isWaiting]).toEqual([1, 0, false]);
});

test("[WS17] tries come at random within a bound that doubles to thirty seconds, later where the server says so, without end", () => {
  expect([0, 1, 2, 5, 100, 5000].map((attempt) => backoffMs(attempt, 0.999_999))).toEqual([
    999, 1999, 3999, 29_999, 29_999, 29_999,
  ]);
  expect([backoffMs(3, 0), backoffMs(3, 0, 5000)]).toEqual([0, 5000]);
  expect([0, 1, 2, 100].map((attempt) => backoffMs(attempt, 0.999_999, 1000))).toEqual([1999, 2999, 4999, 4999]);
});

test("[WS17] [WS9] a client comes back by itself, obeys bye, and stays away after a refusal for good", () => {
  const actions: ClientAction[] = [];
  const told: ClientEvent[] = [];
  const session = new ClientSession({
    client: "c",
    act: (action) => void actions.push(action),
    tell: (event) => void told.push(event),
    sinceOf: () => null,
    random: () => 0.5,
  });
  const connects = () =>
    actions.filter(({ kind }) => kind === "connect").map((action) => "afterMs" in action && action.afterMs);
  session.watch("w", { resource: "x" });
  session.opened();
  session.closed(1006);
  session.closed(1006);
  session.opened();
  session.receive(JSON.stringify({ type: "welcome", v: 1, session: "s", limits: {} }));
  session.receive(JSON.stringify({ type: "bye", code: 1013, retryAfterMs: 7000 }));
  session.closed(1013);
  expect(connects()).toEqual([0, 500, 1000, 9000]);
  session.opened();
  session.closed(4403);
  expect([connects().length, session.state, told.at(-1)]).toEqual([
    4,
    "disconnected",
    { kind: "lost", object: null, watches: ["w"], isFinal: true },
  ]);
});
