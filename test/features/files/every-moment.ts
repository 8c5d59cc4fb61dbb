/** Tries a request at every moment at which its Worker may die, and looks each time whether bytes and rows still belong together. */

import { expect } from "vitest";
import { app } from "./app.ts";
import { settle, sweep } from "./client.ts";
import { type Crash, crashingEnv } from "./crashing-env.ts";

/** One request in an environment that dies. */
export async function dying(
  crash: Crash,
  to: string,
  body?: Uint8Array | object,
  given: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [method = "", path = ""] = to.split(" ");
  const isRaw = body instanceof Uint8Array;
  const sent = body === undefined || isRaw ? body : JSON.stringify(body);
  const headers = {
    authorization: "Bearer dev:alice",
    "content-length": String(sent?.length ?? 0),
    ...(body === undefined || isRaw ? {} : { "content-type": "application/json" }),
    ...given,
  };
  const init = { method, headers, ...(sent === undefined ? {} : { body: sent as BodyInit }) };
  const reply = await app.request(path, init, crash.env as never);
  await reply.arrayBuffer();
  return reply.status;
}

/**
 * Tries every moment until the request outlives them all; says how many there were. Each time, after what was left to do is done, there is
 * nothing in the bucket without a row and no row without its bytes.
 */
export async function atEveryMoment(
  objects: readonly string[],
  attempt: (crash: Crash, moment: number) => Promise<void>,
): Promise<number> {
  for (let moment = 0; ; moment++) {
    const crash = crashingEnv(moment);
    await attempt(crash, moment);
    for (const object of objects) await settle(object);
    expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
    if (!crash.hasDied()) return moment;
    expect(moment).toBeLessThan(60);
  }
}
