/**
 * Tells who follows the object from outside (the read model) that there is something new: a hint, told at least once after a commit, from
 * the alarm. Nothing depends on a single one of them: what is new, the follower asks for itself. Commits that come close together are
 * told of once. A follower that fails is told again, after 1 s, 2 s … 5 min.
 */

import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { PullRequest } from "../../src/core/read-model/pull.ts";
import type { NewsListener } from "../../src/define/app.ts";
import { logLine } from "./log-line.ts";
import { appliedMigration } from "./registration.ts";
import type { Store } from "./store.ts";
import { readMeta, writeMeta } from "./system-tables.ts";
import { schedule } from "./timers.ts";

/** So long after a commit, so that those that follow it come along. */
const DELAY_MS = 50;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** A hint that was passed on is given again after this, unless the follower was seen to have everything. */
const PASSED_ON_MS = 60_000;
const MAX_DOUBLINGS = 9;
/** In `_meta`: for which followers, and after which migration, the object was last told of. */
const NOTE = "news";

interface Telling {
  /** Head of the ledger when they were last told with success, and had nothing left to ask. */
  toldSeq: number;
  failures: number;
  /** Head up to which a follower has asked from, lacking nothing. */
  askedSeq: number;
  isPassedOn: boolean;
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
  schedule(store.sql, store.alarm, "news", nowMs + DELAY_MS);
}

export async function tellNews(store: Store, env: unknown): Promise<void> {
  const telling = tellingOf(store);
  const { seq } = store.head;
  const note = noteOf(store);
  if (telling.isPassedOn && telling.askedSeq === seq) {
    telling.isPassedOn = false;
    telling.toldSeq = seq;
    if (note !== null && readMeta(store.sql, NOTE) !== note) writeMeta(store.sql, NOTE, note);
    return;
  }
  try {
    const answers = await Promise.all(
      listenersOf(store).map(({ tell }) => tell({ object: store.name, epoch: store.epoch, seq, env })),
    );
    telling.failures = 0;
    telling.isPassedOn = answers.includes("passed on");
    telling.toldSeq = answers.every((answer) => answer === "current") ? seq : -1;
    if (note !== null && telling.toldSeq === seq && readMeta(store.sql, NOTE) !== note)
      writeMeta(store.sql, NOTE, note);
  } catch (error) {
    telling.failures++;
    telling.toldSeq = -1;
    logLine("warn", "the news of an object could not be told", { object: store.name, error: String(error) });
  }
}

/** When they are to be told again (ms), or null. Ask in the turn that settles the timer, so that no commit comes in between. */
export function nextNews(store: Store): number | null {
  const { toldSeq, failures, isPassedOn } = tellingOf(store);
  if (listenersOf(store).length === 0 || toldSeq === store.head.seq) return null;
  if (failures === 0 && isPassedOn) return store.clock() + PASSED_ON_MS;
  if (failures === 0) return store.clock() + (toldSeq === -1 ? 0 : DELAY_MS);
  return store.clock() + Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, MAX_DOUBLINGS), LONGEST_RETRY_MS);
}

/** A follower asks from here: what it has, it has. */
export function noteAsked(store: Store, from: PullRequest["from"]): void {
  if (from !== null && from.place === null && from.epoch === store.epoch) tellingOf(store).askedSeq = from.seq;
}

/** Those that follow a table of this object. */
function listenersOf(store: Store): readonly NewsListener[] {
  const { news = [] } = store.app;
  return news.length === 0
    ? news
    : news.filter(({ tables }) => [...store.tables.keys()].some((name) => tables.has(name)));
}

function noteOf(store: Store): string | null {
  const listeners = listenersOf(store);
  if (listeners.length === 0) return null;
  return JSON.stringify([...listeners.map(({ form }) => form), appliedMigration(store.sql)]);
}

function tellingOf(store: Store): Telling {
  let known = tellings.get(store);
  if (known === undefined) {
    known = { toldSeq: -1, failures: 0, askedSeq: -1, isPassedOn: false };
    tellings.set(store, known);
  }
  return known;
}
