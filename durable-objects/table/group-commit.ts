/**
 * Group commit: while one commit is on its way to disk, further writes gather, and then share one storage transaction, each in
 * a savepoint of its own with its own seq and ledger row; a failing one fails alone. While the object is idle nothing waits:
 * a lone write runs in the turn that brought it. Called by the object for every call that writes.
 */

import { Fault } from "../../src/core/fault.ts";
import type { Sql } from "../sql/port.ts";
import type { FailPoint } from "./fail-points.ts";
import type { LedgerHead } from "./ledger.ts";
import { endsTransaction } from "./storage-fault.ts";

/** What a group needs of its object. */
export interface GroupHost {
  readonly store: { readonly sql: Sql; readonly failPoint?: FailPoint | undefined; head: LedgerHead };
  /** Resolves when everything written so far is durable. */
  readonly durable: () => Promise<void>;
  readonly clock: () => number;
}

export interface GroupCommit {
  /** Runs `work`, which throws to undo itself alone: now when idle, else with the next group. */
  submit<T>(work: () => T): T | Promise<T>;
}

interface Waiting {
  /** Runs the work inside the group's transaction and returns what tells its caller, once the group is committed. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

/** Writes that share a transaction at most: a turn stays short enough for reads to get in between. */
const MAX_GROUP = 64;
/** Writes that may wait; beyond that an object is overloaded and says so at once ([HT72]). */
const MAX_WAITING = 1000;
/** And for how long, judged by the last group: well within the time after which a caller would have to call the outcome unknown. */
const MAX_WAIT_MS = 4000;

export function groupCommit(host: GroupHost): GroupCommit {
  const queue: Waiting[] = [];
  let isBusy = false;
  let startedAtMs = 0;
  /** From the start of the last group to that of the next. */
  let groupMs = 0;

  const settle = () => {
    isBusy = true;
    host.durable().then(next, next);
  };
  const next = () => {
    host.store.failPoint?.("group.durable");
    const nowMs = host.clock();
    groupMs = nowMs - startedAtMs;
    startedAtMs = nowMs;
    if (queue.length === 0) {
      isBusy = false;
      return;
    }
    runGroup(host, queue.splice(0, MAX_GROUP));
    settle();
  };

  return {
    submit<T>(work: () => T): T | Promise<T> {
      if (!isBusy) {
        // Busy also when it throws: what it wrote and undid has its turn to end.
        startedAtMs = host.clock();
        settle();
        return work();
      }
      const waitMs = Math.ceil(queue.length / MAX_GROUP) * groupMs;
      if (queue.length >= MAX_WAITING || waitMs > MAX_WAIT_MS) throw new Fault({ slug: "overloaded", retryAfter: 1 });
      return new Promise<T>((resolve, reject) => {
        queue.push({ run: () => outcomeOf(work, resolve, reject), fail: reject });
      });
    },
  };
}

function runGroup({ store }: GroupHost, group: readonly Waiting[]): void {
  const { head, failPoint } = store;
  try {
    const outcomes = store.sql.transaction(() => {
      failPoint?.("group.begun");
      const done = group.map((waiting) => {
        failPoint?.("group.before-member");
        const tell = waiting.run();
        failPoint?.("group.after-member");
        return tell;
      });
      failPoint?.("group.members-done");
      return done;
    });
    failPoint?.("group.released");
    for (const tell of outcomes) tell();
  } catch (error) {
    // The transaction around them failed (storage, not a rule of ours): none of them happened, and memory goes back.
    store.head = head;
    for (const waiting of group) waiting.fail(error);
  }
}

function outcomeOf<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): () => void {
  try {
    const value = work();
    return () => resolve(value);
  } catch (error) {
    // The transaction of the whole group may have gone with it: what the others wrote, and would write, is no longer one.
    if (endsTransaction(error)) throw error;
    return () => reject(error);
  }
}
