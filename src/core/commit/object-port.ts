/**
 * What an object lends to the machines of this room for one turn: its write path, and look-ups in its tables. All of it is
 * synchronous and happens in one storage transaction together with the `writes` that the turn returns, so a turn is whole or
 * nothing. Implemented by the table object and by the simulator's object in memory.
 */

import type { FaultData } from "../fault.ts";
import type { ObjectName } from "../ids.ts";
import type { Json } from "../json.ts";
import type { Footprint, RangeTest } from "./footprint.ts";
import type { Priority, TransactionKey, Txid } from "./transaction-message.ts";

/** Work that was carried out, before it is decided whether it stays. */
export interface DoneRun {
  readonly kind: "done";
  readonly footprint: Footprint;
  readonly result: Json;
  /** What else the commit is to record (effects, names of the operations); opaque here. */
  readonly extra: Json;
  /** Whether a change takes a right away from somebody ([TP16]). */
  readonly withdraws: boolean;
}

export type Run =
  | DoneRun
  /** What was seen does not hold any more. */
  | { readonly kind: "changed"; readonly footprint: Footprint }
  /** A check failed. The footprint names what the check looked at. */
  | { readonly kind: "fault"; readonly footprint: Footprint; readonly fault: FaultData };

/** The tag of a ledger row. */
export interface TransactionTag {
  readonly txid: Txid;
  readonly parts: readonly ObjectName[];
}

/** One row of `_prepared`: all that the object needs to keep its promise after a crash. */
export interface PreparedRow {
  readonly txid: Txid;
  readonly decider: ObjectName;
  readonly deadlineMs: number;
  readonly priority: Priority;
  readonly preparedAtMs: number;
  readonly footprint: Footprint;
  readonly result: Json;
  readonly extra: Json;
  readonly withdraws: boolean;
}

/** One row of `_decided`. An aborted one is a fence: that txid can come to nothing here any more. */
export type Decision =
  | {
      readonly kind: "committed";
      readonly txid: Txid;
      readonly parts: readonly ObjectName[];
      /** Objects that have not confirmed. */
      readonly pending: readonly ObjectName[];
      readonly reply: Json;
      readonly decidedAtMs: number;
    }
  | { readonly kind: "aborted"; readonly txid: Txid };

export type Write =
  | { readonly kind: "put-prepared"; readonly row: PreparedRow }
  | { readonly kind: "drop-prepared"; readonly txid: Txid }
  /** `expiresAtMs` null: kept until `settle-decision`. */
  | { readonly kind: "put-decision"; readonly decision: Decision; readonly expiresAtMs: number | null }
  | { readonly kind: "settle-decision"; readonly txid: Txid; readonly expiresAtMs: number }
  | { readonly kind: "put-reply"; readonly idempotency: TransactionKey; readonly reply: Json };

/** What a decision knows of the whole: the results of every object, by name. */
export interface TransactionReply {
  readonly txid: Txid;
  readonly decider: ObjectName;
  readonly parts: readonly ObjectName[];
  readonly results: Readonly<Record<string, Json>>;
}

export interface ObjectPort<W> {
  readonly isInRange: RangeTest;
  /**
   * Validates what was seen and carries the work out in a savepoint. `verdict` sees the outcome and says how the commit is to be
   * tagged, or null: then nothing stays.
   */
  run(work: W, verdict: (done: DoneRun) => TransactionTag | null): Run;
  /** Writes the prepared images under the next seq, with a tagged ledger row; null when there are none. */
  apply(row: PreparedRow, tag: TransactionTag): number | null;
  /** The reply of a decision, as it is stored and given to whoever asks again. */
  composeReply(reply: TransactionReply): Json;
  /** Why the object can take no part now (storage, migration), or null. */
  refusal(): "unavailable" | null;
  findDecision(txid: Txid): Decision | null;
  /** Seq under which the ledger knows the transaction. */
  findApplied(txid: Txid): number | null;
  findReply(key: string): { readonly fingerprint: string; readonly reply: Json } | null;
}
