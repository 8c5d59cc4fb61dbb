/** The bound on calls that one isolate has under way to one object. */

import { expect, test } from "vitest";
import type { ObjectReply } from "../../src/core/protocol/object-call.ts";
import { MAX_CALLS_IN_FLIGHT } from "../../src/edge/calls-in-flight.ts";
import { client } from "./client.ts";
import { answer } from "./fake-tables.ts";

test("[HT72] beyond the limit a call is refused at once and never sent; as calls come back, others are let through", async () => {
  const waiting: ((reply: ObjectReply) => void)[] = [];
  const { send, calls } = client(() => new Promise((resolve) => waiting.push(resolve)));
  const flood = Array.from({ length: MAX_CALLS_IN_FLIGHT + 20 }, () => send("/api/notes", { as: "alice" }));
  const refused = await firstOf(flood, 20);
  expect(refused).toHaveLength(20);
  expect(refused.every(({ status, json }) => status === 503 && json.code === "OVERLOADED")).toBe(true);
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
  expect(calls).toHaveLength(MAX_CALLS_IN_FLIGHT);

  for (const resolve of waiting.splice(0)) resolve(answer());
  expect((await Promise.all(flood)).filter(({ status }) => status === 200)).toHaveLength(MAX_CALLS_IN_FLIGHT);
  const next = send("/api/notes", { as: "alice" });
  while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve));
  waiting.pop()?.(answer());
  expect((await next).status).toBe(200);
});

/** Those that are answered, once `count` of them are and all others had turns enough to be. */
async function firstOf<T>(promises: readonly Promise<T>[], count: number): Promise<T[]> {
  const done: T[] = [];
  for (const promise of promises) void promise.then((value) => done.push(value));
  while (done.length < count) await new Promise((resolve) => setTimeout(resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
  return done;
}
