/** Transactions at the edge: what is sent to the object, how often, and what is written into the log ([TP1] [TX8]). */

import { describe, expect, test } from "vitest";
import type { LogEntry } from "../../src/core/log.ts";
import type { ObjectCall, ObjectReply } from "../../src/core/protocol/object-call.ts";
import type { StepOutcome } from "../../src/core/protocol/transaction-call.ts";
import type { RouteContext } from "../../src/edge/app-options.ts";
import type { App } from "../../src/edge/define-app.ts";
import { defineApp } from "../../src/edge/define-app.ts";
import { transaction } from "../../src/edge/transaction/declared.ts";
import { client, ID } from "./client.ts";
import { EPOCH } from "./fake-tables.ts";
import * as tables from "./tables.ts";

/** An object to which every step is done. */
function done(call: ObjectCall): ObjectReply {
  const position = `${EPOCH}:1`;
  if (call.op === "trial") {
    const outcomes = call.steps.map(
      (): StepOutcome => ({ status: "done", value: { id: ID, rank: 5 }, full: { id: ID }, id: ID, drawn: null }),
    );
    return { kind: "tried", outcomes, looked: [], seen: { position, rows: [], ranges: [] }, position };
  }
  const body = JSON.stringify({ ok: true, txid: "t", results: {}, steps: [], seqs: [] });
  return { kind: "answer", status: 200, headers: {}, body, position };
}

const entries: LogEntry[] = [];
function serve(run: (context: RouteContext) => Promise<unknown>) {
  const observability = { logLevel: "info", sink: (entry: LogEntry) => void entries.push(entry) } as const;
  const app = defineApp({ name: "test", resources: tables, transactions: { http: true }, observability }).route(
    "POST",
    "/run",
    run,
  );
  return client(done, { app: app as unknown as App });
}
const note = (title: unknown, more: object = {}) =>
  ({ op: "create", resource: "notes", data: { title }, ...more }) as const;

describe("one object", () => {
  test("[TP1] a list that needs only ids is one call, whatever its form", async () => {
    const run = transaction({
      operations: [
        note("a", { as: "a" }),
        { op: "create", resource: "notes", as: "b", data: ({ results }) => ({ title: "b", body: results.a.id }) },
      ],
    });
    const declared = serve((ctx) => run(ctx));
    expect((await declared.send("/run", { method: "POST", as: "alice" })).status).toBe(200);
    expect(declared.calls.map(({ call }) => call.op)).toEqual(["transaction"]);
    const http = serve(async () => null);
    await http.send("/api/transaction", {
      method: "POST",
      as: "alice",
      body: { operations: [note("a", { as: "a" }), note("{{a.rank}}", { when: "a.rank>1" })] },
    });
    expect(http.calls.map(({ call }) => call.op)).toEqual(["transaction"]);
    const imperative = serve((ctx) =>
      ctx.transaction(async (tx) => {
        tx.table("notes").create({ title: "a" });
        tx.table("notes").create({ title: "b" });
      }),
    );
    await imperative.send("/run", { method: "POST", as: "alice" });
    expect(imperative.calls.map(({ call }) => call.op)).toEqual(["transaction"]);
  });

  test("[TP3] a function that needs more is tried out first, and the commit carries what was seen", async () => {
    const run = transaction({
      operations: [
        note("a", { as: "a" }),
        { op: "create", resource: "notes", as: "b", data: ({ results }) => ({ title: `${results.a.rank}` }) },
      ],
    });
    const { send, calls } = serve((ctx) => run(ctx));
    await send("/run", { method: "POST", as: "alice" });
    expect(calls.map(({ call }) => call.op)).toEqual(["trial", "transaction"]);
    expect(calls[1]?.call).toMatchObject({ seen: { position: `${EPOCH}:1` }, steps: [{ as: "a" }, { as: "b" }] });
    const [first, second] = calls.map(({ call }) => call as unknown as { facts: object });
    expect(second?.facts).toEqual(first?.facts);
  });

  test("[TX18] a callback that only reads commits nothing", async () => {
    const { send, calls } = serve((ctx) => ctx.transaction(async (tx) => tx.table("notes").get(ID)));
    await send("/run", { method: "POST", as: "alice" });
    expect(calls.map(({ call }) => call.op)).toEqual(["trial"]);
  });

  test("[TX8] the rights of the system are written into the log, with the reason", async () => {
    entries.length = 0;
    const run = transaction({ operations: note("a") });
    const { send, calls } = serve((ctx) => run(ctx.asSystem("nightly import")));
    await send("/run", { method: "POST", as: "alice" });
    expect(entries).toContainEqual(
      expect.objectContaining({ level: "info", reason: "nightly import", principal: "alice" }),
    );
    expect(calls[0]?.call).toMatchObject({ steps: [{ scopes: { create: "*", read: "*" } }] });
  });
});

describe("a stored reply", () => {
  const stored = (seqs: object[]): ObjectReply => ({
    kind: "answer",
    status: 200,
    headers: {},
    body: JSON.stringify({ ok: true, txid: "t", results: {}, steps: [], seqs }),
    position: `${EPOCH}:1`,
    isReplay: true,
  });
  const app = defineApp({ name: "test", resources: tables, transactions: { http: true } }) as unknown as App;
  const repeat = {
    method: "POST",
    as: "alice",
    body: { operations: [note("a")] },
    headers: { "idempotency-key": "key-of-it" },
  };

  test("[TP16] [RV2] is given once every part is applied, and told to those who depend on its rows", async () => {
    const asked: string[] = [];
    let apply = () => {};
    const isApplied = new Promise<void>((resolve) => {
      apply = resolve;
    });
    const { send } = client(
      () =>
        stored([
          { resource: "notes", token: "a:1" },
          { resource: "strict", txid: "t" },
        ]),
      {
        app,
        agree: async (text, name) => {
          asked.push(`${JSON.parse(text).kind} ${JSON.parse(text).txid} ${name}`);
          if (name === "t/test/strict") await isApplied;
          return "{}";
        },
      },
    );
    const state = { isAnswered: false };
    const answered = send("/api/transaction", repeat).finally(() => {
      state.isAnswered = true;
    });
    while (asked.length < 2) await new Promise((resume) => setTimeout(resume, 1));
    expect([asked, state.isAnswered]).toEqual([["sync t t/test/notes", "sync t t/test/strict"], false]);
    apply();
    expect((await answered).headers.get("idempotency-replayed")).toBe("true");
  });

  test("[TP16] [RV2] is given as well where a part cannot be asked, twice; the others are waited for all the same", async () => {
    const asked: string[] = [];
    let apply = () => {};
    const isApplied = new Promise<void>((resolve) => {
      apply = resolve;
    });
    const { send } = client(
      () =>
        stored([
          { resource: "gone", txid: "t" },
          { resource: "strict", txid: "t" },
          { resource: "notes", txid: "t" },
        ]),
      {
        app,
        agree: async (_text, name) => {
          asked.push(name);
          if (name === "t/test/strict") throw new Error("lost");
          await isApplied;
          return "{}";
        },
      },
    );
    const state = { isAnswered: false };
    const answered = send("/api/transaction", repeat).finally(() => {
      state.isAnswered = true;
    });
    while (asked.length < 3) await new Promise((resume) => setTimeout(resume, 1));
    for (let turn = 0; turn < 20; turn++) await new Promise((resume) => setTimeout(resume, 1));
    expect([asked, state.isAnswered]).toEqual([["t/test/strict", "t/test/notes", "t/test/strict"], false]);
    apply();
    expect((await answered).status).toBe(200);
  });
});
