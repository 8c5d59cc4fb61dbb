/** One watch over an event stream, with the clock and the server in the test's hands: when it tries again. */

import { expect, test } from "vitest";
import type { LiveWiring } from "../../src/client/live/live-wiring.ts";
import { WatchStream } from "../../src/client/live/watch-stream.ts";

type Reply = "refused" | "full" | "hangs" | "serves";

/** `timers`: what is waited for, and how long; `pass` lets the last one begun be over. */
function bench(replies: Reply[]) {
  const timers: { readonly ms: number; readonly done: () => void }[] = [];
  let opened = 0;
  const wiring = {
    send: async () => ({ body: { ticket: "t", object: "t/app/a" } }),
    baseUrl: "https://example.com/api",
    credentials: undefined,
    platform: {
      now: () => 0,
      random: () => 0.999_999,
      after(ms: number, done: () => void) {
        const timer = { ms, done };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
      },
      makeController: () => new AbortController(),
      decode: () => () => "",
      stream: (_url: string, { signal }: { readonly signal: AbortSignal }) => {
        opened++;
        const reply = replies.shift() ?? "refused";
        if (reply === "refused") {
          const problem = JSON.stringify({ code: "UNAVAILABLE", status: 503, retryAfter: 1 });
          return Promise.resolve(new Response(problem, { status: 503, headers: { "retry-after": "1" } }));
        }
        if (reply === "full") {
          const problem = JSON.stringify({
            code: "SUBSCRIPTION_LIMIT_EXCEEDED",
            status: 429,
            limit: "sockets",
            max: 50,
          });
          return Promise.resolve(new Response(problem, { status: 429 }));
        }
        if (reply === "serves") return Promise.resolve(new Response(new ReadableStream()));
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      },
    },
  } as unknown as LiveWiring;
  const refused: unknown[] = [];
  const port = {
    wiring,
    tell() {},
    sinceOf: () => null,
    refused: (_key: string, error: unknown) => void refused.push(error),
    changed() {},
  };
  const stream = new WatchStream("w", { resource: "tasks", partition: undefined }, { resource: "tasks" }, port);
  const settle = () => new Promise((resume) => setTimeout(resume, 0));
  const pass = async () => {
    timers.pop()?.done();
    await settle();
    await settle();
  };
  return { stream, pass, refused, waits: () => timers.map(({ ms }) => ms), opened: () => opened };
}

test("[WS17] [CI4] a stream that is told 503 comes back about when it was told to, however often it was refused before", async () => {
  const world = bench([]);
  world.stream.start();
  const waits: number[][] = [];
  for (let tries = 0; tries < 8; tries++) {
    await world.pass();
    waits.push(world.waits());
  }
  expect(waits).toEqual([[1999], [2999], [4999], [4999], [4999], [4999], [4999], [4999]]);
  expect([world.opened(), world.refused]).toEqual([8, []]);
});

test("[WS16] [CI4] a stream whose opening is not answered is opened anew", async () => {
  const world = bench(["hangs", "serves"]);
  world.stream.start();
  await world.pass();
  expect(world.waits()).toEqual([45_000]);
  await world.pass();
  expect([world.waits(), world.stream.state]).toEqual([[999], "reconnecting"]);
  await world.pass();
  expect([world.opened(), world.waits()]).toEqual([2, [45_000]]);
  world.stream.end();
  expect(world.stream.state).toBe("disconnected");
});

test("[LS1] [CI4] a stream for which there is no room says so, and leaves it to the hub when it is asked for again", async () => {
  const world = bench(["full"]);
  world.stream.start();
  await world.pass();
  expect([world.refused, world.waits()]).toMatchObject([[{ code: "SUBSCRIPTION_LIMIT_EXCEEDED" }], []]);
  expect(world.stream.state).toBe("disconnected");
});
