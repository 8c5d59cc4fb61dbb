/** Scopes that depend on rows of another object, at the server without I/O: what waits, what is asked again, what ends ([RV2]–[RV5] [RV7]). */

import { expect, test } from "vitest";
import { LIVE_LIMITS } from "../../../src/core/live/live-limits.ts";
import type { UsedKey } from "../../../src/core/live/live-scopes.ts";
import { type LiveAction, LiveServer } from "../../../src/core/live/live-server.ts";
import { newSocketState, type SocketRights } from "../../../src/core/live/socket-state.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { ModelObject } from "../../sim/live/model-object.ts";
import { TASKS } from "../../sim/live/tasks-table.ts";

const KEY: UsedKey = { table: "members", column: "user", user: "ann" };

function bench() {
  const object = new ModelObject("t/app/a", [{ spec: TASKS }]);
  const asked: UsedKey[] = [];
  let pending: number | undefined;
  const frames: Record<string, unknown>[] = [];
  const rule = { throws: false, throwsToFollow: false };
  const texts: string[] = [];
  let nowMs = 1_000_000;
  const server = new LiveServer<number>({
    source: object,
    queries: {
      keyOf: (text) => (texts.includes(text) ? texts.indexOf(text) : texts.push(text) - 1),
      textOf: (key) => texts[key] ?? null,
    },
    scopes: {
      usesOf: () => [{ table: "members", column: "user", isHere: false }],
      scopeOf(_table, operation, _user, rows) {
        if (rule.throws || (rule.throwsToFollow && operation === "subscribe")) throw new Error("broken");
        return (rows.get("members") ?? []).map(({ list }) => `list=="${list}"`).join(",");
      },
      read: () => [],
      counts: () => true,
      keyOf: () => "id",
      ask(key, nth) {
        asked.push(key);
        pending = nth;
      },
    },
    allowedOperators: () => undefined,
    act: (action: LiveAction<number>) => {
      if (action.kind === "send") frames.push(JSON.parse(action.text));
    },
    readTicket: () => {},
    defect: () => {},
  });
  const opening = {
    session: "s",
    who: "ann",
    person: { roles: [], claims: {} },
    credential: null,
    exp: null,
    renewAtMs: null,
    rights: {
      tasks: { table: "tasks", scopes: [], declared: ["read"] as const },
      open: { table: "tasks", scopes: [] },
      both: { table: "tasks", scopes: [], declared: ["read", "subscribe"] as const },
    },
    objects: [],
  };
  server.accept(1, newSocketState(opening, object.epoch, nowMs), nowMs);
  const say = (frame: object, id = 1) => server.receive(id, JSON.stringify(frame), nowMs);
  say({ type: "hello", v: 1, client: "test" });
  return {
    asked,
    frames,
    rule,
    say,
    /** Frames since the last look. */
    told: () => frames.splice(0),
    pass: (ms: number) => {
      nowMs += ms;
    },
    write(id: string, list: string) {
      const row: Row = { id, owner: null, list, points: 1, secret: null, deletedAt: null };
      object.commit([{ table: "tasks", id, row }]);
      server.advance(nowMs);
    },
    /** The answer to the question that is under way, or to the one of that number; without any, told by itself. */
    learn(lists: readonly string[], seq: number, version = `${lists}`, nth = pending) {
      if (nth === pending) pending = undefined;
      return server.learn(KEY, { rows: lists.map((list) => ({ list })), version, epoch: "e", seq }, nowMs, nth);
    },
    lose: (nth = asked.length) => server.unlearned(KEY, nowMs, nth),
    open(id: number, rights: SocketRights = opening.rights) {
      server.accept(id, newSocketState({ ...opening, rights }, object.epoch, nowMs), nowMs);
      say({ type: "hello", v: 1, client: "test" }, id);
    },
    close: (id: number) => server.gone(id),
  };
}

const types = (frames: readonly Record<string, unknown>[]) => frames.map(({ type }) => type);

function followed(lists: readonly string[] = ["x"]) {
  const world = bench();
  world.write("r1", "x");
  world.say({ type: "watch", id: 1, resource: "tasks" });
  world.learn(lists, 1);
  world.told();
  return world;
}

