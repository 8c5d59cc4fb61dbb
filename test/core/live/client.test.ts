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
