/** Work, or a wait, that ends with a signal or with its time ([SDK5]), and leaves no timer or listener behind. */

import { TimeoutError, TransportError } from "./ledge-error.ts";
import type { Platform, SignalLike } from "./platform.ts";

/**
 * What `run` gives, unless the signal aborts or the time is up (0: never) before; without `run` a wait of that time. Timer and listener
 * are gone when it settles, even if `run` does not heed the end.
 */
export function within<T>(
  platform: Platform,
  ms: number,
  signal: SignalLike | undefined,
  run?: () => Promise<T>,
): Promise<T> {
  let leave = () => {};
  return new Promise<T>((resolve, reject) => {
    const onAbort = () =>
      reject(
        new TransportError("The request was aborted", { code: "ABORTED", cause: signal?.reason, retryable: false }),
      );
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort);
    // A wait of nothing is over at once; no limit at all is for work only.
    const onTime = () =>
      run === undefined ? resolve(undefined as T) : reject(new TimeoutError(`No answer within ${ms} ms`));
    const cancel = ms > 0 || run === undefined ? platform.after(ms, onTime) : undefined;
    leave = () => {
      cancel?.();
      signal?.removeEventListener("abort", onAbort);
    };
    run?.().then(resolve, reject);
  }).finally(() => leave());
}
