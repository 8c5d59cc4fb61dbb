/**
 * Sends to search engines what their feeds hold, from the alarm: one call after another, each table for a stretch. A failure is logged and
 * tried again later; nothing is given up, and no write waits.
 */

import { logLine } from "./log-line.ts";
import type { FeedBatch } from "./search-feed.ts";
import { adapterOf, settleFeed, takeFeed } from "./search-feed.ts";
import type { Store } from "./store.ts";

/** For so long at a stretch, then other timers have their turn. */
const STRETCH_MS = 1000;
/** A call that takes longer counts as failed; the object is pinned in memory while one runs. */
const CALL_TIMEOUT_MS = 30_000;

export async function runFeeds(store: Store, env: unknown): Promise<void> {
  for (const table of store.tables.values()) {
    const endsAt = store.clock() + STRETCH_MS;
    for (let batch = takeFeed(store, table); batch !== null; batch = takeFeed(store, table)) {
      const outcome = batch.changes.length === 0 ? "done" : await send(store, env, batch);
      settleFeed(store, batch, outcome);
      if (outcome === "failed" || store.clock() >= endsAt) break;
    }
  }
}

async function send(store: Store, env: unknown, batch: FeedBatch): Promise<"done" | "failed"> {
  const adapter = adapterOf(store, batch.table);
  const place = store.partition === null ? batch.table : `${batch.table}@${store.partition}`;
  const key = `${place}:${batch.seq}`;
  const { attempt } = batch;
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`took longer than ${CALL_TIMEOUT_MS} ms`));
        controller.abort();
      }, CALL_TIMEOUT_MS);
    });
    const context = { env, signal: controller.signal, key, epoch: store.epoch, attempt };
    const rejected = await Promise.race([adapter?.apply(batch.changes, context), timeout]);
    for (const { id, reason } of rejected ?? []) {
      logLine("error", "a search engine rejected a row", { object: store.name, key, id: String(id), reason });
    }
    return "done";
  } catch (error) {
    logLine("warn", "a search engine could not be fed", { object: store.name, key, attempt, error: String(error) });
    return "failed";
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
