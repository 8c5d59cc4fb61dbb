/**
 * What the driver and the objects of a transaction say to each other: plain data with a version ([TP17]). `W` is the work of one
 * object, operations and what was seen there; the machines pass it on and never look into it.
 * Objects answer these messages over RPC methods that no route reaches.
 */

import type { FaultData } from "../fault.ts";
import type { ObjectName } from "../ids.ts";
import type { Json } from "../json.ts";

export const COMMIT_VERSION = 1;

/** One try of a transaction; minted by the driver, never used twice. */
export type Txid = string;

/** Age of the request, which its tries keep: the smaller `sinceMs` is the older; `id` parts equal times ([TP10]). */
export interface Priority {
  readonly sinceMs: number;
  readonly id: string;
}

/** Negative when `a` is older; 0 for two tries of one request. */
export function comparePriority(a: Priority, b: Priority): number {
  return a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The key of the whole request; the reply is stored under it with the decision ([TX33]). */
export interface TransactionKey {
  readonly key: string;
  readonly fingerprint: string;
  readonly ttlMs: number;
}

/** Fingerprint of a key that a Worker made for one request: nobody else can know it, so whoever repeats it means that request. */
export const ANY_REQUEST = "*";

/** Whether a stored reply answers this request; another one under its key is a mistake of the client. */
export function isSameRequest(stored: string, { fingerprint }: TransactionKey): boolean {
  return stored === fingerprint || stored === ANY_REQUEST;
}

export interface PrepareMessage<W> {
  readonly kind: "prepare";
  readonly v: number;
  readonly txid: Txid;
  readonly decider: ObjectName;
  readonly deadlineMs: number;
  readonly priority: Priority;
  readonly work: W;
  /** Whether the transaction may hold keys in other objects while it waits here; if not, no cycle can go through it. */
  readonly holdsElsewhere: boolean;
  /** Earlier tries of the request. They cannot commit any more, so whatever they still hold is let go. */
  readonly supersedes: readonly Txid[];
}

/**
 * Stands in line at the deciding object before anybody promises anything: answered when nobody older wants the keys, which are then kept
 * for this request for a moment. A hint in memory ([TP5]): nothing is promised or written, and `decide` checks all of it again.
 */
export interface QueueMessage<W> extends Omit<PrepareMessage<W>, "kind"> {
  readonly kind: "queue";
}

/** A participant as its vote described it. */
export interface VotedPart {
  readonly object: ObjectName;
  readonly hasChanges: boolean;
  readonly result: Json;
}

export interface DecideMessage<W> {
  readonly kind: "decide";
  readonly v: number;
  readonly txid: Txid;
  /** The object that is addressed: its own name among the parts. */
  readonly decider: ObjectName;
  readonly deadlineMs: number;
  readonly priority: Priority;
  /** Null: the deciding object owns no row of this transaction. */
  readonly work: W | null;
  readonly participants: readonly VotedPart[];
  readonly idempotency: TransactionKey;
  /** Objects whose part is applied before the answer leaves, because it withdraws a permission ([TP16]). */
  readonly awaits: readonly ObjectName[];
}

export interface CommitMessage {
  readonly kind: "commit";
  readonly v: number;
  readonly txid: Txid;
  /** Objects whose rows the transaction changed; the tag of every part's ledger row. */
  readonly parts: readonly ObjectName[];
}

export interface AbortMessage {
  readonly kind: "abort";
  readonly v: number;
  readonly txid: Txid;
}

/**
 * `ask` only asks; `expire` also ends a transaction whose deadline has passed ([TP13]); `end` ends it unless it is decided (an
 * operator, [TX47], or a driver that does not know what became of its `decide`).
 */
export type Urgency = "ask" | "expire" | "end";

export interface ResolveMessage {
  readonly kind: "resolve";
  readonly v: number;
  readonly txid: Txid;
  readonly deadlineMs: number;
  readonly urgency: Urgency;
  /** Number of the question, echoed: a reader must know that the answer is to *its* question ([TP12]). */
  readonly ask: number;
}

/** Before a failure is answered: is there a reply under the key, and does the deciding object's work say the same ([TP2] [TP3])? */
export interface ReviewMessage<W> {
  readonly kind: "review";
  readonly v: number;
  readonly idempotency: TransactionKey;
  readonly work: W | null;
}

/** Does what was seen still hold? A read, under the rules of reads ([TP15]). */
export interface ValidateMessage<W> {
  readonly kind: "validate";
  readonly v: number;
  readonly work: W;
}

export type TransactionMessage<W> =
  | PrepareMessage<W>
  | QueueMessage<W>
  | DecideMessage<W>
  | CommitMessage
  | AbortMessage
  | ResolveMessage
  | ReviewMessage<W>
  | ValidateMessage<W>;

/** Why a try failed for now: `conflict` met held keys, `changed` no longer finds what was seen, `late` is fenced or too late. */
export type Refusal = "conflict" | "changed" | "late" | "unavailable";

export type Vote =
  | { readonly kind: "yes"; readonly hasChanges: boolean; readonly withdraws: boolean; readonly result: Json }
  | { readonly kind: "no"; readonly reason: Refusal }
  | { readonly kind: "fault"; readonly fault: FaultData };

export type DecideReply =
  | { readonly kind: "committed"; readonly reply: Json; readonly parts: readonly ObjectName[] }
  /** The key was known: this try is aborted, and `reply` is that of the earlier one. */
  | { readonly kind: "replayed"; readonly reply: Json }
  | { readonly kind: "aborted"; readonly reason: Refusal }
  | { readonly kind: "fault"; readonly fault: FaultData };

export type Outcome =
  | { readonly kind: "committed"; readonly parts: readonly ObjectName[]; readonly reply: Json }
  | { readonly kind: "aborted" }
  | { readonly kind: "pending" };

export interface ResolveReply {
  readonly ask: number;
  readonly outcome: Outcome;
}

/** `seq`: where the object applied its part; null when it changed no row, or is not told. */
export interface Confirmation {
  readonly seq: number | null;
}

export type ReviewReply =
  | { readonly kind: "replayed"; readonly reply: Json }
  | { readonly kind: "unchanged" }
  | { readonly kind: "changed" }
  | { readonly kind: "fault"; readonly fault: FaultData };

export interface ValidateReply {
  readonly isCurrent: boolean;
}
