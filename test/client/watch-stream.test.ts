/** A watch over an event stream, which cannot be asked where its object stands. The server's half is tested in `test/worker/live-streams.test.ts`. */

import { expect, test } from "vitest";
import type { LiveWiring } from "../../src/client/live/live-wiring.ts";
import { LIVE_TIMINGS } from "../../src/client/live/live-wiring.ts";
import { WatchStream } from "../../src/client/live/watch-stream.ts";
import type { ClientEvent } from "../../src/core/live/client-event.ts";
import { ManualClock } from "./store/manual-clock.ts";

const EPOCH = "aaaaaaaaaaaaaaaa";

/** Each opening says that its object stands at `head`. */
async function open() {
  const clock = new ManualClock();
  const told: ClientEvent[] = [];
  const state = { head: 1, shown: 1, opened: 0 };
  const opening = () => {
    const connected = `event: connected\ndata: ${JSON.stringify({ seq: state.head, epoch: EPOCH, object: "t/app/tasks", tag: "00000000" })}`;
    const pieces = [`${connected}\n\nevent: ready\ndata: ${JSON.stringify({ seq: state.head })}\n\n`];
    const read = () => {
      const piece = pieces.shift();
      return piece === undefined
        ? new Promise<never>(() => {})
        : Promise.resolve({ done: false, value: new TextEncoder().encode(piece) });
    };
    state.opened++;
    return { status: 200, body: { getReader: () => ({ read, cancel: async () => {} }) } };
  };
  const wiring = {
    send: async () => ({ body: { ticket: "t", object: "t/app/tasks" } }),
    baseUrl: "https://ledge.example/api",
    credentials: undefined,
    timings: LIVE_TIMINGS,
    platform: {
      after: clock.after,
      random: () => 0.5,
      makeController: () => new AbortController(),
      stream: async () => opening(),
      decode: () => (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    },
  } as unknown as LiveWiring;
  const place = { resource: "tasks", partition: undefined };
  const stream = new WatchStream(
    "w",
    place,
    { resource: "tasks" },
    {
      wiring,
      tell: (event) => void told.push(event),
      sinceOf: () => `${EPOCH}:${state.shown}:00000000`,
      refused: () => {},
      changed: () => {},
    },
  );
  stream.start();
  await clock.settle();
  return { clock, told, state, stream };
}

test("[CI6] a stream is opened anew for a position that does not come by itself, and once for many", async () => {
  const { clock, state, stream } = await open();
  stream.inquire({ seq: 2 });
  state.shown = 2;
  await clock.advance(5_000);
  expect(state.opened).toBe(1);
  for (const seq of [3, 4, 5]) stream.inquire({ seq });
  await clock.advance(5_000);
  expect(state.opened).toBe(2);
  stream.end();
});

test("[CI6] where a stream's object has a write is told by the next opening", async () => {
  const { clock, told, state, stream } = await open();
  stream.inquire({ name: "?k1" });
  state.head = 7;
  await clock.advance(5_000);
  expect([state.opened, told.filter(({ kind }) => kind === "at")]).toEqual([
    2,
    [{ kind: "at", object: "t/app/tasks", seq: 7, name: "?k1" }],
  ]);
  await clock.advance(5_000);
  expect(state.opened).toBe(2);
  stream.end();
});
