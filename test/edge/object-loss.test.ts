/** What becomes of a request when its object is lost, slow or overloaded; and the keys that make a write safe to repeat. */

import { describe, expect, test, vi } from "vitest";
import type { ObjectCall, ObjectReply, WriteCall } from "../../src/core/protocol/object-call.ts";
import { client, ID } from "./client.ts";
import { answer } from "./fake-tables.ts";

const create = { method: "POST", as: "alice", body: { title: "x" } } as const;

/** Fails as the runtime does: with properties, not with a class. */
function failure(properties: object): Error {
  return Object.assign(new Error("lost"), properties);
}

/** Answers in turn; an Error is thrown, the last one stays. */
function inTurn(...turns: (ObjectReply | Error)[]) {
  return (): ObjectReply => {
    const turn = turns.length > 1 ? turns.shift() : turns[0];
    if (turn === undefined || turn instanceof Error) throw turn ?? new Error("no turn");
    return turn;
  };
}

const writes = (calls: readonly { readonly call: ObjectCall }[]) =>
  calls.map(({ call }) => call).filter((call): call is WriteCall => call.op === "write");

describe("a lost object", () => {
  test.each([
    ["reset", { durableObjectReset: true }],
    ["retryable", { retryable: true, remote: true }],
    ["without a connection", {}],
  ])("[HT71] a read is repeated once: %s", async (_name, properties) => {
    const { send, calls } = client(inTurn(failure(properties), answer()));
    expect((await send("/api/notes", { as: "alice" })).status).toBe(200);
    expect(calls).toHaveLength(2);
  });

  test("[HT71] a read lost twice is 503 unavailable", async () => {
    const { send, calls } = client(inTurn(failure({ retryable: true })));
    const sent = await send("/api/notes", { as: "alice" });
    expect([sent.status, sent.json.code, sent.headers.get("retry-after"), calls.length]).toEqual([
      503,
      "UNAVAILABLE",
      "1",
      2,
    ]);
  });

  test("[HT71] a write is repeated once under the same attempt, marked as a repetition", async () => {
    const { send, calls } = client(inTurn(failure({ retryable: true }), answer({ status: 201 })));
    expect((await send("/api/notes", create)).status).toBe(201);
    const [first, second] = writes(calls);
    expect(first?.attempt?.isRepeat).toBe(false);
    expect(second).toEqual({ ...first, attempt: { ...first?.attempt, isRepeat: true } });
  });

  test("[HT71] a write lost twice is 503 outcome-unknown with a key, and the key finds the attempt later", async () => {
    const { send, calls } = client(
      inTurn(failure({ retryable: true }), failure({}), answer({ status: 201, isReplay: true })),
    );
    const lost = await send("/api/notes", create);
    expect([lost.status, lost.json.code]).toEqual([503, "OUTCOME_UNKNOWN"]);
    const key = String(lost.json.idempotencyKey);
    expect(lost.headers.get("retry-after")).toBe("1");

    const repeated = await send("/api/notes", { ...create, headers: { "idempotency-key": key } });
    expect([repeated.status, repeated.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    const [first, , third] = writes(calls);
    expect(third?.attempt).toEqual({ ...first?.attempt, isRepeat: true });
    expect(third?.idempotency?.key).toBe(first?.attempt?.id);
  });

  test("[HT71] with a client's own key that key is returned", async () => {
    const { send, calls } = client(inTurn(failure({ retryable: true })));
    const lost = await send("/api/notes", { ...create, headers: { "idempotency-key": "my-key" } });
    expect(lost.json.idempotencyKey).toBe("my-key");
    expect(writes(calls).map(({ attempt, idempotency }) => [attempt, idempotency?.key])).toEqual([
      [null, "u:alice|my-key"],
      [null, "u:alice|my-key"],
    ]);
  });

  test("[HT71] a passing failure of the repetition does not settle the first attempt", async () => {
    const busy: ObjectReply = { kind: "fault", fault: { slug: "overloaded", retryAfter: 1 }, position: null };
    const { send } = client(inTurn(failure({ retryable: true }), busy));
    expect((await send("/api/notes", create)).json.code).toBe("OUTCOME_UNKNOWN");
  });

  test("[HT71] an answer of the repetition does, also when it is a refusal", async () => {
    const refused: ObjectReply = {
      kind: "fault",
      fault: { slug: "conflict", reason: "exists", id: ID },
      position: "aaaaaaaaaaaaaaaa:3",
    };
    const sent = await client(inTurn(failure({ retryable: true }), refused)).send("/api/notes", create);
    expect([sent.status, sent.headers.get("ledge-seq")]).toEqual([409, "aaaaaaaaaaaaaaaa:3"]);
  });

  test.each(["/api/notes"])("[HT72] overload is 503 at once, for a read and for a write", async (path) => {
    for (const init of [{ as: "alice" }, create]) {
      const { send, calls } = client(inTurn(failure({ overloaded: true, retryable: true })));
      expect([(await send(path, init)).json.code, calls.length]).toEqual(["OVERLOADED", 1]);
    }
  });

  test("[HT70] a defect of the object is not repeated and shows nothing", async () => {
    const { send, calls } = client(inTurn(failure({ remote: true })), { vars: { LEDGE_ENV: "production" } });
    const sent = await send("/api/notes");
    expect([sent.status, sent.json.code, sent.json.detail, calls.length]).toEqual([
      500,
      "INTERNAL_ERROR",
      undefined,
      1,
    ]);
  });

  test("[HT70] an object that does not answer: outcome-unknown for a write, 504 for a read while a call is overdue", async () => {
    vi.useFakeTimers();
    try {
      const { send } = client(() => new Promise(() => {}));
      const write = send("/api/notes", create);
      const first = send("/api/notes", { as: "alice" });
      await vi.advanceTimersByTimeAsync(15_001);
      expect((await write).json.code).toBe("OUTCOME_UNKNOWN");
      // The first read has no timer of its own; it makes those after it careful.
      const read = send("/api/notes", { as: "alice" });
      await vi.advanceTimersByTimeAsync(15_001);
      expect((await read).json.code).toBe("TIMEOUT");
      expect(await Promise.race([first, "waiting"])).toBe("waiting");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("keys", () => {
  const keyOf = async (init: object, path = "/api/notes") => {
    const { send, calls } = client();
    const sent = await send(path, { ...create, ...init });
    expect(sent.status, sent.text).toBe(200);
    return writes(calls)[0]?.idempotency;
  };
  const key = (text: string, more: object = {}) => ({ headers: { "idempotency-key": text, ...more } });

  test.each(["", " ", "a b", "é", "x".repeat(129)])(
    "[HT41] a key must be 1–128 visible ASCII characters: %j",
    async (text) => {
      const header = text === "é" ? "\u00e9" : text;
      const { send, calls } = client();
      const sent = await send("/api/notes", { ...create, ...key(header) });
      expect([sent.status, calls.length]).toEqual([400, 0]);
      expect(sent.json.errors).toMatchObject([{ field: "Idempotency-Key" }]);
    },
  );

  test("[HT41] a key belongs to its caller, and no id can be mistaken for part of a key", async () => {
    const keys = [await keyOf({ ...key("b|c"), as: "a" }), await keyOf({ ...key("c"), as: "a|b" })].map(
      (each) => each?.key,
    );
    expect(keys).toEqual(["u:a|b|c", "u:a%7Cb|c"]);
  });

  test("[HT42] the fingerprint covers method, path, query, body and If-Match, in canonical form", async () => {
    const base = await keyOf({ ...key("k"), body: { title: "x", rank: 1 } });
    const same = await keyOf({ ...key("k"), body: { rank: 1.0, title: "x" } }, "/api/notes/?_=1");
    const other = await keyOf({ ...key("k"), body: { title: "y", rank: 1 } });
    expect(same?.fingerprint).toBe(base?.fingerprint);
    expect(other?.fingerprint).not.toBe(base?.fingerprint);
    expect(base?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    const patch = { method: "PATCH", body: { title: "x" } };
    const plain = await keyOf({ ...patch, ...key("k") }, `/api/notes/${ID}`);
    const conditional = await keyOf({ ...patch, ...key("k", { "if-match": "*" }) }, `/api/notes/${ID}`);
    expect(plain?.fingerprint).not.toBe(conditional?.fingerprint);
  });

  test("[HT71] a made key costs no stored reply; an old or future one is not looked for in the ledger", async () => {
    const { send, calls } = client();
    await send("/api/notes", create);
    const old = "retry-00000000-0000-7000-8000-000000000000";
    const future = "retry-ffffffff-ffff-7000-8000-000000000000";
    for (const text of [old, future]) await send("/api/notes", { ...create, ...key(text) });
    expect(writes(calls).map(({ idempotency, attempt }) => [idempotency === null, attempt === null])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
  });
});
