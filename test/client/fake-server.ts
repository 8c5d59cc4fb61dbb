/**
 * A platform without time and network: timers fire in order as soon as nothing else is left to do, and `fetch` is a function of
 * the test. Every request is kept. Used by the tests of the client.
 */

import type { FetchLike, Platform, RequestLike } from "../../src/client/platform.ts";

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly credentials: string | undefined;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the server does with a request: an answer, a failure of the network, or silence. */
export type Serve = (sent: Sent, index: number) => Answer | "lost" | "silent" | Promise<Answer>;

export interface FakePlatform extends Platform {
  readonly sent: Sent[];
  /** ms of every timer that has fired, in order. */
  readonly fired: number[];
  /** Timers that are set. */
  readonly pending: () => number;
}

export function fakePlatform(serve: Serve, random: () => number = () => 1): FakePlatform {
  const sent: Sent[] = [];
  const fired: number[] = [];
  let timers: { readonly at: number; readonly ms: number; readonly run: () => void }[] = [];
  let nowMs = Date.parse("2026-11-01T00:00:00Z");
  let keys = 0;
  let isTicking = false;
  const tick = () => {
    isTicking = false;
    const next = timers.sort((a, b) => a.at - b.at)[0];
    if (next === undefined) return;
    timers = timers.filter((timer) => timer !== next);
    nowMs = next.at;
    fired.push(next.ms);
    next.run();
    schedule();
  };
  const schedule = () => {
    if (!isTicking) setImmediate(tick);
    isTicking = true;
  };
  const fetch: FetchLike = async (url, init: RequestLike) => {
    const request: Sent = {
      method: init.method ?? "GET",
      url,
      headers: init.headers as Record<string, string>,
      body: init.body === undefined ? undefined : JSON.parse(String(init.body)),
      credentials: init.credentials,
    };
    sent.push(request);
    const answer = await serve(request, sent.length - 1);
    if (answer === "lost") throw new TypeError("fetch failed");
    if (answer === "silent") return new Promise(() => {});
    const { status = 200, body, headers = {} } = answer;
    return {
      status,
      headers: { get: (name) => headers[name.toLowerCase()] ?? null },
      text: async () => (body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body)),
    };
  };
  return {
    sent,
    fired,
    pending: () => timers.length,
    fetch,
    random,
    now: () => nowMs,
    after: (ms, run) => {
      const timer = { at: nowMs + ms, ms, run };
      timers.push(timer);
      schedule();
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    makeKey: () => `key-${++keys}`,
    makeController: () => new AbortController(),
  };
}

export function problem(status: number, code: string, more: object = {}): Answer {
  return {
    status,
    body: { type: `/_/problems/${code.toLowerCase()}`, title: code, status, code, requestId: "r-1", ...more },
  };
}

export const EMPTY_PAGE = { items: [], nextCursor: null, hasMore: false, seq: 1 };
