/** The object's alarm: runs each timer that is due and sets the alarm for the next. Catches everything, since a throw repeats it all. */

import { nextTelling } from "./dependents.ts";
import { nextEnding } from "./followers.ts";
import { logLine } from "./log-line.ts";
import { nextNews, tellNews } from "./news.ts";
import { deliverEffects, nextDelivery } from "./outbox.ts";
import { nextPruning, pruneReplies } from "./replies.ts";
import { runFeeds } from "./run-feeds.ts";
import { nextFeed } from "./search-feed.ts";
import type { Store } from "./store.ts";
import { dueTimers, rearm, settle, type TimerName } from "./timers.ts";
import { nextDecisionPruning, pruneDecisions } from "./transaction-tables.ts";
import { nextWake, wakeRows } from "./wake-rows.ts";

/** A timer whose work threw is tried again after this. */
const RETRY_MS = 5000;

/** Timers that tell other objects again what they have not confirmed. */
export type Tellers = Readonly<Record<"dependents" | "access", () => Promise<null>>>;

export async function runAlarm(store: Store, env: unknown, tellers: Tellers): Promise<void> {
  store.failPoint?.("alarm.begun");
  for (const name of dueTimers(store.sql, store.clock())) {
    let nextAt: number | null;
    try {
      const notBefore = (await (isTelling(name) ? tellers[name]() : runTimer(store, env, name))) ?? 0;
      // No await from here to `settle`: a commit that came after the question would find its timer struck.
      nextAt = nextRun(store, name);
      if (nextAt !== null) nextAt = Math.max(nextAt, notBefore);
    } catch (error) {
      logLine("error", "a timer failed", { object: store.name, timer: name, error: String(error) });
      nextAt = store.clock() + RETRY_MS;
    }
    store.failPoint?.("alarm.timer-ran");
    settle(store.sql, name, nextAt);
    store.failPoint?.("alarm.timer-settled");
  }
  rearm(store.sql, store.alarm);
  store.failPoint?.("alarm.rearmed");
}

function isTelling(name: TimerName): name is keyof Tellers {
  return name === "dependents" || name === "access";
}

/** A time (ms): what is left may not be tried before. */
async function runTimer(store: Store, env: unknown, name: Exclude<TimerName, keyof Tellers>): Promise<number | null> {
  switch (name) {
    case "outbox":
      await deliverEffects(store, env);
      return null;
    case "replies":
      pruneReplies(store.sql, store.clock());
      store.failPoint?.("replies.pruned");
      return null;
    case "search-feed":
      await runFeeds(store, env);
      return null;
    case "news":
      await tellNews(store, env);
      return null;
    case "decisions":
      pruneDecisions(store.sql, store.clock());
      return null;
    case "wake":
      return wakeRows(store);
  }
}

/** When the timer is to run again (ms), or null. */
function nextRun(store: Store, name: TimerName): number | null {
  switch (name) {
    case "outbox":
      return nextDelivery(store);
    case "replies":
      return nextPruning(store.sql, store.clock());
    case "search-feed":
      return nextFeed(store);
    case "news":
      return nextNews(store);
    case "decisions":
      return nextDecisionPruning(store.sql, store.clock());
    case "wake":
      return nextWake(store);
    case "dependents":
      return nextTelling(store);
    case "access":
      return nextEnding(store);
  }
}
