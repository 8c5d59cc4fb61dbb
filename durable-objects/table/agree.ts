/**
 * One message of a transaction to what answers it: the machine, or a read under the rules of reads. Here ends what the protocol's version
 * guards: a kind that is not known is lost to its sender, who asks again of an object that has been updated ([TP17]).
 */

import { rowKey } from "../../src/core/commit/footprint.ts";
import type { ObjectRequest } from "../../src/core/commit/object-state.ts";
import { COMMIT_VERSION, type Txid, type ValidateMessage } from "../../src/core/commit/transaction-message.ts";
import { positionToken, seqOf } from "../../src/core/ids.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { PartWork } from "../../src/core/transaction/part-work.ts";
import { looking, rowsOf } from "./commit-footprint.ts";
import { isStillSeen } from "./reads.ts";
import type { Store } from "./store.ts";
import type { TransactionHost } from "./transaction-host.ts";
import { findApplied } from "./transaction-tables.ts";

/** Where did the object apply this transaction, and what did it change ([TP16])? Waits for an outcome. */
export interface SyncMessage {
  readonly kind: "sync";
  readonly v: number;
  readonly txid: Txid;
}

export interface SyncReply {
  /** Null: it took no part, or changed nothing. */
  readonly position: string | null;
  readonly changes: readonly RowChange[];
}

/** What is held here, for operators ([TX47]). */
export interface HeldMessage {
  readonly kind: "held";
  readonly v: number;
}

export type AgreeMessage = ObjectRequest<PartWork> | ValidateMessage<PartWork> | SyncMessage | HeldMessage;

export function agree(store: Store, host: TransactionHost, message: AgreeMessage): Promise<unknown> {
  switch (message.kind) {
    case "decide":
      if (message.decider !== store.name) throw new Error(`a decision for ${message.decider} reached ${store.name}`);
      return host.take(message);
    case "prepare":
    case "queue":
      // Another version is voted down by the machine.
      return host.take(message);
    case "validate":
      return host.read(validation(store, message));
    case "sync":
      return host.read({ footprint: syncFootprint(host, message.txid), run: () => findPart(store, message.txid) });
    case "held":
      return Promise.resolve(host.held().map(({ txid, decider, preparedAtMs }) => ({ txid, decider, preparedAtMs })));
    default:
      if (message.v !== COMMIT_VERSION) throw new Error(`a transaction message of version ${String(message.v)}`);
      return host.take(message);
  }
}

/**
 * Since which seq changed rows are told to those who depend on them before the reply leaves: where the transaction was applied here. 0,
 * all of them, where the reply may be that of an earlier try, and where one that was stored waits for it; null, none, where nothing was applied.
 */
export function appliedAt(store: Store, message: AgreeMessage): number | null {
  const seq = "txid" in message ? findApplied(store.sql, message.txid) : null;
  return seq ?? (["decide", "review", "sync"].includes(message.kind) ? 0 : null);
}

function validation(store: Store, { work }: ValidateMessage<PartWork>) {
  const { rows = [], ranges = [] } = work.seen ?? {};
  const footprint = looking(
    rows.map(({ table, id }) => rowKey(table, id)),
    ranges,
  );
  return { footprint, run: () => ({ isCurrent: work.seen === null || isStillSeen(store, work.seen) }) };
}

/** While it is only promised, asking for it meets the promise like any read. */
function syncFootprint(host: TransactionHost, txid: Txid) {
  const row = host.held().find((each) => each.txid === txid);
  return rowsOf(row?.footprint.changes ?? []);
}

function findPart(store: Store, txid: Txid): SyncReply {
  const row = store.sql.all("SELECT seq, changes FROM _log WHERE txid = ? AND parts IS NOT NULL", [txid])[0];
  if (row === undefined) return { position: null, changes: [] };
  return {
    position: positionToken(store.epoch, seqOf(Number(row.seq))),
    changes: JSON.parse(String(row.changes)) as RowChange[],
  };
}
