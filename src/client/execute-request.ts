/**
 * A request of the application's own with the client's manners ([SDK6]): a time for each attempt, and repetition of what may pass, with growing
 * random waits. Whether a failure may pass says its field `retryable`; a write belongs here only if it may take place twice, or under
 * a key of its own. The client's methods do all of this by themselves.
 */

import { LedgeError } from "./ledge-error.ts";
import { PLATFORM, type Platform, type SignalLike } from "./platform.ts";
import { nextDelayMs, RETRY } from "./retry.ts";
import { within } from "./within.ts";

export interface ExecuteOptions {
  /** For each attempt; default 30 000, 0: none. */
  readonly timeoutMs?: number;
  /** Attempts after the first; default 3. */
  readonly retries?: number;
  /** Bound of the first wait; it doubles. Default 1000. */
  readonly retryDelayMs?: number;
  readonly signal?: SignalLike;
  /** Timers and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** `await executeRequest((signal) => fetchReport(signal), { retries: 2 })`. The signal ends with the attempt. */
export async function executeRequest<T>(
  run: (signal: SignalLike) => Promise<T>,
  {
    timeoutMs = 30_000,
    retries = RETRY.maxRetries,
    retryDelayMs = RETRY.retryDelayMs,
    signal,
    ...given
  }: ExecuteOptions = {},
): Promise<T> {
  const platform = { ...PLATFORM, ...given.platform };
  const policy = { ...RETRY, maxRetries: retries, retryDelayMs };
  for (let failures = 1; ; failures++) {
    const controller = platform.makeController();
    try {
      return await within(platform, timeoutMs, signal, async () => run(controller.signal));
    } catch (error) {
      controller.abort(error);
      const delayMs = error instanceof LedgeError ? nextDelayMs(error, failures, policy, platform.random) : null;
      if (delayMs === null) throw error;
      await within(platform, delayMs, signal);
    }
  }
}
