/**
 * The pipeline of a request ([SDK5] [SDK6]): token, fetch, timeout, abort, renewal of an expired token once, and repetition.
 * A write is repeated only under an Idempotency-Key, the same for each attempt, so it takes place once. Knows no tables.
 */

import type { Credentials } from "./credentials.ts";
import { LedgeError, TransportError } from "./ledge-error.ts";
import type { Platform, RequestLike, ResponseLike, SignalLike } from "./platform.ts";
import { errorFromReply } from "./read-problem.ts";
import { nextDelayMs, type RetryPolicy } from "./retry.ts";
import { within } from "./within.ts";

/** What every call may be given. */
export interface CallOptions {
  /** Aborts the request and the waits: between attempts, and for a token that is renewed. */
  readonly signal?: SignalLike;
  /** For each attempt, until the body has been read; 0: none. */
  readonly timeoutMs?: number;
  /** Attempts after the first. */
  readonly retries?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** With `ledge/client/cache`: how long the result is kept; 0: not at all. */
  readonly ttlMs?: number;
  /** With `ledge/client/cache`: asks the server whatever is kept, and keeps the answer. */
  readonly bypassCache?: boolean;
}

export interface Call {
  readonly method: string;
  /** After the base path, with its query: `/tasks?limit=5`. */
  readonly path: string;
  /** Sent as JSON unless undefined. */
  readonly body?: unknown;
  /** In place of a body: bytes that are sent as they are, and what sends them. */
  readonly raw?: Pick<RequestLike, "body" | "fetch">;
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
  readonly headers: ResponseLike["headers"];
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
        // The server makes a key for a write without one, and tells it when the outcome is unknown ([HT71]).
        key ??= error.details.idempotencyKey as string | undefined;
        // So that whoever catches the error can go on repeating the same write.
        if (key !== undefined) Object.assign(error.details, { idempotencyKey: key });
        if (sent !== null && !isRenewed && error.status === 401 && error.details.reason === "expired") {
          isRenewed = true;
          if (await within(platform, 0, signal, () => renews(token, sent, error))) continue;
        }
        failures += 1;
        const delayMs = call.isSafe || key !== undefined ? nextDelayMs(error, failures, policy, platform.random) : null;
        if (delayMs === null) throw error;
        await within(platform, delayMs, signal);
      }
    }
  };
}

async function attempt(pipeline: Pipeline, call: Call, token: string | null, key: string | undefined): Promise<Reply> {
  const { platform, credentials } = pipeline;
  const { body, options } = call;
  const { signal, timeoutMs = pipeline.timeoutMs } = options;
  const controller = platform.makeController();
  const init: RequestLike = {
    method: call.method,
    headers: {
      ...pipeline.headers,
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(key !== undefined && { "idempotency-key": key }),
      ...call.headers,
      ...options.headers,
    },
    body: JSON.stringify(body),
    credentials,
    ...call.raw,
    signal: controller.signal,
  };
  const exchange = async () => {
    try {
      const response = await platform.fetch(pipeline.baseUrl + call.path, init);
      return [response, await response.text()] as const;
    } catch (cause) {
      throw new TransportError("The server could not be reached", { cause });
    }
  };
  try {
    const [{ status, headers }, text] = await within(platform, timeoutMs, signal, exchange);
    if (status >= 400) throw errorFromReply(status, text, headers, platform.now());
    return { status, headers, body: text === "" ? undefined : parseBody(text, status) };
  } catch (error) {
    // Frees the connection of a request that nobody waits for any more.
    controller.abort(error);
    throw error;
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

function parseBody(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TransportError("The answer is not JSON", { code: "MALFORMED_REPLY", status, cause, retryable: false });
  }
}