test("[RV2] a watch waits until its scope is resolved, once for all that wait", () => {
  const world = bench();
  world.write("r1", "x");
  world.told();
  world.say({ type: "watch", id: 1, resource: "tasks" });
  world.say({ type: "watch", id: 2, resource: "tasks", filter: 'list=="y"' });
  expect([world.asked, world.told()]).toEqual([[KEY], []]);
  world.learn(["x"], 1);
  expect(world.told()).toMatchObject([
    { type: "snapshot", id: 1, rows: [{ row: { id: "r1" } }] },
    { type: "snapshot", id: 2, rows: [] },
  ]);
});

test("[RV2] what is told later is newer: an answer of before is not taken", () => {
  const world = followed();
  world.learn([], 3);
  expect(world.told()).toMatchObject([{ watches: [{ changes: [{ op: "removed", rowId: "r1", why: "scope" }] }] }]);
  world.learn(["x"], 2);
  world.write("r2", "x");
  expect(world.told()).toEqual([]);
});

test("[RV2] a late answer to a question that went with its user's last socket is none to the next question; what is told by itself is taken", () => {
  const world = bench();
  world.write("r1", "x");
  world.say({ type: "watch", id: 1, resource: "tasks" });
  world.close(1);
  world.open(2);
  world.told();
  world.say({ type: "watch", id: 1, resource: "tasks" }, 2);
  expect(world.asked.length).toBe(2);
  world.learn(["x"], 1, "x", 1);
  world.lose(1);
  expect(world.told()).toEqual([]);
  world.learn(["y"], 2, "y", 2);
  expect(world.told()).toMatchObject([{ type: "snapshot", rows: [] }]);
  world.learn(["x"], 3);
  expect(types(world.told())).toEqual(["commit"]);
});

test("[RV2] rows whose object was told that nobody needs them are asked for anew, although their user still has a socket here", () => {
  const world = followed();
  world.open(2, { open: { table: "tasks", scopes: [] } });
  world.close(1);
  expect([world.learn([], 2), world.asked.length]).toEqual([false, 1]);
  world.open(3);
  world.told();
  world.say({ type: "watch", id: 1, resource: "tasks" }, 3);
  expect([world.asked.length, world.told()]).toEqual([2, []]);
});

test("[RV4] a scope of another object is at most a minute old when a frame is computed; meanwhile nothing is sent, and nothing lost", () => {
  const world = followed();
  world.pass(LIVE_LIMITS.scopeMaxAgeMs - 1);
  world.write("r2", "x");
  expect([types(world.told()), world.asked.length]).toEqual([["commit"], 1]);
  world.pass(1);
  world.write("r3", "x");
  world.write("r4", "y");
  expect([world.told(), world.asked.length]).toEqual([[], 2]);
  world.learn(["x"], 1);
  expect(world.told()).toMatchObject([
    { type: "commit", watches: [{ changes: [{ op: "added", row: { id: "r3" } }] }] },
  ]);
});

test("[RV3] rows that were touched while the scope was not known are read anew, with purge", () => {
  const world = followed(["x"]);
  world.pass(LIVE_LIMITS.scopeMaxAgeMs);
  world.write("r2", "x");
  world.learn(["y"], 2);
  expect(world.told()).toMatchObject([
    { type: "reset", id: 1, reason: "scope", purge: true },
    { type: "snapshot", rows: [] },
  ]);
});

test("[RV3] over a thousand rows that leave or enter are a reset", () => {
  const world = followed([]);
  expect(types(world.told())).toEqual([]);
  const many = followed(["x"]);
  for (let index = 0; index < LIVE_LIMITS.scopeRows + 2; index++) {
    many.write(`m${index}`, "x");
    if (index % 50 === 0) many.say({ type: "ack", obj: "1", seq: 0, n: 1_000_000 });
  }
  many.say({ type: "ack", obj: "1", seq: 0, n: 1_000_000 });
  many.told();
  many.learn([], 2);
  expect(types(many.told())).toEqual(["reset", "snapshot"]);
});

test("[RV5] an object that does not answer: nothing is sent or purged, it is asked again, and after three failures the watch ends", () => {
  const world = followed();
  world.pass(LIVE_LIMITS.scopeMaxAgeMs);
  world.write("r2", "x");
  expect([world.told(), world.asked.length]).toEqual([[], 2]);
  world.lose();
  world.lose();
  expect([world.told(), world.asked.length]).toEqual([[], 4]);
  world.lose();
  expect(world.told()).toMatchObject([{ type: "error", id: 1, problem: { code: "UNAVAILABLE" } }]);
});

