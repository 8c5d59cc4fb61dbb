/** An event stream as the Worker holds it, over hours of a clock of the test: heartbeat, rotation, a consumer that takes nothing, one that left. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Exchange } from "../../src/edge/exchange.ts";
import { streamWatch } from "../../src/edge/live/stream-watch.ts";

const EPOCH = "aaaaaaaaaaaaaaaa";
const SNAPSHOT = {
  type: "snapshot",
  id: 1,
  obj: "1",
  object: "t/app/x",
  epoch: EPOCH,
  seq: 4,
  tag: "0123abcd",
  key: "id",
};

beforeEach(
  () => void vi.useFakeTimers({ now: 1_000_000, toFake: ["setInterval", "clearInterval", "setTimeout", "Date"] }),
);
afterEach(() => void vi.useRealTimers());

/** Lets promises go on as far as they can. */
const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

async function open() {
  const listeners = new Map<string, (event: { data?: unknown; code?: number }) => void>();
  const said: { type: string; n?: number }[] = [];
  const closed: number[] = [];
  const socket = {
    accept() {},
    send: (text: string) => void said.push(JSON.parse(text)),
    close: (code: number) => void closed.push(code),
    addEventListener: (type: string, listener: (event: object) => void) => void listeners.set(type, listener),
  } as unknown as WebSocket;
  const abort = new AbortController();
  const exchange = { request: { signal: abort.signal }, nowMs: Date.now() } as unknown as Exchange;
  const watch = { type: "watch", id: 1, resource: "x" } as const;
  const answering = streamWatch(exchange, socket, { subscriptionId: "80-0", isPurging: false, watch });
  const tell = (frame: object) => listeners.get("message")?.({ data: JSON.stringify(frame) });
  tell({ type: "welcome", v: 1, session: "s", limits: {} });
  tell({ ...SNAPSHOT, rows: [], last: true });
  const reader = ((await answering).body as ReadableStream<Uint8Array> | null)?.getReader();
  const decoder = new TextDecoder();
  const read = async () => {
    const { done, value } = (await reader?.read()) ?? { done: true };
    return done ? null : decoder.decode(value);
  };
  return {
    tell,
    said,
    closed,
    read,
    leave: () => abort.abort(),
    closeSocket: (code: number) => listeners.get("close")?.({ code }),
  };
}

test("[SS1] begins with a retry time, and says something every fifteen seconds", async () => {
  const stream = await open();
  expect(await stream.read()).toBe("retry: 1000\n\n");
  expect(await stream.read()).toMatch(/^event: connected/);
  const beat = stream.read();
  vi.advanceTimersByTime(15_000);
  expect(await beat).toBe(": ping 1015000\n\n");
  stream.leave();
});

test("[SS1] is ended after twelve hours, a tenth more or less, for the client to resume", async () => {
  const stream = await open();
  let last = "";
  const reading = (async () => {
    for (let text = await stream.read(); text !== null; text = await stream.read()) last = text;
  })();
  for (let beat = 0; beat < 14 * 60 * 4 && stream.closed.length === 0; beat++) {
    vi.advanceTimersByTime(15_000);
    await settle();
  }
  await reading;
  const hours = (Date.now() - 1_000_000) / 3_600_000;
  expect([stream.closed, hours > 10.8, hours < 13.3]).toEqual([[1000], true, true]);
  expect(last).toMatch(/^: ping/);
});

test("[SS12] a consumer that takes nothing for half a minute is told why, and the socket is let go", async () => {
  const stream = await open();
  stream.tell({
    type: "commit",
    obj: "1",
    prev: 4,
    seq: 5,
    at: 1,
    watches: [{ id: 1, changes: [{ op: "removed", rowId: "a" }] }],
  });
  vi.advanceTimersByTime(45_000);
  await settle();
  expect(stream.closed).toEqual([1013]);
  const texts: string[] = [];
  for (let text = await stream.read(); text !== null; text = await stream.read()) texts.push(text);
  const events = texts.filter((text) => !text.startsWith(":"));
  // Nothing that was sent is left out before it.
  expect(events.some((text) => text.includes('"type":"removed"'))).toBe(true);
  expect(events.at(-1)).toContain('"reason":"slow-consumer"');
});

test("[SS12] what the consumer took is acknowledged to the object, by what it took", async () => {
  const stream = await open();
  for (let seq = 5; seq < 75; seq++)
    stream.tell({
      type: "commit",
      obj: "1",
      prev: seq - 1,
      seq,
      at: 1,
      watches: [{ id: 1, changes: [{ op: "removed", rowId: "a" }] }],
    });
  await settle();
  expect(stream.said.filter(({ type }) => type === "ack")).toEqual([]);
  for (let read = 0; read < 72; read++) await stream.read();
  await settle();
  expect(stream.said.filter(({ type }) => type === "ack").map(({ n }) => n)).toEqual([64]);
});

test("[SS11] a consumer that left takes the socket along; an end of the object's is an end of the stream", async () => {
  const left = await open();
  left.leave();
  expect(left.closed).toEqual([1000]);
  const ended = await open();
  ended.closeSocket(4401);
  const texts: string[] = [];
  for (let text = await ended.read(); text !== null; text = await ended.read()) texts.push(text);
  expect(texts.at(-1)).toContain("Authentication expired");
});

test("[SS8] an object that passed commits unseen lets the position pass, too", async () => {
  const stream = await open();
  stream.tell({ type: "at", obj: "1", prev: 4, seq: 300 });
  const texts: string[] = [];
  for (let read = 0; read < 3; read++) texts.push((await stream.read()) ?? "");
  expect(texts.at(-1)).toBe(`event: at\nid: ${EPOCH}:300:0123abcd\ndata: {"seq":300}\n\n`);
  stream.leave();
});
