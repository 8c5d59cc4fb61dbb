/**
 * `useMutation("tasks")`: the writes of a table, for components that do not show it. They are stored first and shown at once by every list
 * of the table; `isPending` and `error` are about storing them. What becomes of them on the server says `useSyncStatus`.
 */

import { useMemo } from "react";
import { useHookClient } from "./ledge-provider.ts";
import type { Name } from "./registered.ts";
import { type TableWrites, tableWrites } from "./table-writes.ts";
import { useWork, type Work } from "./use-work.ts";

type AnyWrites = Readonly<
  Record<"create" | "update" | "replace" | "delete", (...given: unknown[]) => Promise<unknown>>
>;

export function useMutation<N extends Name>(table: N, partition?: string): TableWrites<N> & Work {
  const writes = tableWrites(useHookClient(), table, partition);
  const { run, work } = useWork();
  const watched = useMemo(() => {
    const all = writes as unknown as AnyWrites;
    const watch =
      (name: keyof AnyWrites) =>
      (...given: unknown[]) =>
        run(() => all[name](...given));
    return { create: watch("create"), update: watch("update"), replace: watch("replace"), delete: watch("delete") };
  }, [writes, run]);
  return { ...(watched as unknown as TableWrites<N>), ...work };
}
