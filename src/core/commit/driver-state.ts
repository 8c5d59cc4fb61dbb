/**
 * What a driver knows of the one request that it moves along, what reaches it, and what it asks of its host. A driver lives in a
 * Worker, keeps nothing durable and may be lost at any moment: the objects end what it began.
 */

import type { FaultData } from "../fault.ts";
import type { ObjectName } from "../ids.ts";
import type { Json } from "../json.ts";
import type {
  DecideReply,
  Outcome,
  ReviewReply,
  TransactionKey,
  TransactionMessage,
  Txid,
  ValidateReply,
  Vote,
} from "./transaction-message.ts";

export interface DriverRequest {
  /** Parts equal ages; minted once for the request, kept over its tries. */
  readonly id: string;
  readonly idempotency: TransactionKey;
  /** `worker`: nobody else knows the key, so there cannot be an earlier reply. */
  readonly keyFrom: "client" | "worker";
  /** From the request alone (`deciding-object.ts`). */
  readonly decider: ObjectName;
  readonly startedAtMs: number;
  readonly maxTries: number;
  /** How the first try begins. */
  readonly manner: Manner;
}

/**
 * How a try asks its objects: `at-once`; `in-line`, the first of them alone until it has voted, after a conflict there; `in-queue`,
 * the deciding object before all others, after it refused.
 */
export type Manner = "at-once" | "in-line" | "in-queue";

export interface ObjectWork<W> {
  readonly object: ObjectName;
  readonly work: W;
}

/** What a run of the user's code came to. `works` hold at least what was seen in each object. */
export type Evaluation<W> =
  | { readonly kind: "submit"; readonly works: readonly ObjectWork<W>[] }
  /** Nothing to write: what was read stands if it still holds everywhere ([TP15]). */
  | { readonly kind: "read-only"; readonly works: readonly ObjectWork<W>[]; readonly results: Json }
  /** A refusal that rests on what was read ([TP3]). */
  | { readonly kind: "refused"; readonly works: readonly ObjectWork<W>[]; readonly fault: FaultData };

export type DriverEvent<W> =
  | { readonly kind: "start" }
  /** `txid` is fresh. */
  | { readonly kind: "evaluated"; readonly txid: Txid; readonly evaluation: Evaluation<W> }
  /** The code could not be run: an object it reads did not answer, or it has an error of its own. */
  | { readonly kind: "failed"; readonly answer: DriverAnswer }
  | { readonly kind: "vote"; readonly txid: Txid; readonly from: ObjectName; readonly vote: Vote }
  | { readonly kind: "decided"; readonly txid: Txid; readonly reply: DecideReply }
  | { readonly kind: "resolved"; readonly txid: Txid; readonly outcome: Outcome }
  | { readonly kind: "reviewed"; readonly txid: Txid; readonly reply: ReviewReply }
  | { readonly kind: "validated"; readonly txid: Txid; readonly from: ObjectName; readonly reply: ValidateReply }
  /** A message of this kind for this try was not answered, and will not be. */
  | {
      readonly kind: "lost";
      readonly txid: Txid;
      readonly to: ObjectName;
      readonly message: TransactionMessage<W>["kind"];
    }
  | { readonly kind: "timer" }
  /** The pause is over. */
  | { readonly kind: "resume" };

export type DriverAnswer =
  /** `isFoundOut`: the answer to `decide` was lost, so nobody has waited for parts that withdraw a permission ([TP16]). */
  | { readonly kind: "committed"; readonly reply: Json; readonly isReplay: boolean; readonly isFoundOut?: true }
  | { readonly kind: "read"; readonly results: Json }
  | { readonly kind: "fault"; readonly fault: FaultData }
  | { readonly kind: "conflict"; readonly tries: number }
  /** Nothing was written. */
  | { readonly kind: "timeout" }
  | { readonly kind: "unavailable" }
  /** Committed or not: the same key tells. */
  | { readonly kind: "unknown" };

export type DriverEffect<W> =
  | { readonly kind: "evaluate" }
  | { readonly kind: "send"; readonly to: ObjectName; readonly message: TransactionMessage<W>; readonly txid: Txid }
  /** Wait for a random time up to this, then `resume`; 0: at once, what it wants is kept for it. */
  | { readonly kind: "pause"; readonly maxMs: number }
  | { readonly kind: "answer"; readonly answer: DriverAnswer };

export type Phase =
  | { readonly kind: "evaluating" }
  /** In line at the deciding object. */
  | { readonly kind: "queueing" }
  | {
      readonly kind: "preparing";
      readonly votes: ReadonlyMap<ObjectName, Vote>;
      readonly resent: ReadonlySet<ObjectName>;
    }
  | { readonly kind: "deciding" }
  | { readonly kind: "resolving" }
  /** Looks whether `answer` may be given. */
  | {
      readonly kind: "checking";
      readonly answer: DriverAnswer;
      /** Objects that have not answered; the deciding one is asked for a review, the others to validate. */
      readonly missing: readonly ObjectName[];
      readonly isChanged: boolean;
    }
  | { readonly kind: "pausing" }
  | { readonly kind: "done" };

export interface DriverState<W> {
  readonly request: DriverRequest;
  readonly phase: Phase;
  /** Tries begun. */
  readonly tries: number;
  /** Of the next one. */
  readonly manner: Manner;
  /** The present one, and those before it. */
  readonly txid: Txid;
  readonly earlier: readonly Txid[];
  readonly works: readonly ObjectWork<W>[];
  /** Participants that may hold something for this try. */
  readonly prepared: readonly ObjectName[];
  readonly votes: ReadonlyMap<ObjectName, Vote>;
  /** Repeat what is unanswered at this time. */
  readonly timerAtMs: number;
}

export interface DriverTurn<W> {
  readonly state: DriverState<W>;
  readonly effects: readonly DriverEffect<W>[];
}

export function newDriver<W>(request: DriverRequest): DriverState<W> {
  return {
    request,
    phase: { kind: "evaluating" },
    tries: 0,
    manner: request.manner,
    txid: "",
    earlier: [],
    works: [],
    prepared: [],
    votes: new Map(),
    timerAtMs: Number.POSITIVE_INFINITY,
  };
}