test("[RV5] a rule that throws says nothing of rights: the watch goes on when it no longer does, and ends after three commits", () => {
  const world = followed();
  world.rule.throws = true;
  world.learn([], 2);
  world.write("r2", "x");
  expect(world.told()).toEqual([]);
  world.rule.throws = false;
  world.write("r3", "x");
  expect(types(world.told())).toEqual(["reset", "snapshot"]);
  const other = followed();
  other.rule.throws = true;
  other.learn([], 2);
  other.write("r2", "x");
  other.write("r3", "x");
  expect(other.told()).toMatchObject([{ type: "error", id: 1 }]);
});

test("[RV5] while one rule throws, its socket is sent nothing under the scope of before, although another rule of it works", () => {
  const world = bench();
  world.write("r1", "x");
  world.say({ type: "watch", id: 1, resource: "both" });
  world.say({ type: "watch", id: 2, resource: "tasks" });
  world.learn(["x"], 1);
  world.told();
  world.rule.throwsToFollow = true;
  world.learn([], 2);
  world.write("r2", "x");
  expect(world.told()).toEqual([]);
  world.rule.throwsToFollow = false;
  world.write("r3", "x");
  expect(world.told()).toMatchObject([
    { type: "reset", id: 1, reason: "scope", purge: true },
    { type: "reset", id: 2, reason: "scope", purge: true },
    { type: "snapshot", id: 1, rows: [] },
    { type: "snapshot", id: 2, rows: [] },
  ]);
});

test("[RV5] a rule that throws as a watch opens ends that watch at once, and no other; asked anew, it is answered when the rule works", () => {
  const world = bench();
  world.write("r1", "x");
  world.told();
  world.rule.throws = true;
  world.say({ type: "watch", id: 1, resource: "tasks" });
  world.say({ type: "watch", id: 2, resource: "tasks" });
  world.learn(["x"], 1);
  const error = { type: "error", problem: { code: "UNAVAILABLE" } };
  expect(world.told()).toMatchObject([
    { ...error, id: 1 },
    { ...error, id: 2 },
  ]);
  world.say({ type: "watch", id: 3, resource: "open" });
  expect(types(world.told())).toEqual(["snapshot"]);
  world.say({ type: "watch", id: 4, resource: "tasks" });
  expect(world.told()).toMatchObject([{ ...error, id: 4 }]);
  // What is followed already is not held up by it.
  world.write("r2", "x");
  expect(world.told()).toMatchObject([{ type: "commit", watches: [{ id: 3 }] }]);
  world.rule.throws = false;
  world.say({ type: "watch", id: 5, resource: "tasks" });
  expect(types(world.told())).toEqual(["snapshot"]);
});

test("[RV5] a watch that opens beside one whose rule throws is not held up until a commit comes: the rule is asked once more, and the other ends", () => {
  const world = followed();
  world.rule.throws = true;
  world.learn([], 2);
  world.say({ type: "watch", id: 2, resource: "open" });
  expect(world.told()).toMatchObject([
    { type: "error", id: 1, problem: { code: "UNAVAILABLE" } },
    { type: "snapshot", id: 2 },
  ]);
  const mended = followed();
  mended.rule.throws = true;
  mended.learn([], 2);
  mended.rule.throws = false;
  mended.say({ type: "watch", id: 2, resource: "open" });
  expect(mended.told()).toMatchObject([
    { type: "reset", id: 1, reason: "scope", purge: true },
    { type: "snapshot", id: 1, rows: [] },
    { type: "snapshot", id: 2 },
  ]);
});

test("[RV2] only what depends on rows waits for them: a watch of a table open to all passes it by; its id is taken meanwhile", () => {
  const world = bench();
  world.write("r1", "x");
  world.told();
  world.say({ type: "watch", id: 1, resource: "tasks" });
  world.say({ type: "watch", id: 2, resource: "open" });
  expect(world.told()).toMatchObject([{ type: "snapshot", id: 2, rows: [{ row: { id: "r1" } }] }]);
  world.say({ type: "watch", id: 1, resource: "open" });
  expect(world.told()).toMatchObject([{ type: "error", id: 1, problem: { code: "VALIDATION_ERROR" } }]);
  world.learn(["x"], 1);
  expect(world.told()).toMatchObject([{ type: "snapshot", id: 1 }]);
});

test("[RV7] the tag tells that rows of the scope were written, also where it is the same scope again", () => {
  const world = followed(["x"]);
  world.learn(["x"], 2, "another");
  const [told] = world.told();
  expect(told).toMatchObject({
    type: "commit",
    watches: [{ id: 1, changes: [], tag: expect.stringMatching(/^[0-9a-f]{8}$/) }],
  });
});
