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
  /**
   * Runs `work`, which throws to undo itself alone: now when idle, else with the next group. `weigh` is asked when it has to wait
   * (`call-weight.ts`); without it a write weighs 1.
   */
  submit<T>(work: () => T, weigh?: () => number): T | Promise<T>;
}

interface Waiting {
  /** Runs the work inside the group's transaction and returns what tells its caller, once the group is committed. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
  readonly weight: number;
}

/** Writes that share a transaction at most: a turn stays short enough for reads to get in between. */
const MAX_GROUP = 64;
/** And what they may weigh together: so many rows, or so many kilobytes. A write that weighs more goes alone. */
const MAX_GROUP_WEIGHT = 1000;
/** Writes that may wait; beyond that an object is overloaded and says so at once ([HT72]). */
const MAX_WAITING = 1000;
/** What they may weigh: some 32 MB of input, a quarter of what an isolate may take. */
const MAX_WAITING_WEIGHT = 32_768;
/** And for how long, judged by the last group: well within the time after which a caller would have to call the outcome unknown. */
const MAX_WAIT_MS = 4000;

export function groupCommit(host: GroupHost): GroupCommit {
  const queue: Waiting[] = [];
  let waitingWeight = 0;
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
    const group = queue.splice(0, groupSize(queue));
    for (const { weight } of group) waitingWeight -= weight;
    runGroup(host, group);
    settle();
  };

  return {
    submit<T>(work: () => T, weigh: () => number = () => 1): T | Promise<T> {
      if (!isBusy) {
        // Busy also when it throws: what it wrote and undid has its turn to end.
        startedAtMs = host.clock();
        settle();
        return work();
      }
      const groups = Math.ceil(Math.max(queue.length / MAX_GROUP, waitingWeight / MAX_GROUP_WEIGHT));
      const isFull = queue.length >= MAX_WAITING || waitingWeight >= MAX_WAITING_WEIGHT;
      if (isFull || groups * groupMs > MAX_WAIT_MS) throw new Fault({ slug: "overloaded", retryAfter: 1 });
      const weight = weigh();
      waitingWeight += weight;
      return new Promise<T>((resolve, reject) => {
        queue.push({ run: () => outcomeOf(work, resolve, reject), fail: reject, weight });
      });
    },
  };
}

/** How many of those that wait go next: in order, at least one. */
function groupSize(queue: readonly Waiting[]): number {
  let weight = queue[0]?.weight ?? 0;
  let size = 1;
  for (; size < Math.min(queue.length, MAX_GROUP); size++) {
    weight += queue[size]?.weight ?? 0;
    if (weight > MAX_GROUP_WEIGHT) break;
  }
  return size;
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
