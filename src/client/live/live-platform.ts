/**
 * What live queries need of the place they run in, beyond `Platform`: a WebSocket, and a body that can be read while it comes.
 * Declared as the parts that are used, so that browsers, React Native, Node 22 and Workers all fit; where there is no
 * WebSocket, streams are used.
 */

import type { Platform, RequestLike, ResponseLike } from "../platform.ts";

/** The part of WebSocket that is used. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: { readonly data?: unknown; readonly code?: number }) => void): void;
}

export interface StreamingResponse extends ResponseLike {
  readonly body: { getReader(): BodyReader } | null;
}

export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

export interface LivePlatform extends Platform {
  /** Null: there are no sockets here. */
  readonly makeSocket: ((url: string, protocol: string) => SocketLike) | null;
  readonly stream: (url: string, init: RequestLike) => Promise<StreamingResponse>;
  readonly decode: () => (bytes: Uint8Array) => string;
}

interface Globals {
  readonly WebSocket?: new (url: string, protocol: string) => SocketLike;
  readonly TextDecoder: new () => { decode(bytes: Uint8Array, options: { readonly stream: boolean }): string };
  readonly location?: { readonly href: string };
}

const globals = globalThis as unknown as Globals;

export function livePlatform(base: Platform, given: Partial<LivePlatform>): LivePlatform {
  const { WebSocket } = globals;
  return {
    makeSocket: WebSocket === undefined ? null : (url, protocol) => new WebSocket(url, protocol),
    // Of the client's own fetch, which may add headers: its response has a body wherever streams exist.
    stream: (url, init) => base.fetch(url, init) as Promise<StreamingResponse>,
    decode: () => {
      const decoder = new globals.TextDecoder();
      return (bytes) => decoder.decode(bytes, { stream: true });
    },
    ...base,
    ...given,
  };
}

/** `https://example.com/api` → `wss://example.com/api`; a relative address is one of the page's. */
export function socketUrl(url: string): string {
  const { location } = globals;
  const absolute =
    /^[a-z]+:/i.test(url) || location === undefined
      ? url
      : location.href.replace(/^([a-z]+:\/\/[^/]*).*$/i, "$1") + url;
  return absolute.replace(/^http/i, "ws");
}
