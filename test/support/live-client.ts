/** What the live client needs of its platform, inside the test's own Worker: sockets and streams of the Worker under test. Sockets can be cut, or refused. */

import { SELF } from "cloudflare:test";
import type { LivePlatform, SocketLike, StreamingResponse } from "../../src/client/live/live-platform.ts";

type Listener = (event: { readonly data?: unknown; readonly code?: number }) => void;

export interface TestNetwork {
  readonly platform: Partial<LivePlatform>;
  /** Sockets opened so far. */
  readonly opened: { readonly url: string; cut(): void; readonly said: string[]; readonly heard: string[] }[];
  /** While true no socket can be opened. */
  isBlocked: boolean;
}

export function testNetwork(): TestNetwork {
  const network: TestNetwork = {
    opened: [],
    isBlocked: false,
    platform: {
      // Tries follow each other at once.
      random: () => 0,
      makeSocket: (url) => socketTo(network, url),
      stream: (url, init) => SELF.fetch(url, init as RequestInit) as unknown as Promise<StreamingResponse>,
    },
  };
  return network;
}

function socketTo(network: TestNetwork, url: string): SocketLike {
  const listeners = new Map<string, Listener[]>();
  const emit = (type: string, event: Parameters<Listener>[0]) => {
    for (const listener of listeners.get(type) ?? []) listener(event);
  };
  let socket: WebSocket | null = null;
  let isOver = false;
  const end = (code: number) => {
    if (isOver) return;
    isOver = true;
    emit("close", { code });
  };
  const said: string[] = [];
  const heard: string[] = [];
  const cut = () => {
    socket?.close(1000);
    end(1006);
  };
  network.opened.push({ url, cut, said, heard });
  const open = async () => {
    // Listeners come first.
    await Promise.resolve();
    if (network.isBlocked) return end(1006);
    const response = await SELF.fetch(url.replace(/^ws/, "http"), { headers: { upgrade: "websocket" } });
    if (response.webSocket === null || isOver) return end(1006);
    socket = response.webSocket;
    socket.accept();
    socket.addEventListener("message", ({ data }) => {
      heard.push(String(data));
      if (!isOver) emit("message", { data });
    });
    socket.addEventListener("close", ({ code }) => end(code));
    emit("open", {});
  };
  void open();
  return {
    send: (text) => {
      said.push(text);
      socket?.send(text);
    },
    close: (code) => {
      socket?.close(code ?? 1000);
      end(code ?? 1000);
    },
    addEventListener: (type, listener) => void listeners.set(type, [...(listeners.get(type) ?? []), listener]),
  };
}

/** Waits until it holds: each look is a turn of the event loop later. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resume) => setTimeout(resume, 1));
}
