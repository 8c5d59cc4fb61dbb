/** The pipeline: what is repeated and what is not, waits, time limits, aborts, tokens. Time is that of the fake platform. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClientOptions, createClient, executeRequest, TransportError } from "../../src/client/ledge-client.ts";
import { type Answer, EMPTY_PAGE, fakePlatform, problem, type Serve } from "./fake-server.ts";

const PAGE: Answer = { body: EMPTY_PAGE };
const RUNS = Number(process.env.RUNS ?? 200);

function open(serve: Serve, options: Partial<ClientOptions> = {}, random?: () => number) {
  const platform = fakePlatform(serve, random);
  const client = createClient({ url: "https://x.test/", ...options, platform });
  return { tasks: client.resource("tasks"), platform };
}

/** Answers in order, the last one for ever. */
const inOrder =
  (...answers: readonly (Answer | "lost" | "silent")[]): Serve =>
  (_, index) =>
    answers[Math.min(index, answers.length - 1)]!;

describe("repetition", () => {
  test("[SDK6] waits grow twofold to a limit, each a random part of its bound", async () => {
    const { tasks, platform } = open(() => "lost", { timeoutMs: 0, retry: { maxRetries: 6, maxDelayMs: 8000 } });
    await expect(tasks.list()).rejects.toMatchObject({ code: "NETWORK_ERROR", retryable: true });
    expect(platform.fired).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    const jittered = open(
      () => "lost",
      { timeoutMs: 0 },
      () => 0.25,
    );
    await expect(jittered.tasks.list()).rejects.toThrow("could not be reached");
    expect(jittered.platform.fired).toEqual([250, 500, 1000]);
  });

  test("[SDK6] what the server asks for is waited on top; a wait that is too long is a failure at once", async () => {
    const busy = open(inOrder({ ...problem(503, "OVERLOADED", { retryAfter: 2 }) }, PAGE), { timeoutMs: 0 });
    await busy.tasks.list();
    expect(busy.platform.fired).toEqual([3000]);
    const dated = open(
      inOrder({ status: 503, body: "<html>", headers: { "retry-after": "Sun, 01 Nov 2026 00:00:05 GMT" } }, PAGE),
      { timeoutMs: 0 },
    );
    await dated.tasks.list();
    expect(dated.platform.fired).toEqual([6000]);
    const limited = open(() => problem(429, "RATE_LIMIT_EXCEEDED", { retryAfter: 3600 }), { timeoutMs: 0 });
    await expect(limited.tasks.list()).rejects.toMatchObject({ details: { retryAfter: 3600 } });
    expect(limited.platform.sent.length).toBe(1);
  });

  test("[SDK6] only what may succeed later is repeated", async () => {
    const attempts = async (answer: Answer) => {
      const { tasks, platform } = open(() => answer, { retry: { maxRetries: 1 } });
      await expect(tasks.create({ title: "t" })).rejects.toThrow();
      return platform.sent.length;
    };
    for (const [status, code] of [
      [400, "VALIDATION_ERROR"],
      [401, "UNAUTHORIZED"],
      [403, "FORBIDDEN"],
      [404, "NOT_FOUND"],
      [409, "CONFLICT"],
      [412, "PRECONDITION_FAILED"],
      [422, "IDEMPOTENCY_MISMATCH"],
      [500, "INTERNAL_ERROR"],
    ] as const) {
      expect(await attempts(problem(status, code)), code).toBe(1);
    }
    for (const [status, code, more] of [
      [409, "IDEMPOTENCY_IN_PROGRESS", { retryAfter: 1 }],
      [409, "CONFLICT", { reason: "contended" }],
      [409, "TRANSACTION_CONFLICT", { retryable: true }],
      [503, "UNAVAILABLE", { retryAfter: 1 }],
      [503, "OUTCOME_UNKNOWN", { retryAfter: 1 }],
      [504, "TIMEOUT", {}],
    ] as const) {
      expect(await attempts(problem(status, code, more)), code).toBe(2);
    }
    expect(await attempts({ status: 502, body: "bad gateway" })).toBe(2);
    expect(await attempts({ status: 404, body: "not here" })).toBe(1);
    expect(await attempts({ status: 200, body: "<html>" })).toBe(1);
  });

  test("[SDK6] a write is repeated under one key, a read under none", async () => {
    const writing = open(inOrder("lost", problem(503, "OUTCOME_UNKNOWN", { retryAfter: 1 }), { body: { id: "1" } }));
    await writing.tasks.create({ title: "t" });
    expect(writing.platform.sent.map(({ headers }) => headers["idempotency-key"])).toEqual(["key-1", "key-1", "key-1"]);
    await writing.tasks.create({ title: "t" });
    expect(writing.platform.sent.at(-1)!.headers["idempotency-key"]).toBe("key-2");
    await writing.tasks.create({ title: "t" }, { idempotencyKey: "mine" });
    expect(writing.platform.sent.at(-1)!.headers["idempotency-key"]).toBe("mine");
    const reading = open(inOrder("lost", PAGE));
    await reading.tasks.list();
    expect(reading.platform.sent.map(({ headers }) => headers["idempotency-key"])).toEqual([undefined, undefined]);
  });

  test("[SDK6] without repetition a write has no key, and a failure tells the key under which to go on", async () => {
    const answer = problem(503, "OUTCOME_UNKNOWN", { retryAfter: 1, idempotencyKey: "of-the-server" });
    const once = open(() => answer, { retry: false });
    await expect(once.tasks.create({ title: "t" })).rejects.toMatchObject({
      details: { idempotencyKey: "of-the-server" },
    });
    expect(once.platform.sent.map(({ headers }) => headers["idempotency-key"])).toEqual([undefined]);
    const lost = open(() => "lost", { retry: { maxRetries: 1 } });
    await expect(lost.tasks.create({ title: "t" })).rejects.toMatchObject({ details: { idempotencyKey: "key-1" } });
    const dry = open(() => "lost", { retry: { maxRetries: 1 } });
    await expect(dry.tasks.deleteWhere({ all: true }, { dryRun: true })).rejects.toThrow();
    expect(dry.platform.sent.map(({ headers }) => headers["idempotency-key"])).toEqual([undefined, undefined]);
  });

  test("[SDK6] a server that loses requests and replies carries every write out once", async () => {
    const mishap = fc.constantFrom(
      "fine",
      "lost before",
      "lost after",
      "silent",
      "unknown",
      "overloaded",
      "in progress",
    );
    let most = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(mishap, { maxLength: 5 }), { minLength: 1, maxLength: 4 }), async (writes) => {
        const done = new Map<string, string>();
        const rows: string[] = [];
        const plans = writes.map((plan) => [...plan]);
        const serve: Serve = ({ headers, body }) => {
          const { title } = body as { title: string };
          const key = headers["idempotency-key"]!;
          const what = plans[Number(title)]!.shift() ?? "fine";
          if (what === "lost before") return "lost";
          if (what === "overloaded") return problem(503, "OVERLOADED", { retryAfter: 1 });
          if (what === "in progress") return problem(409, "IDEMPOTENCY_IN_PROGRESS", { retryAfter: 1 });
          const id = done.get(key) ?? `row ${rows.push(title)}`;
          done.set(key, id);
          if (what === "lost after") return "lost";
          if (what === "silent") return "silent";
          if (what === "unknown") return problem(503, "OUTCOME_UNKNOWN", { retryAfter: 1, idempotencyKey: key });
          return { status: 201, body: { id, title } };
        };
        const { tasks, platform } = open(serve, { timeoutMs: 100, retry: { maxRetries: 5 } });
        const results = await Promise.all(writes.map((_, index) => tasks.create({ title: String(index) })));
        expect(rows.toSorted()).toEqual(writes.map((_, index) => String(index)));
        expect(new Set(results.map(({ id }) => id)).size).toBe(writes.length);
        expect(platform.pending()).toBe(0);
        most = Math.max(most, platform.sent.length);
      }),
      { numRuns: RUNS },
    );
    // The mishaps did happen.
    expect(most).toBeGreaterThan(8);
  });
});

