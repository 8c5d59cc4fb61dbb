/** A live socket of a test: what it says, what it was told, and waiting for what must come. Also an event stream, read event by event. */

import { SELF } from "cloudflare:test";

export type Frame = Record<string, unknown> & { readonly type: string };

export interface TestSocket {
  readonly socket: WebSocket;
  readonly frames: Frame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  say(frame: object | string): void;
  /** The first frame, from where the last call stopped, that is as wanted. */
  next(type: string, wanted?: (frame: Frame) => boolean): Promise<Frame>;
}

export const asUser = (user: string | null): Record<string, string> =>
  user === null ? {} : { authorization: `Bearer dev:${user}` };

export function upgrade(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return SELF.fetch(`http://localhost${path}`, { headers: { upgrade: "websocket", ...headers } });
}

/** Opens a socket and says hello. */
export async function openSocket(path: string, user: string | null = null): Promise<TestSocket> {
  const response = await upgrade(path, asUser(user));
  if (response.webSocket === null) throw new Error(`${response.status} ${await response.text()}`);
  const socket = listen(response.webSocket);
  socket.say({ type: "hello", v: 1, client: "test" });
  await socket.next("welcome");
  return socket;
}

export function listen(socket: WebSocket): TestSocket {
  const frames: Frame[] = [];
  let read = 0;
  let woken = () => {};
  socket.accept();
  socket.addEventListener("message", ({ data }) => {
    frames.push(data === "pong" ? { type: "pong" } : (JSON.parse(String(data)) as Frame));
    woken();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.addEventListener("close", ({ code, reason }) => {
      resolve({ code, reason });
      woken();
    }),
  );
  return {
    socket,
    frames,
    closed,
    say: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    async next(type, wanted = () => true) {
      for (;;) {
        while (read < frames.length) {
          const frame = frames[read++] as Frame;
          if (frame.type === type && wanted(frame)) return frame;
        }
        await new Promise<void>((resolve) => {
          woken = resolve;
        });
      }
    },
  };
}

export interface StreamEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: Record<string, unknown>;
}

/** Opens a stream; `next` gives the next event of a kind (unnamed ones are `message`). */
export async function openStream(path: string, user: string | null, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const response = await SELF.fetch(`http://localhost${path}`, {
    headers: { ...asUser(user), ...headers },
    signal: abort.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<StreamEvent | null> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end < 0) {
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) return null;
        text += chunk.value;
        continue;
      }
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const lines = block.split("\n").filter((line) => !line.startsWith(":") && !line.startsWith("retry:"));
      if (lines.length === 0) continue;
      const field = (name: string) =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim();
      const id = field("id");
      return {
        event: field("event") ?? "message",
        ...(id === undefined ? {} : { id }),
        data: JSON.parse(field("data") ?? "{}"),
      };
    }
  };
  return { response, next, abort: () => abort.abort() };
}
