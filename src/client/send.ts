/**
 * The pipeline of a request ([SDK5] [SDK6]): token, fetch, timeout, abort, renewal of an expired token once, and repetition.
 * A write is repeated only under an Idempotency-Key, the same for each attempt, so it takes place once. Knows no tables.
 */

import type { Credentials } from "./credentials.ts";
import { AuthError, LedgeError, TimeoutError, TransportError } from "./ledge-error.ts";
import type { Platform, RequestLike, ResponseLike, SignalLike } from "./platform.ts";
import { errorFromReply } from "./read-problem.ts";
import { nextDelayMs, type RetryPolicy } from "./retry.ts";

/** What every call may be given. */
export interface CallOptions {
  /** Aborts the request and the waits between attempts. */
  readonly signal?: SignalLike;
  /** For each attempt, until the body has been read; 0: none. */
  readonly timeoutMs?: number;
  /** Attempts after the first. */
  readonly retries?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly method: string;
  /** After the base path, with its query: `/tasks?limit=5`. */
  readonly path: string;
  /** Sent as JSON unless undefined. */
  readonly body?: unknown;
  /** Whether a repetition is harmless even without a key: reads and dry runs. */
  readonly isSafe: boolean;
  readonly idempotencyKey?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: CallOptions;
}

export interface Reply {
  readonly status: number;
  /** Parsed JSON; undefined when there is none. */
  readonly body: unknown;
  readonly etag: string | null;
}

export type Send = (call: Call) => Promise<Reply>;

export interface Pipeline {
  /** Address of the API without a slash at the end: `https://example.com/api`. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `include`, `same-origin` or `omit`, for cookies ([SDK9]). */
  readonly credentials: string | undefined;
  readonly token: Credentials;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly platform: Platform;
}

/** The function that carries calls out. It rejects with a `LedgeError`, whatever happens on the way. */
export function createSend(pipeline: Pipeline): Send {
  const { platform, token } = pipeline;
  return async (call) => {
    const { signal, retries = pipeline.retry.maxRetries } = call.options;
    const policy = { ...pipeline.retry, maxRetries: retries };
    // Without repetition a key of ours would only cost the object a row.
    let key = call.idempotencyKey ?? (call.isSafe || retries === 0 ? undefined : platform.makeKey());
    let isRenewed = false;
    for (let failures = 0; ; ) {
      const sent = await token.read();
      try {
        return await attempt(pipeline, call, sent, key);
      } catch (error) {
        if (!(error instanceof LedgeError)) throw error;
        if (sent !== null && !isRenewed && error instanceof AuthError && error.details.reason === "expired") {
          isRenewed = true;
          if (await renews(token, sent, error)) continue;
        }
        key ??= keyOf(error);
        failures += 1;
        const delayMs = call.isSafe || key !== undefined ? nextDelayMs(error, failures, policy, platform.random) : null;
        if (delayMs === null) throw error;
        await pause(platform, delayMs, signal);
      }
    }
  };
}

async function attempt(pipeline: Pipeline, call: Call, token: string | null, key: string | undefined): Promise<Reply> {
  const { platform, credentials } = pipeline;
  const { signal, timeoutMs = pipeline.timeoutMs } = call.options;
  const init: RequestLike = {
    method: call.method,
    headers: {
      accept: "application/json",
      ...pipeline.headers,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...call.headers,
      ...call.options.headers,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const details = key === undefined ? {} : { idempotencyKey: key };
  const { response, text } = await exchange(platform, pipeline.baseUrl + call.path, init, timeoutMs, signal, details);
  const { status, headers } = response;
  if (status >= 400) {
    throw errorFromReply({
      status,
      text,
      retryAfter: headers.get("retry-after"),
      requestId: headers.get("x-request-id"),
      nowMs: platform.now(),
      idempotencyKey: key,
    });
  }
  return { status, body: parseBody(text, status), etag: headers.get("etag") };
}

/** One fetch with its body. What it leaves behind (timer, listener) is gone when it settles, even if fetch ignores signals. */
async function exchange(
  platform: Platform,
  url: string,
  init: RequestLike,
  timeoutMs: number,
  signal: SignalLike | undefined,
  details: Readonly<Record<string, unknown>>,
): Promise<{ readonly response: ResponseLike; readonly text: string }> {
  const controller = platform.makeController();
  let leave = () => {};
  const stopped = new Promise<never>((_, reject) => {
    const stop = (error: LedgeError) => {
      reject(error);
      controller.abort(error);
    };
    leave = whenStopped(platform, timeoutMs, signal, (isAbort) =>
      stop(isAbort ? aborted(signal, details) : new TimeoutError(`No answer within ${timeoutMs} ms`, { details })),
    );
  });
  const answered = (async () => {
    if (signal?.aborted) return stopped;
    try {
      const response = await platform.fetch(url, { ...init, signal: controller.signal });
      return { response, text: await response.text() };
    } catch (cause) {
      throw new TransportError("The server could not be reached", { cause, details });
    }
  })();
  try {
    return await Promise.race([stopped, answered]);
  } finally {
    leave();
  }
}

/** Calls `stop` once: true when the signal aborts, false when the time is up. Returns what takes both off. */
function whenStopped(
  platform: Platform,
  ms: number,
  signal: SignalLike | undefined,
  stop: (isAbort: boolean) => void,
): () => void {
  const onAbort = () => stop(true);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  const cancel = ms > 0 ? platform.after(ms, () => stop(false)) : () => {};
  return () => {
    cancel();
    signal?.removeEventListener("abort", onAbort);
  };
}

async function pause(platform: Platform, ms: number, signal: SignalLike | undefined): Promise<void> {
  if (ms <= 0 && !signal?.aborted) return;
  let leave = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      leave = whenStopped(platform, ms, signal, (isAbort) => (isAbort ? reject(aborted(signal, {})) : resolve()));
    });
  } finally {
    leave();
  }
}

async function renews(token: Credentials, refused: string, error: LedgeError): Promise<boolean> {
  try {
    return await token.renew(refused);
  } catch (cause) {
    error.cause = cause;
    return false;
  }
}

function aborted(signal: SignalLike | undefined, details: Readonly<Record<string, unknown>>): LedgeError {
  return new TransportError("The request was aborted", {
    code: "ABORTED",
    cause: signal?.reason,
    details,
    retryable: false,
  });
}

/** The key that the server made for a write that came without one ([HT71]). */
function keyOf({ details }: LedgeError): string | undefined {
  return typeof details.idempotencyKey === "string" ? details.idempotencyKey : undefined;
}

function parseBody(text: string, status: number): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TransportError("The answer is not JSON", { code: "MALFORMED_REPLY", status, cause, retryable: false });
  }
}
