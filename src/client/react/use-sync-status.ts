/**
 * `useSyncStatus()`: what is not on the server yet, what it refused, and how far reading is behind; with the decisions that a person can take
 * about what was refused. What is refused stays until somebody decides.
 */

import { type StatusLabel, type SyncStatus, statusLabel } from "../../core/offline/sync-status.ts";
import type { ConnectionState, Realtime } from "../live/live-types.ts";
import type { OutboxClient, OutboxItem } from "../offline/offline-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import { outsideOf, useOutside } from "./use-outside.ts";

interface Told extends SyncStatus {
  readonly connection: ConnectionState;
  /** All of it in one word. */
  readonly statusLabel: StatusLabel;
  /** All that is not certain yet, in order; the refused among them. */
  readonly pending: readonly OutboxItem[];
  readonly pendingCount: number;
  readonly refusedWrites: readonly OutboxItem[];
}

export type Syncing = Told & Pick<OutboxClient, "retry" | "edit" | "discard">;

const ON_SERVER: Told = {
  unsent: 0,
  sending: 0,
  unknown: 0,
  heldUp: 0,
  foreign: 0,
  refused: 0,
  oldestUnsentAtMs: null,
  unread: 0,
  pause: null,
  canStore: true,
  isDurable: true,
  connection: "connecting",
  statusLabel: "saved",
  pending: [],
  pendingCount: 0,
  refusedWrites: [],
};

export function useSyncStatus(): Syncing {
  const client = useHookClient();
  const { outbox, sync } = client;
  const { realtime } = client as unknown as { readonly realtime: Realtime };
  const told = outsideOf(
    outbox,
    "sync",
    (): Told => {
      const { status } = sync;
      const connection = realtime.getConnectionState();
      const pending = outbox.pending();
      return {
        ...status,
        connection,
        statusLabel: statusLabel(status, connection),
        pending,
        pendingCount: pending.length,
        refusedWrites: outbox.refused(),
      };
    },
    (changed) => {
      const leave = [outbox.onChange(changed), sync.onChange(changed), realtime.onConnectionChange(changed)];
      return () => {
        for (const each of leave) each();
      };
    },
  );
  return { ...useOutside(told, ON_SERVER), retry: outbox.retry, edit: outbox.edit, discard: outbox.discard };
}