describe("time and aborts", () => {
  test("[SDK5] no answer in time is a timeout, for each attempt; nothing is left behind", async () => {
    const { tasks, platform } = open(inOrder("silent", PAGE), { timeoutMs: 300 });
    await tasks.list();
    expect(platform.fired).toEqual([300, 1000]);
    expect(platform.pending()).toBe(0);
    const late = open(() => "silent", { retry: false });
    await expect(late.tasks.list({ timeoutMs: 70 })).rejects.toMatchObject({
      name: "TimeoutError",
      code: "TIMEOUT",
      status: 0,
    });
    expect(late.platform.fired).toEqual([70]);
  });

  test("[SDK5] an abort ends the request, the wait before the next, and a call that has not begun", async () => {
    const during = new AbortController();
    const { tasks, platform } = open(() => "silent", { timeoutMs: 0 });
    const running = tasks.list({ signal: during.signal });
    setImmediate(() => during.abort("enough"));
    await expect(running).rejects.toMatchObject({ code: "ABORTED", cause: "enough", retryable: false });
    await expect(tasks.list({ signal: during.signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(platform.sent.length).toBe(1);
    const waiting = new AbortController();
    const failing = open(() => {
      queueMicrotask(() => setTimeout(() => waiting.abort(), 0));
      return "lost";
    });
    const stalled = { ...failing.platform, after: () => () => {} };
    const client = createClient({ url: "https://x.test", platform: stalled });
    await expect(client.resource("tasks").list({ signal: waiting.signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(failing.platform.sent.length).toBe(1);
  });
});

describe("tokens", () => {
  const EXPIRED = problem(401, "UNAUTHORIZED", { reason: "expired" });
  const guard =
    (good: string): Serve =>
    ({ headers }) =>
      headers.authorization === `Bearer ${good}` ? PAGE : EXPIRED;

  test("[SDK5] a token is text, a function or a storage; without one no header is sent", async () => {
    for (const token of ["t", () => "t", async () => "t", { get: () => "t" }, { get: async () => "t" }]) {
      const { tasks, platform } = open(() => PAGE, { token });
      await tasks.list();
      expect(platform.sent[0]!.headers.authorization).toBe("Bearer t");
    }
    for (const token of [() => null, () => undefined, { get: () => null }]) {
      const { tasks, platform } = open(() => PAGE, { token });
      await tasks.list();
      expect(platform.sent[0]!.headers).not.toHaveProperty("authorization");
    }
  });

  test("[SDK5] an expired token is renewed once for all who wait, put into the storage, and each request repeated", async () => {
    let stored = "old";
    let renewals = 0;
    const token = {
      get: () => stored,
      set: (renewed: string) => {
        stored = renewed;
      },
    };
    const refreshToken = async (expired: string) => {
      renewals += 1;
      expect(expired).toBe("old");
      return "new";
    };
    const { tasks, platform } = open(guard("new"), { token, refreshToken });
    await Promise.all([tasks.list(), tasks.list(), tasks.list()]);
    expect([renewals, stored, platform.sent.length]).toEqual([1, "new", 6]);
    await tasks.list();
    expect(platform.sent.length).toBe(7);
  });

  test("[SDK5] a renewed token is kept in memory where the source cannot keep it, and renewed again", async () => {
    let good = "t1";
    const { tasks } = open((sent) => guard(good)(sent, 0), {
      token: "t0",
      refreshToken: (expired) => `t${Number(expired.slice(1)) + 1}`,
    });
    await tasks.list();
    good = "t2";
    await tasks.list();
    good = "t3";
    await tasks.list();
  });

  test("[SDK5] a write repeated after a renewal keeps its key", async () => {
    const { tasks, platform } = open(guard("new"), { token: "old", refreshToken: () => "new" });
    await tasks.create({ title: "t" });
    expect(platform.sent.map(({ headers }) => headers["idempotency-key"])).toEqual(["key-1", "key-1"]);
  });

  test("[SDK5] other refusals, a second one, and a renewal that fails are answers", async () => {
    const wrong = open(() => problem(401, "UNAUTHORIZED", { reason: "invalid-credentials" }), {
      token: "t",
      refreshToken: () => "u",
    });
    await expect(wrong.tasks.list()).rejects.toMatchObject({ name: "AuthError" });
    expect(wrong.platform.sent.length).toBe(1);
    const still = open(() => EXPIRED, { token: "t", refreshToken: () => "u" });
    await expect(still.tasks.list()).rejects.toMatchObject({ name: "AuthError", details: { reason: "expired" } });
    expect(still.platform.sent.length).toBe(2);
    const none = open(() => EXPIRED, { token: "t", refreshToken: () => null });
    await expect(none.tasks.list()).rejects.toMatchObject({ name: "AuthError" });
    let tries = 0;
    const failing = open(guard("u"), {
      token: "t",
      refreshToken: () => {
        tries += 1;
        if (tries === 1) throw new Error("offline");
        return "u";
      },
    });
    await expect(failing.tasks.list()).rejects.toMatchObject({ name: "AuthError", cause: new Error("offline") });
    await failing.tasks.list();
    expect(tries).toBe(2);
  });

  test("[SDK5] an abort ends the wait for a renewal, which goes on for the others", async () => {
    const renewal = Promise.withResolvers<string>();
    const { tasks } = open(guard("new"), { token: () => "old", refreshToken: () => renewal.promise });
    const leaving = new AbortController();
    const [early, other] = [tasks.list({ signal: leaving.signal }), tasks.list()];
    setImmediate(() => leaving.abort("enough"));
    await expect(early).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
    renewal.resolve("new");
    expect((await other).items).toEqual([]);
  });

  test("[SDK5] a storage that fails is a StorageError, and nothing is sent", async () => {
    const { tasks, platform } = open(() => PAGE, {
      token: {
        get: () => {
          throw new Error("locked");
        },
      },
    });
    await expect(tasks.list()).rejects.toMatchObject({ name: "StorageError", cause: new Error("locked") });
    expect(platform.sent).toEqual([]);
  });
});

describe("requests of one's own", () => {
  const failing = () => new TransportError("no network", { retryable: true });

  test("[SDK6] are repeated while a field says that it may pass, with growing random waits, and end with their signal", async () => {
    const platform = fakePlatform(() => "lost");
    let attempts = 0;
    const run = async (signal: { readonly aborted: boolean }) => {
      attempts += 1;
      expect(signal.aborted).toBe(false);
      if (attempts < 4) throw failing();
      return "done";
    };
    expect(await executeRequest(run, { platform })).toBe("done");
    expect(platform.fired.filter((ms) => ms < 30_000)).toEqual([1000, 2000, 4000]);
    attempts = 0;
    await expect(executeRequest(run, { platform, retries: 1 })).rejects.toMatchObject({ code: "NETWORK_ERROR" });
    expect(attempts).toBe(2);
    const mistake = new TypeError("a mistake");
    await expect(executeRequest(() => Promise.reject(mistake), { platform })).rejects.toBe(mistake);
  });

  test("[SDK6] an attempt that takes too long is ended and counts as a failure that may pass", async () => {
    const platform = fakePlatform(() => "silent");
    const signals: { readonly aborted: boolean }[] = [];
    const silent = (signal: { readonly aborted: boolean }) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    };
    await expect(executeRequest(silent, { platform, retries: 1, timeoutMs: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    const end = new AbortController();
    const ended = executeRequest(silent, { platform, timeoutMs: 0, signal: end.signal });
    end.abort();
    await expect(ended).rejects.toMatchObject({ code: "ABORTED" });
  });
});
