/** One socket for several ports, frame by frame: what each port is told, and what goes to the object. */

import { expect, test } from "vitest";
import { SocketMux } from "../../../src/core/live/socket-mux.ts";

function mux(ports = ["a", "b"]) {
  const sent: Record<string, unknown>[] = [];
  const told: (readonly [string, Record<string, unknown>])[] = [];
  const closed: unknown[] = [];
  const made = new SocketMux({
    open: () => {},
    close: (code) => closed.push(["socket", code]),
    send: (text) => sent.push(JSON.parse(text)),
    opened: () => {},
    tell: (port, text) => told.push([port, JSON.parse(text)]),
    closed: (port, code, why) => closed.push([port, code, why]),
  });
  for (const port of ports) made.attach(port, "");
  made.opened();
  const from = (port: string, frame: object) => made.fromPort(port, JSON.stringify(frame));
  const receive = (frame: object) => made.receive(JSON.stringify(frame));
  for (const port of ports) from(port, { type: "hello", v: 1, client: port });
  receive({ type: "welcome", v: 1, session: "s", limits: {} });
  return { made, sent, told, closed, from, receive };
}

const watch = { type: "watch", id: 1, resource: "tasks" };
const head = { obj: "o", object: "t/app/tasks", epoch: "aaaaaaaaaaaaaaaa", tag: "00000000" };
const snapshot = { ...head, type: "snapshot", rows: [], last: true };
const change = { op: "removed", rowId: "r" };

test("[O8] hello is said once, each port is greeted, and counts ids and positions by itself", () => {
  const { sent, told, from, receive } = mux();
  expect(sent.map(({ type }) => type)).toEqual(["hello"]);
  expect(told.map(([port, { type }]) => [port, type])).toEqual([
    ["a", "welcome"],
    ["b", "welcome"],
  ]);
  from("a", watch);
  from("b", watch);
  expect(sent.slice(1)).toMatchObject([{ id: 1 }, { id: 2 }]);
  told.length = 0;
  receive({ ...snapshot, id: 1, seq: 4, kinds: { title: "text" } });
  receive({ ...snapshot, id: 2, prev: 4, seq: 7 });
  receive({ type: "commit", obj: "o", prev: 7, seq: 9, at: 1, watches: [{ id: 2, changes: [change] }] });
  receive({
    type: "commit",
    obj: "o",
    prev: 9,
    seq: 10,
    at: 1,
    watches: [1, 2].map((id) => ({ id, changes: [change] })),
  });
  const commit = { type: "commit", watches: [{ id: 1, changes: [change] }] };
  expect(told).toMatchObject([
    ["a", { type: "snapshot", id: 1, seq: 4 }],
    ["b", { type: "snapshot", id: 1, seq: 7, kinds: { title: "text" } }],
    ["b", { ...commit, prev: 7, seq: 9 }],
    ["a", { ...commit, prev: 4, seq: 10 }],
    ["b", { ...commit, prev: 9, seq: 10 }],
  ]);
  expect(told[1]?.[1]).not.toHaveProperty("prev");
});

test("[O8] an answer goes to the port that asked, also where two ask the same", () => {
  const { told, from, receive } = mux();
  for (const port of ["b", "a"]) from(port, { type: "sync", obj: "o", txid: "?0" });
  told.length = 0;
  receive({ type: "at", obj: "o", seq: 3, txid: "?0", txSeq: null });
  expect(told.map(([port]) => port)).toEqual(["b"]);
  receive({ type: "at", obj: "o", prev: 3, seq: 3, txid: "?0", txSeq: null });
  expect(told.map(([port]) => port)).toEqual(["b", "a"]);
  receive({ type: "at", obj: "o", prev: 3, seq: 5 });
  expect(told.map(([port]) => port)).toEqual(["b", "a", "a", "b"]);
});

test("[O8] a frame out of place ends the socket for all; what came is acknowledged for all", () => {
  const { closed, sent, from, receive } = mux();
  from("a", watch);
  receive({ ...snapshot, id: 1, seq: 4 });
  for (let seq = 5; seq < 80; seq++) receive({ type: "at", obj: "o", prev: seq - 1, seq });
  expect(sent.filter(({ type }) => type === "ack")).toEqual([{ type: "ack", obj: "o", seq: 66, n: 64 }]);
  receive({ type: "at", obj: "o", prev: 70, seq: 81 });
  expect(closed).toEqual([
    ["socket", 1000],
    ["a", 1001, "lost"],
    ["b", 1001, "lost"],
  ]);
});

test("[O8] a port that takes nothing more is struck, and the others go on", () => {
  const { closed, told, from, receive } = mux();
  from("a", watch);
  receive({ ...snapshot, id: 1, seq: 1 });
  for (let seq = 2; seq < 3000; seq++) {
    receive({ type: "at", obj: "o", prev: seq - 1, seq });
    from("a", { type: "ack", obj: "o", seq, n: told.filter(([port]) => port === "a").length });
    if (seq > 2040 && closed.length > 0) break;
  }
  expect(closed).toEqual([["b", 1001, "lost"]]);
  expect(told.at(-1)?.[0]).toBe("b");
  told.length = 0;
});
