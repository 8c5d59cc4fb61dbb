/**
 * Tells who follows the object from outside (the read model) that there is something new: a hint, told at least once after a commit, from
 * the alarm. Nothing depends on a single one of them: what is new, the follower asks for itself. Commits that come close together are
 * told of once. A follower that fails is told again, after 1 s, 2 s … a minute; one that was told through somebody else (a queue) is waited
 * for until it says that it took everything, and told again after a minute. So nothing that works again waits for longer.
 */

import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { NewsTaken } from "../../src/core/read-model/pull.ts";
import type { NewsListener } from "../../src/define/app.ts";
import { logLine } from "./log-line.ts";
import { appliedMigration } from "./registration.ts";
import type { Store } from "./store.ts";
import { readMeta, writeMeta } from "./system-tables.ts";
import { schedule, settle } from "./timers.ts";

/** So long after a commit, so that those that follow it come along. */
const DELAY_MS = 50;
const FIRST_RETRY_MS = 1000;
/** A hint that failed so far, or was passed on and not said to be taken, is given again after this at the latest. */
const AGAIN_MS = 60_000;
/** While a hint is on its way it stands for later commits too: whoever hears it asks for all there is. So long at most. */
const HOLD_MS = 5000;
/** In `_meta`: for which followers, and after which migration, the object was last told of. */
const NOTE = "news";

interface Telling {
  /** Head of the ledger when they were last told with success, and had nothing left to ask. */
  toldSeq: number;
  failures: number;
  /** A hint that somebody else carries, and has not said to be taken. */
  passedOn: { readonly atMs: number; readonly seq: number } | null;
  /** Head up to which a follower that was told through somebody else says to have everything. */
  takenSeq: number;
}

const tellings = new WeakMap<Store, Telling>();

/** What changed without a commit (a follower is new, a migration ran) is news too. Called when the object opens. */
export function openNews(store: Store): void {
  const note = noteOf(store);
  if (note !== null && readMeta(store.sql, NOTE) !== note) schedule(store.sql, store.alarm, "news", store.clock());
}

/** Makes sure that a commit is told of; called in its transaction. */
export function scheduleNews(store: Store, changes: readonly RowChange[], nowMs: number): void {
  if (!listenersOf(store).some(({ tables }) => changes.some(({ table }) => tables.has(table)))) return;
  const { passedOn } = tellingOf(store);
  const heldUntilMs = passedOn === null ? 0 : passedOn.atMs + HOLD_MS;
  schedule(store.sql, store.alarm, "news", Math.max(nowMs + DELAY_MS, heldUntilMs));
}

export async function tellNews(store: Store, env: unknown): Promise<void> {
  const telling = tellingOf(store);
  const { seq } = store.head;
  try {
    const answers = await Promise.all(
      listenersOf(store).map(({ tell }) => tell({ object: store.name, epoch: store.epoch, seq, env })),
    );
    // The hint may have been heard while it was being given.
    const isTaken = telling.takenSeq >= seq;
    const isPassedOn = answers.includes("passed on") && !isTaken;
    telling.failures = 0;
    telling.passedOn = isPassedOn ? { atMs: store.clock(), seq } : null;
    telling.toldSeq = isPassedOn || answers.includes("more") ? -1 : seq;
    if (telling.toldSeq === seq) noteTold(store);
  } catch (error) {
    telling.failures++;
    telling.toldSeq = -1;
    logLine("warn", "the news of an object could not be told", { object: store.name, error: String(error) });
  }
}

/** When they are to be told again (ms), or null. Ask in the turn that settles the timer, so that no commit comes in between. */
export function nextNews(store: Store): number | null {
  const { toldSeq, failures, passedOn } = tellingOf(store);
  if (listenersOf(store).length === 0 || toldSeq === store.head.seq) return null;
  if (failures > 0) return store.clock() + Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), AGAIN_MS);
  if (passedOn !== null) return passedOn.atMs + (passedOn.seq === store.head.seq ? AGAIN_MS : HOLD_MS);
  return store.clock() + (toldSeq === -1 ? 0 : DELAY_MS);
}

/**
 * A follower that was told through somebody else has all up to there. Struck from storage, since the object may be out of memory before the
 * minute is over. One of another version of the code, which copies other columns, has taken nothing.
 */
export function newsTaken(store: Store, { epoch, seq, form }: NewsTaken): void {
  if (epoch !== store.epoch || !listenersOf(store).every((listener) => listener.form === form)) return;
  const telling = tellingOf(store);
  telling.takenSeq = Math.max(telling.takenSeq, seq);
  telling.passedOn = null;
  if (seq < store.head.seq) {
    schedule(store.sql, store.alarm, "news", store.clock() + DELAY_MS);
    return;
  }
  telling.failures = 0;
  telling.toldSeq = seq;
  settle(store.sql, "news", null);
  noteTold(store);
}

/** Those that follow a table of this object. */
function listenersOf(store: Store): readonly NewsListener[] {
  const { news = [] } = store.app;
  return news.length === 0
    ? news
    : news.filter(({ tables }) => [...store.tables.keys()].some((name) => tables.has(name)));
}

function noteTold(store: Store): void {
  const note = noteOf(store);
  if (note !== null && readMeta(store.sql, NOTE) !== note) writeMeta(store.sql, NOTE, note);
}

function noteOf(store: Store): string | null {
  const listeners = listenersOf(store);
  if (listeners.length === 0) return null;
  return JSON.stringify([...listeners.map(({ form }) => form), appliedMigration(store.sql)]);
}

function tellingOf(store: Store): Telling {
  let known = tellings.get(store);
  if (known === undefined) {
    known = { toldSeq: -1, failures: 0, passedOn: null, takenSeq: -1 };
    tellings.set(store, known);
  }
  return known;
}
