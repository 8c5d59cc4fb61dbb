/**
 * What a write of the outbox waits for, as a person is to read it: the change before it, sign-in, the network, or the answer that is on its way. Of
 * several the first that has to happen. Pure.
 */

import { type RowWrite, rowKey } from "./outbox-entry.ts";
import type { Pause } from "./outbox-port.ts";

export type WaitsFor =
  /** The person's decision: an earlier change of the same row was refused, or the creation of a row that it names. */
  | "decision"
  /** An earlier change of the same row, or the creation of a row that it names. */
  | "change-before"
  | "sign-in"
  | "network"
  /** The server gives no answer at the moment. */
  | "server"
  /** It is under way. */
  | "answer"
  /** It has left, and whether it arrived is being found out. */
  | "outcome"
  /** Others are under way, or nothing: it leaves at once. */
  | "turn";

interface Waiting {
  readonly key: string;
  readonly status: "queued" | "sending" | "unknown" | "refused" | "done";
  readonly writes: readonly RowWrite[];
}

const PAUSES = { "signed-out": "sign-in", offline: "network", unreachable: "server" } as const satisfies Record<
  Pause,
  WaitsFor
>;

/** By key; of what is refused or done nothing. `items` in the order of the outbox, as `pending()` gives them. In one pass. */
export function waitsFor(items: readonly Waiting[], pause: Pause | null): ReadonlyMap<string, WaitsFor> {
  const found = new Map<string, WaitsFor>();
  // Of rows, and of ids that are still to come: whether whoever is behind waits for a person.
  const rows = new Map<string, boolean>();
  const toCome = new Map<unknown, boolean>();
  for (const { key, status, writes } of items) {
    if (status === "done") continue;
    const before = writes.flatMap((write) => [
      rows.get(rowKey(write)),
      ...Object.values(write.values).map((value) => toCome.get(value)),
    ]);
    const isForPerson = status === "refused" || before.includes(true);
    if (status !== "refused") found.set(key, reasonOf(status, before, pause));
    for (const write of writes) {
      rows.set(rowKey(write), isForPerson);
      if (write.op === "create" || write.op === "replace") toCome.set(write.id, isForPerson);
    }
  }
  return found;
}

function reasonOf(status: Waiting["status"], before: readonly (boolean | undefined)[], pause: Pause | null): WaitsFor {
  if (status === "sending") return "answer";
  if (before.includes(true)) return "decision";
  if (before.includes(false)) return "change-before";
  if (pause !== null) return PAUSES[pause];
  return status === "unknown" ? "outcome" : "turn";
}
