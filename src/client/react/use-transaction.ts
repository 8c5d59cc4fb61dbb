/** `useTransaction()`: several writes that stand or fall together, stored first and shown at once. */

import { useCallback } from "react";
import type { LaterWrite } from "../offline/offline-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { AnyWrite } from "./registered.ts";
import { useWork, type Work } from "./use-work.ts";

export interface Transaction extends Work {
  /** Resolves once they are stored; rejects where that cannot be. */
  readonly run: (writes: readonly AnyWrite[]) => Promise<{ readonly key: string }>;
}

export function useTransaction(): Transaction {
  const { outbox } = useHookClient();
  const { run, work } = useWork();
  const begin = useCallback(
    (writes: readonly AnyWrite[]) => run(() => outbox.transaction(writes as readonly LaterWrite[])),
    [outbox, run],
  );
  return { run: begin, ...work };
}
