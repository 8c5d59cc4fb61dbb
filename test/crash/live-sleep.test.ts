/**
 * An object sleeps while a hundred sockets and a hundred streams are open and nothing happens, pings included, and wakes with all of them at
 * the next commit: on a real workerd, which says when it makes an object in memory. An object that is pinned is billed all month.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleApp, MADE } from "./bundle-app.ts";
import { freePort, killAll, pause, workerdProcess } from "./workerd-process.ts";

const EACH = 100;
const OBJECT = "t/live/items";
/** workerd puts an object to sleep after ten seconds without work. */
const REST_MS = 13_000;

let bundle = "";
beforeAll(async () => {
  bundle = await bundleApp({ name: "sleep", app: join(import.meta.dirname, "app/live-app.ts"), variant: "telling" });
});
afterAll(killAll);

it("[SS11] [WS7] [WS16] the object sleeps under a hundred idle sockets that ping and a hundred idle streams, and wakes with all of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ledge-sleep-"));
  const server = workerdProcess({ bundle, folder, port: await freePort() });
  let made = 0;
  server.onLine((line) => {
    if (line.includes(`${MADE}${OBJECT}`)) made++;
  });
  const abort = new AbortController();
  const told = new Set<string>();
  const ready = new Set<string>();
  const sockets: WebSocket[] = [];
  let pongs = 0;
  try {
    await server.start();
    const post = () =>
      fetch(`${server.origin}/api/items`, {
        method: "POST",
        headers: { authorization: "Bearer dev:writer", "content-type": "application/json" },
        body: JSON.stringify({ bucket: 1, value: 1 }),
      });
    for (let index = 0; index < EACH; index++) {
      const authorization = `Bearer dev:user${index % 10}`;
      const options = { headers: { authorization } } as unknown as string;
      const socket = new WebSocket(`${server.origin.replace("http", "ws")}/api/items/live`, options);
      sockets.push(socket);
      socket.addEventListener("open", () => {
        socket.send(JSON.stringify({ type: "hello", v: 1, client: "c" }));
        socket.send(JSON.stringify({ type: "watch", id: 1, resource: "items" }));
      });
      socket.addEventListener("message", ({ data }) => {
        if (data === "pong") pongs++;
        if (String(data).includes('"snapshot"')) ready.add(`socket ${index}`);
        if (String(data).includes('"commit"')) told.add(`socket ${index}`);
      });
      void follow(`${server.origin}/api/items/subscribe`, { authorization }, abort.signal, (text) => {
        if (text.includes("event: ready")) ready.add(`stream ${index}`);
        if (text.includes('"added"')) told.add(`stream ${index}`);
      });
    }
    await until(() => ready.size === 2 * EACH);
    const before = made;
    expect(before).toBeGreaterThan(0);
    // Asleep or not shows when something happens: the object is then made anew, or it was there all the time.
    for (let round = 1; made === before && round <= 3; round++) {
      await pause(REST_MS * round);
      for (const socket of sockets) socket.send("ping");
      await until(() => pongs === EACH * round);
      expect(made).toBe(before);
      told.clear();
      expect((await post()).status).toBe(201);
      await until(() => told.size === 2 * EACH);
    }
    expect(made).toBe(before + 1);
  } finally {
    abort.abort();
    for (const socket of sockets) socket.close();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);

async function follow(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  heard: (text: string) => void,
): Promise<void> {
  try {
    const response = await fetch(url, { headers, signal });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) heard(decoder.decode(chunk, { stream: true }));
  } catch {
    // The test is over.
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("what must come did not");
    await pause(10);
  }
}
