/** Several watches of one object over event streams, each at its own pace: what one has passed, another may still bring, or have to ask for. */

import { expect, test } from "vitest";
import { LiveHub } from "../../src/client/live/live-hub.ts";
import type { LiveWatch, WatchListener } from "../../src/client/live/live-watch.ts";
import { LIVE_TIMINGS, type LiveWiring } from "../../src/client/live/live-wiring.ts";
import { ManualClock } from "./store/manual-clock.ts";

const EPOCH = "aaaaaaaaaaaaaaaa";
const TAG = "00000000";

/** One opening of a stream, in the test's hands. */
class Opening {
  readonly since: string | null;
  readonly #pieces: string[] = [];
  #isOver = false;
  #wake = () => {};

  constructor(url: string) {
    this.since = new URL(url).searchParams.get("resumeFrom");
  }

  readonly read = async (): Promise<{ readonly done: boolean; readonly value?: Uint8Array }> => {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) return { done: false, value: new TextEncoder().encode(piece) };
      if (this.#isOver) return { done: true };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  };

  connected(seq: number, epoch = EPOCH): this {
    return this.#say("connected", { seq, epoch, object: "t/app/tasks", tag: TAG, resumed: this.since !== null });
  }

  ready(seq: number): this {
    return this.#say("ready", { seq });
  }

  /** A commit by which a row is added. */
  added(seq: number, id: string, epoch = EPOCH): this {
    return this.#say("message", { type: "added", seq, timestamp: seq, object: { id } }, `${epoch}:${seq}:${TAG}`);
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  #say(event: string, data: object, id?: string): this {
    this.#pieces.push(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    this.#wake();
    return this;
  }
}

const NOBODY: WatchListener = {
  shown() {},
  begin() {},
  connected() {},
  invalidated() {},
  disconnected() {},
  timedOut() {},
  closed() {},
  failed() {},
  status() {},
};

/** Two watches of one object, both shown up to 1. */
async function twoStreams() {
  const clock = new ManualClock();
  const openings: Opening[] = [];
  const wiring = {
    send: async () => ({ body: { ticket: "t", object: "t/app/tasks" } }),
    baseUrl: "https://ledge.example/api",
    credentials: undefined,
    timings: LIVE_TIMINGS,
    platform: {
      now: clock.now,
      after: clock.after,
      random: () => 0.5,
      makeKey: () => "client",
      makeController: () => new AbortController(),
      makeSocket: null,
      stream: async (url: string) => {
        const opening = new Opening(url);
        openings.push(opening);
        return { status: 200, body: { getReader: () => ({ read: opening.read, cancel: async () => {} }) } };
      },
      decode: () => (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    },
  } as unknown as LiveWiring;
  const hub = new LiveHub(wiring, "transaction");
  const place = { resource: "tasks", partition: undefined };
  const [all, some] = [1, 2].map((rank) =>
    hub.subscribe(place, { resource: "tasks", filter: `rank==${rank}` }, { ...NOBODY }, null),
  ) as [LiveWatch, LiveWatch];
  await clock.settle();
  for (const opening of openings) opening.connected(1).ready(1);
  await clock.settle();
  const [first, second] = openings as [Opening, Opening];
  const told = (watch: LiveWatch) => [[...(watch.view?.rows.keys() ?? [])], hub.positionOf(watch.key), watch.status];
  return { clock, openings, hub, all, some, first, second, told };
}

test("[CI4] a commit that one stream brings after another of its object has gone further is shown", async () => {
  const { clock, hub, all, some, first, second, told } = await twoStreams();
  first.added(3, "c");
  await clock.settle();
  second.added(2, "b");
  await clock.settle();
  expect([told(all), told(some)]).toEqual([
    [["c"], `${EPOCH}:3:${TAG}`, "live"],
    [["b"], `${EPOCH}:2:${TAG}`, "live"],
  ]);
  hub.destroy();
});

test("[SS5] [CI4] a stream resumes from what it brought itself, and its object's others go on meanwhile", async () => {
  const { clock, openings, hub, all, some, first, second, told } = await twoStreams();
  second.end();
  await clock.settle();
  first.added(3, "c");
  await clock.settle();
  expect(told(all)).toEqual([["c"], `${EPOCH}:3:${TAG}`, "live"]);
  await clock.advance(5_000);
  const again = openings[2] as Opening;
  expect([openings.length, again.since]).toEqual([3, `${EPOCH}:1:${TAG}`]);
  again.connected(3).added(2, "b").ready(3);
  await clock.settle();
  expect(told(some)).toEqual([["b"], `${EPOCH}:3:${TAG}`, "live"]);
  hub.destroy();
});

test("[CI4] a stream that learns first of another history takes nothing from the others", async () => {
  const { clock, openings, hub, all, some, second, told } = await twoStreams();
  second.end();
  await clock.advance(5_000);
  const epoch = "bbbbbbbbbbbbbbbb";
  (openings[2] as Opening).connected(1, epoch).ready(1).added(2, "b", epoch);
  await clock.settle();
  expect([told(all), told(some)]).toEqual([
    [[], `${EPOCH}:1:${TAG}`, "live"],
    [["b"], `${epoch}:2:${TAG}`, "live"],
  ]);
  hub.destroy();
});
