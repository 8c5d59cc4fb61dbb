/** Whether something that was begun by a person is under way, and how it failed. For hooks that give functions to call. */

import { useCallback, useRef, useState } from "react";

export interface Work {
  readonly isPending: boolean;
  /** Of the last one that failed; null once another has begun. */
  readonly error: Error | null;
  readonly reset: () => void;
}

interface State {
  readonly pending: number;
  readonly error: Error | null;
}

/** `run` rejects as the work does, so that the caller may wait for it. */
export function useWork(): { readonly run: <T>(begin: () => Promise<T>) => Promise<T>; readonly work: Work } {
  const [{ pending, error }, set] = useState<State>({ pending: 0, error: null });
  const latest = useRef(0);
  const run = useCallback(async <T>(begin: () => Promise<T>): Promise<T> => {
    const own = ++latest.current;
    set((before) => ({ pending: before.pending + 1, error: null }));
    try {
      const result = await begin();
      set((before) => ({ ...before, pending: before.pending - 1 }));
      return result;
    } catch (failure) {
      // An older failure does not hide what a later call has come to.
      set((before) => ({
        pending: before.pending - 1,
        error: own === latest.current ? asError(failure) : before.error,
      }));
      throw failure;
    }
  }, []);
  const reset = useCallback(() => set((before) => ({ ...before, error: null })), []);
  return { run, work: { isPending: pending > 0, error, reset } };
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}
