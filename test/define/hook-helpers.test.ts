/** `composeHooks` and `timestampHooks`: pure functions over hooks, tried without any object. */

import { describe, expect, test } from "vitest";
import { composeHooks } from "../../src/define/compose-hooks.ts";
import type { AfterHook, CommittedChange, HookContext, Hooks, ObjectTransaction } from "../../src/define/hooks.ts";
import { timestampHooks } from "../../src/define/timestamp-hooks.ts";

type Row = Readonly<Record<string, unknown>>;
const context = {} as HookContext;
const NOW = Date.parse("2026-11-21T10:00:00.123Z");
const tx = (user: ObjectTransaction["user"] = { kind: "anonymous" }) => ({ now: NOW, user }) as ObjectTransaction;
const change = {} as CommittedChange<Row>;

describe("composeHooks", () => {
  test("[HK2] befores run left to right, each on what the one before made", async () => {
    const hooks = composeHooks<Row>(
      { onBeforeCreate: (_context, draft) => ({ ...draft, path: `${draft.path}a` }) },
      { onBeforeCreate: async (_context, draft) => void Object.assign(draft, { seen: draft.path }) },
      { onBeforeCreate: (_context, draft) => ({ ...draft, path: `${draft.path}b` }) },
    );
    expect(await hooks.onBeforeCreate?.(context, { path: "-" })).toEqual({ path: "-ab", seen: "-a" });
  });

  test("[HK2] a part that throws stops those after it", async () => {
    let ran = 0;
    const refuse = () => {
      throw new Error("no");
    };
    const hooks = composeHooks<Row>({ onBeforeDelete: refuse }, { onBeforeDelete: () => void ran++ });
    await expect(async () => hooks.onBeforeDelete?.(context, {})).rejects.toThrow("no");
    expect(ran).toBe(0);
  });

  test("[HK2] onWrite parts see each other's changes; the later one wins", () => {
    const hooks = composeHooks<Row>(
      { onWrite: () => ({ a: 1, b: 1 }) },
      { onWrite: (_tx, { after }) => ({ b: 2, sum: Number(after?.a) + Number(after?.old) }) },
      { onWrite: () => undefined },
    );
    expect(hooks.onWrite?.(tx(), { op: "create", before: null, after: { old: 5 } })).toEqual({ a: 1, b: 2, sum: 6 });
  });

  test("[HK2] a promise from onWrite is handed on, so that the object can refuse it", () => {
    const hooks = composeHooks<Row>({ onWrite: (() => Promise.resolve({})) as never }, {});
    expect(hooks.onWrite?.(tx(), { op: "create", before: null, after: {} })).toBeInstanceOf(Promise);
  });

  test("[HK2] after-hooks run one after another; one that is durable makes the whole durable", async () => {
    const ran: string[] = [];
    const note =
      (name: string): AfterHook<Row> =>
      async () =>
        void ran.push(name);
    const plain = composeHooks<Row>({ onAfterCreate: note("a") }, {}, { onAfterCreate: note("b") }).onAfterCreate;
    expect(typeof plain).toBe("function");
    await (plain as AfterHook<Row>)(change, { env: {}, attempt: 1 });
    const durable = composeHooks<Row>(
      { onAfterCreate: note("c") },
      { onAfterCreate: { durable: true, run: note("d") } },
    ).onAfterCreate;
    expect(durable).toMatchObject({ durable: true });
    if (typeof durable === "object") await durable.run(change, { env: {}, attempt: 1 });
    expect(ran).toEqual(["a", "b", "c", "d"]);
  });

  test("[HK2] what no part has, the whole has not, so that no step is paid for", () => {
    expect(Object.keys(composeHooks<Row>({ onWrite: () => undefined }, {}))).toEqual(["onWrite"]);
  });
});

describe("timestampHooks", () => {
  const row = { createdAt: null, updatedAt: null, ownerId: null, title: "x" };
  const run = (hooks: Hooks<Row>, before: Row | null, after: Row | null, user?: ObjectTransaction["user"]) =>
    hooks.onWrite?.(tx(user), { op: before === null ? "create" : after === null ? "delete" : "update", before, after });
  const alice = { kind: "user", id: "alice", roles: [], claims: {} } as const;

  test("[HK3] fills both times on a create, and the owner when asked", () => {
    const at = "2026-11-21T10:00:00.123Z";
    expect(run(timestampHooks(), null, row)).toEqual({ createdAt: at, updatedAt: at });
    expect(run(timestampHooks({ owner: "ownerId" }), null, row, alice)).toEqual({
      createdAt: at,
      updatedAt: at,
      ownerId: "alice",
    });
    expect(run(timestampHooks({ owner: "ownerId" }), null, row)).toEqual({ createdAt: at, updatedAt: at });
  });

  test("[HK3] on an update moves updatedAt alone; who made the row, and when, stays even through a PUT", () => {
    const before = { ...row, createdAt: "2020-01-01T00:00:00.000Z", ownerId: "alice" };
    const patch = run(timestampHooks({ owner: "ownerId" }), before, { ...row, title: "y" }, { ...alice, id: "bob" });
    expect(patch).toEqual({ createdAt: before.createdAt, updatedAt: "2026-11-21T10:00:00.123Z", ownerId: "alice" });
  });

  test("[HK3] leaves removals alone, and columns that the table has not", () => {
    expect(run(timestampHooks(), row, null)).toBeUndefined();
    expect(run(timestampHooks({ createdAt: "made" }), null, { updatedAt: null })).toEqual({
      updatedAt: "2026-11-21T10:00:00.123Z",
    });
  });

  test("[HK3] whole seconds where the columns hold seconds", () => {
    expect(run(timestampHooks({ unit: "s" }), null, { updatedAt: null })).toEqual({
      updatedAt: "2026-11-21T10:00:00.000Z",
    });
  });
});
