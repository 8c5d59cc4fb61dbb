/** Bytes over a socket, as an attacker's own client sends them: no library in between that would mend or refuse anything. */

import { connect, type Socket } from "node:net";

export interface RawReply {
  /** 0: the connection was closed without an answer. */
  readonly status: number;
  /** Everything that came back, byte for byte. */
  readonly text: string;
  /** Bytes that left this side before the first byte of the answer came. */
  readonly sentBytes: number;
}

export interface RawOptions {
  /** What is sent after the head, as fast as it is taken; ends with the answer. */
  readonly body?: () => Iterable<string | Buffer>;
  /** A rest between two parts of the body; 0 (as fast as they are taken) when absent. */
  readonly restMs?: number;
  /** How long to wait for (more of) an answer. */
  readonly quietMs?: number;
}

/** Sends the text as it is, and collects what comes back until the peer closes or is quiet. */
export function sendRaw(
  origin: string,
  head: string | Buffer,
  { body, restMs = 0, quietMs = 400 }: RawOptions = {},
): Promise<RawReply> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sentBytes = 0;
    let isAnswered = false;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const socket = connect(Number(port), hostname);
    const end = () => {
      if (timer !== null) clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString("latin1");
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text, sentBytes });
    };
    const wait = () => {
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(end, isAnswered ? quietMs : 5 * quietMs);
    };
    socket.on("data", (chunk) => {
      isAnswered = true;
      chunks.push(chunk);
      wait();
    });
    socket.on("error", () => undefined);
    socket.on("close", end);
    socket.on("connect", () => {
      wait();
      socket.write(head);
      if (body !== undefined)
        void pump(
          socket,
          body(),
          restMs,
          () => isAnswered,
          (count) => {
            sentBytes += count;
          },
        );
    });
  });
}

async function pump(
  socket: Socket,
  parts: Iterable<string | Buffer>,
  restMs: number,
  isOver: () => boolean,
  count: (bytes: number) => void,
): Promise<void> {
  for (const part of parts) {
    if (isOver() || socket.destroyed) return;
    count(part.length);
    if (!socket.write(part))
      await new Promise((resume) => {
        socket.once("drain", resume);
        socket.once("close", resume);
      });
    // Lets an answer in between two writes.
    await new Promise<void>((resume) => (restMs > 0 ? setTimeout(resume, restMs) : setImmediate(resume)));
  }
}
