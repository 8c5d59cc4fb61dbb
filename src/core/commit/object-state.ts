/**
 * What an object holds in memory for transactions, and what one step of its machine gives back. All of the state is a cache: an
 * instance that wakes rebuilds it from `_prepared` and from the decisions that are not settled, and only waiting callers are lost.
 */

import type { FaultData } from "../fault.ts";
import type { ObjectName } from "../ids.ts";
import { FIRST_ASK_MS, FIRST_RESEND_MS } from "./commit-limits.ts";
import { type Footprint, type Locks, locksOf } from "./footprint.ts";
import type { Decision, PreparedRow, Write } from "./object-port.ts";
import type {
  CommitMessage,
  Confirmation,
  DecideReply,
  PrepareMessage,
  Priority,
  QueueMessage,
  ResolveMessage,
  ResolveReply,
  ReviewReply,
  TransactionMessage,
  Txid,
  ValidateMessage,
  Vote,
} from "./transaction-message.ts";

export interface Held {
  readonly row: PreparedRow;
  readonly locks: Locks;
  readonly askAtMs: number;
}

/** Keys kept for the next try of a request. */
export interface Reservation {
  readonly priority: Priority;
  readonly locks: Locks;
  readonly untilMs: number;
}

/** `call` is the host's number for whoever waits for an answer. */
export interface WaitingPrepare<W> {
  readonly call: number;
  readonly message: PrepareMessage<W> | QueueMessage<W>;
  readonly sinceMs: number;
  readonly locks: Locks;
  readonly blockedBy: readonly Txid[];
}

export interface WaitingWrite {
  readonly call: number;
  readonly sinceMs: number;
  readonly locks: Locks;
}

export interface Reader {
  readonly call: number;
  readonly sinceMs: number;
  readonly blockedBy: readonly Txid[];
  /** Questions sent in the turn of its last run that are not answered; null: it still waits without having asked. */
  readonly asks: readonly number[] | null;
  readonly timerAtMs: number;
}

/** A decision of this object that some participants have not confirmed. */
export interface Unsettled {
  readonly parts: readonly ObjectName[];
  readonly pending: readonly ObjectName[];
  readonly resendAtMs: number;
  /** An answer held back until parts that withdraw a permission are applied. */
  readonly answer: {
    readonly call: number;
    readonly reply: DecideReply;
    readonly awaits: readonly ObjectName[];
    readonly untilMs: number;
  } | null;
}

export interface ObjectState<W> {
  readonly held: ReadonlyMap<Txid, Held>;
  readonly reservations: readonly Reservation[];
  readonly prepares: readonly WaitingPrepare<W>[];
  readonly writes: readonly WaitingWrite[];
  readonly readers: readonly Reader[];
  readonly unsettled: ReadonlyMap<Txid, Unsettled>;
  readonly lastAsk: number;
}

/** What reaches an object of the messages; `validate` is carried out by the host as a read. */
export type ObjectRequest<W> = Exclude<TransactionMessage<W>, ValidateMessage<W>>;

export type ObjectEvent<W> =
  | { readonly kind: "request"; readonly call: number; readonly message: ObjectRequest<W> }
  /** A read ran in this turn. `first`: it may wait; `ask`: it waited, and is worth an answer if nothing was decided before it. */
  | {
      readonly kind: "read";
      readonly call: number;
      readonly mode: "first" | "ask";
      readonly sinceMs: number;
      readonly footprint: Footprint;
    }
  /** A single write met held keys (`mayWrite`) and was rolled back. */
  | { readonly kind: "write"; readonly call: number; readonly sinceMs: number; readonly footprint: Footprint }
  /** Answer to a `resolve` that this instance sent. */
  | { readonly kind: "resolved"; readonly txid: Txid; readonly reply: ResolveReply }
  | { readonly kind: "confirmed"; readonly txid: Txid; readonly object: ObjectName }
  | { readonly kind: "timer" };

export type ObjectReply = Vote | DecideReply | Confirmation | ResolveReply | ReviewReply;

export interface Turn<W> {
  readonly state: ObjectState<W>;
  /** In the transaction of the turn, after what the port has done. */
  readonly writes: readonly Write[];
  /** Leave when the turn is durable. */
  readonly sends: readonly Outgoing[];
  readonly replies: readonly { readonly call: number; readonly reply: ObjectReply }[];
  /** What becomes of reads and single writes. */
  readonly calls: readonly CallOrder[];
}

export interface Outgoing {
  readonly to: ObjectName;
  readonly message: ResolveMessage | CommitMessage;
}

export type CallOrder =
  /** The result of the last run is the answer. */
  | { readonly kind: "answer"; readonly call: number }
  /** Run again at once, in this same turn, and report it with this mode. */
  | { readonly kind: "rerun"; readonly call: number; readonly mode: "first" | "ask" }
  | { readonly kind: "refuse"; readonly call: number; readonly reason: "conflict" | "unavailable" };

/** A turn in the making: its state is replaced, never changed. Lives within one step. */
export interface Draft<W> {
  state: ObjectState<W>;
  readonly nowMs: number;
  readonly writes: Write[];
  readonly sends: Outgoing[];
  readonly replies: { readonly call: number; readonly reply: ObjectReply }[];
  readonly calls: CallOrder[];
  /** Keys were let go: those who wait are to be looked at. */
  hasReleased: boolean;
}

/** The state of an instance that wakes. */
export function wakeObject<W>(
  prepared: readonly PreparedRow[],
  unsettled: readonly Extract<Decision, { kind: "committed" }>[],
): ObjectState<W> {
  return {
    held: new Map(prepared.map((row) => [row.txid, holdOf(row)])),
    reservations: [],
    prepares: [],
    writes: [],
    readers: [],
    unsettled: new Map(
      unsettled.map(({ txid, parts, pending, decidedAtMs }) => [
        txid,
        { parts, pending, resendAtMs: decidedAtMs + FIRST_RESEND_MS, answer: null },
      ]),
    ),
    lastAsk: 0,
  };
}

export function holdOf(row: PreparedRow): Held {
  return { row, locks: locksOf(row.footprint), askAtMs: row.preparedAtMs + FIRST_ASK_MS };
}

/** A fault that an order to refuse becomes. */
export function refusalFault(reason: "conflict" | "unavailable"): FaultData {
  return reason === "conflict"
    ? { slug: "conflict", reason: "contended" }
    : { slug: "unavailable", retryAfter: 1, detail: "The object that decides a transaction does not answer." };
}
