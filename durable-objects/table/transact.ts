/**
 * The one frame around every write of an object: known idempotency key → stored reply; the work; one seq and one ledger row
 * for all that changed; reply stored. One synchronous turn, one storage transaction: nothing of it exists without the rest.
 * Called by the verbs that write (`write.ts`, `batch.ts`).
 */

import { foldChanges } from "../../src/core/change/fold-changes.ts";
import { Fault } from "../../src/core/fault.ts";
import type { RowId, Seq } from "../../src/core/ids.ts";
import type { MutatingCall, RowChange } from "../../src/core/protocol/object-call.ts";
import { appendCommit, isEmptyCommit } from "./append-commit.ts";
import { beginCommit, type Commit, type CommitTransaction } from "./commit.ts";
import { commitFootprint } from "./commit-footprint.ts";
import { findAttempt } from "./find-attempt.ts";
import type { LedgerHead } from "./ledger.ts";
import { type Answer, findReply, keptBody, storeReply } from "./replies.ts";
import type { Store } from "./store.ts";
import { schedule } from "./timers.ts";

/** What a commit came to: its seq (the present one when nothing changed) and its net changes. */
export interface Committed {
  readonly seq: Seq;
  readonly changes: readonly RowChange[];
}

/**
 * How to answer, once the seq is known; `ids` make the reply that is stored when the body is too large ([HT44]), unless the form has
 * a `minimal` body of its own.
 */
export type Finish = (committed: Committed) => {
  readonly answer: Answer;
  readonly ids: readonly RowId[];
  readonly minimal?: string;
};

export interface Mutation {
  /** Changes rows through the commit; throws a `Fault` to undo everything. */
  readonly run: (commit: Commit) => Finish;
  /** The answer of an earlier attempt with a Worker-made key, from its ledger entry ([HT71]); null when it cannot be told. */
  readonly rebuild: (found: Committed & { readonly reply: string | null }) => Answer | null;
  /** Of a transaction, whose reply its changes cannot tell: it lies in the ledger entry when no key of the client's keeps it. */
  readonly transaction?: CommitTransaction;
}

/** What the frame must know of a call; the alarm has none. */
type Caller = Pick<MutatingCall, "principal" | "idempotency" | "attempt" | "wantsChange">;

/** Carries out a mutation and answers it; throws a `Fault` with nothing written. */
export function transact(store: Store, call: Caller, mutation: Mutation): Answer {
  const { answer, head } = store.sql.transaction(() => inTransaction(store, call, mutation));
  store.failPoint?.("write.released");
  store.head = head;
  store.failPoint?.("write.before-reply");
  return answer;
}

function inTransaction(
  store: Store,
  call: Caller,
  { run, rebuild, transaction }: Mutation,
): { answer: Answer; head: LedgerHead } {
  const { idempotency, attempt } = call;
  const { failPoint } = store;
  failPoint?.("write.begun");
  const known = idempotency === null ? null : findReply(store.sql, idempotency, store.clock());
  if (known !== null) return { answer: known, head: store.head };
  const earlier = attempt?.isRepeat === true ? findAttempt(store.sql, attempt.id, attempt.startedAtMs) : null;
  const rebuilt = earlier === null ? null : rebuild(earlier);
  if (rebuilt !== null) return { answer: { ...rebuilt, isReplay: true }, head: store.head };

  failPoint?.("write.key-looked-up");
  const commit = beginCommit(store, call.principal, transaction);
  const finish = admitted(commit, () => run(commit));
  failPoint?.("write.applied");
  const changes = foldChanges(commit.changes);
  const seq = isEmptyCommit(commit, changes) ? store.head.seq : commit.seq;
  const { answer, ids, minimal = JSON.stringify({ ids, seq }) } = finish({ seq, changes });
  const isKept = transaction !== undefined && attempt !== null && idempotency === null;
  const reply = isKept ? keptBody(answer.body, minimal) : null;
  const head = appendCommit(commit, changes, attempt?.id ?? null, reply);
  if (idempotency !== null) {
    storeReply(store.sql, idempotency, answer, minimal, store.clock());
    failPoint?.("write.reply-stored");
    schedule(store.sql, store.alarm, "replies", store.clock() + idempotency.ttlMs);
    failPoint?.("write.expiry-scheduled");
  }
  return { answer: call.wantsChange ? { ...answer, changes } : answer, head };
}

/** While a transaction holds something here: what was touched must be free, also where a check failed on it ([TX32]). */
function admitted(commit: Commit, run: () => Finish): Finish {
  const { reads, store } = commit;
  if (reads === null) return run();
  let finish: Finish;
  try {
    finish = run();
  } catch (error) {
    if (error instanceof Fault) store.keys.admit(commitFootprint(commit));
    throw error;
  }
  store.keys.admit(commitFootprint(commit));
  return finish;
}
