/**
 * A request by XMLHttpRequest, which tells how much of its body has gone out while it does: fetch does not. Browsers and React Native have it;
 * where there is none (Node, Workers, service workers) the platform's fetch sends, and progress is told request by request.
 */

import { type FetchLike, PLATFORM, type SignalLike } from "../platform.ts";

/** The part of an XMLHttpRequest that is used. */
interface Request {
  readonly status: number;
  readonly responseText: string;
  readonly upload: { onprogress: ((event: { readonly loaded: number }) => void) | null };
  withCredentials: boolean;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onloadend: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getAllResponseHeaders(): string;
  send(body: unknown): void;
  abort(): void;
}

/** `onSent`: bytes of the body that have left so far. Undefined where the platform has nothing of the kind. */
export function fetchWithProgress(onSent: (bytes: number) => void): FetchLike | undefined {
  const { XMLHttpRequest } = globalThis as { readonly XMLHttpRequest?: new () => Request };
  if (XMLHttpRequest === undefined) return undefined;
  return (url, { fetch: _, ...init } = {}) => {
    // It cannot keep cookies of its own origin back.
    if (init.credentials === "omit") return PLATFORM.fetch(url, init);
    const { method = "GET", headers = {}, body, credentials, signal } = init;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.withCredentials = credentials === "include";
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, String(value));
      request.upload.onprogress = ({ loaded }) => onSent(loaded);
      request.onload = () => resolve(replyOf(request));
      // What was aborted is told to whoever aborted it by the signal.
      request.onerror = () => reject(new TypeError("The request failed"));
      request.onloadend = untilAborted(signal, () => request.abort());
      request.send(body);
    });
  };
}

/** Gives what stops the listening. */
function untilAborted(signal: SignalLike | null | undefined, abort: () => void): () => void {
  signal?.addEventListener("abort", abort);
  return () => signal?.removeEventListener("abort", abort);
}

function replyOf(request: Request): Awaited<ReturnType<FetchLike>> {
  const { status, responseText } = request;
  // All at once: of one that another origin does not show, a browser would complain.
  const headers = new Map(
    request
      .getAllResponseHeaders()
      .split("\r\n")
      .map((line): [string, string] => {
        const end = line.indexOf(":");
        return [line.slice(0, end).toLowerCase(), line.slice(end + 1).trim()];
      }),
  );
  return {
    status,
    headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
    text: async () => responseText,
  };
}
