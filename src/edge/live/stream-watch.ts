/**
 * One watch as an event stream, ended in the Worker ([SS1] [SS11] [SS12]): speaks the socket protocol to the object, acknowledges what the
 * consumer took, keeps the connection alive, and ends it after twelve hours. The response is made once the object has answered, so a
 * refusal is a problem with its status.
 */

import { Fault } from "../../core/fault.ts";
import type { WatchFrame } from "../../core/live/client-frames.ts";
import { CLIENT_LIMITS } from "../../core/live/client-limits.ts";
import { readServerFrame, type ServerFrame } from "../../core/live/server-frames.ts";
import { SseText } from "../../core/live/sse-text.ts";
import { CLOSE, WIRE_VERSION } from "../../core/live/wire-schema.ts";
import type { Answer } from "../endpoint.ts";
import type { Exchange } from "../exchange.ts";
import { placeProblem } from "./place-problem.ts";

export interface StreamedWatch {
  readonly subscriptionId: string;
  readonly isPurging: boolean;
  readonly watch: WatchFrame;
}

const HEARTBEAT_MS = 15_000;
const STALLED_MS = 30_000;
const ROTATE_MS = 12 * 3_600_000;
/** What the consumer took is acknowledged in steps of this: flow control holds for bytes on the way. */
const ACK_BYTES = 64 * 1024;

export async function streamWatch(exchange: Exchange, socket: WebSocket, streamed: StreamedWatch): Promise<Answer> {
  const { request, nowMs } = exchange;
  const text = new SseText(streamed);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let frames = 0;
  let acked = 0;
  let bytes = 0;
  let seq = 0;
  let isOver = false;
  /** When the oldest text that the consumer has not taken was written. */
  let waitingSinceMs: number | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  const over = (code: number) => {
    if (isOver) return;
    isOver = true;
    clearInterval(heartbeat);
    socket.close(code, "");
    tail = tail.then(() => writer.close()).catch(() => {});
  };
  const write = (what: string, after?: () => void) => {
    if (what === "") {
      after?.();
      return;
    }
    waitingSinceMs ??= Date.now();
    const mine = writer.write(encoder.encode(what)).then(
      () => {
        if (tail === mine) waitingSinceMs = null;
        after?.();
      },
      // The consumer is gone.
      () => over(CLOSE.normal),
    );
    tail = mine;
  };
  const beat = () => {
    const now = Date.now();
    if (waitingSinceMs !== null && now - waitingSinceMs > STALLED_MS) {
      // It is told, should it take what waits after all; nobody waits for that for ever.
      write(text.invalidate("slow-consumer", now));
      setTimeout(() => writer.abort("slow-consumer").catch(() => {}), STALLED_MS);
      over(CLOSE.overloaded);
    } else if (now - nowMs > ROTATE_MS * (0.9 + (parseInt(streamed.subscriptionId.slice(0, 2), 16) / 255) * 0.2))
      over(CLOSE.normal);
    else write(`: ping ${now}\n\n`);
  };
  const heartbeat = setInterval(beat, HEARTBEAT_MS);
  request.signal.addEventListener("abort", () => over(CLOSE.normal));

  const send = (frame: object) => socket.send(JSON.stringify(frame));
  const take = (frame: ServerFrame, size: number) => {
    frames++;
    if ("seq" in frame) seq = frame.seq;
    const at = frames;
    write(text.take(frame, Date.now()), () => {
      bytes += size;
      if (bytes < ACK_BYTES && at - acked < CLIENT_LIMITS.ackFrames) return;
      acked = at;
      bytes = 0;
      if (!isOver) send({ type: "ack", obj: "1", seq, n: at });
    });
    if (frame.type === "error") over(CLOSE.normal);
  };

  return new Promise<Answer>((answer, refuse) => {
    let isAnswered = false;
    socket.accept();
    socket.addEventListener("message", ({ data }) => {
      const frame = typeof data === "string" ? readServerFrame(data) : null;
      if (frame === null || frame === "ignored" || isOver) return;
      if (frame.type === "welcome") {
        frames++;
        send(streamed.watch);
        return;
      }
      if (frame.type === "error" && frame.problem.code === "UNAUTHORIZED" && isAnswered) {
        write(text.invalidate("Authentication expired", Date.now()));
        over(CLOSE.normal);
        return;
      }
      if (!isAnswered) {
        isAnswered = true;
        if (frame.type === "error") {
          over(CLOSE.normal);
          answer(placeProblem(exchange, frame.problem));
          return;
        }
        answer(new Response(readable, { headers: STREAM_HEADERS }));
        write("retry: 1000\n\n");
      }
      take(frame, typeof data === "string" ? data.length : 0);
    });
    socket.addEventListener("close", ({ code }) => {
      // The access it was opened by has ended ([RV6]).
      if (code === CLOSE.unauthenticated && isAnswered && !isOver)
        write(text.invalidate("Authentication expired", Date.now()));
      over(CLOSE.normal);
      if (!isAnswered) refuse(new Fault({ slug: "unavailable", retryAfter: 1 }));
      isAnswered = true;
    });
    send({ type: "hello", v: WIRE_VERSION, client: streamed.subscriptionId });
  });
}

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};
