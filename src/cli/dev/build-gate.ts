/**
 * No new code before what it stands on: `wrangler dev` runs `ledge bundle` before it takes up an edit, and that waits here until `ledge dev` has
 * written the migrations of the edit and brought D1 up to them. A connection that is closed says "go on".
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";

/** Names the gate to processes below `ledge dev`. */
const GATE = "LEDGE_DEV_GATE";
const HOST = "127.0.0.1";

export interface BuildGate {
  /** For the environment of wrangler. */
  readonly vars: Readonly<Record<string, string>>;
  close(): void;
}

/** `settled` resolves once no edit is being worked on. */
export async function openGate(settled: () => Promise<void>): Promise<BuildGate> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    void settled().then(() => socket.end());
  });
  server.listen(0, HOST);
  await once(server, "listening");
  server.unref();
  return { vars: { [GATE]: String((server.address() as AddressInfo).port) }, close: () => server.close() };
}

/** Resolves at once where no `ledge dev` runs above this process, or it has gone. */
export async function passGate(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const port = Number(environment[GATE] ?? 0);
  if (port === 0) return;
  const socket = connect(port, HOST);
  // After an error it is closed, too.
  socket.on("error", () => {});
  socket.resume();
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}
