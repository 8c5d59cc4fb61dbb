/**
 * Delivery of effects after the commit: at least once, in order of seq, from the ledger rows that hold them. An effect that
 * fails is set aside into `_retries` (1 s doubling to 5 min, ten tries, then kept for an operator), and the rest goes on.
 * One with a delay is set aside until then. Run by the alarm; a crash between an effect and the note that it was done delivers it again, under the same key.
 */

import { effectKey, hookOperation } from "../../src/core/change/hook-operation.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { afterHook } from "../../src/define/after-hook.ts";
import {
  dueAtMs,
  type Effect,
  type HeldEffect,
  heldEffect,
  readOutboxCursor,
  type SetAside,
  setAside,
} from "./ledger.ts";
import { logLine } from "./log-line.ts";
import type { Store } from "./store.ts";
import { writeMeta } from "./system-tables.ts";

const COMMITS_A_ROUND = 20;
const RETRIES_A_ROUND = 50;
const MAX_TRIES = 10;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** An effect that takes longer counts as failed; the object is pinned in memory while one runs. */
const EFFECT_TIMEOUT_MS = 30_000;
/**
 * New effects are delivered for so long at a stretch, then retries, for as long again; what is left waits for the next alarm. So
 * effects that come faster than they go starve neither retries nor other timers, and no alarm nears its 15 minutes.
 */
const STRETCH_MS = 1000;

/** Delivers what is due; `nextDelivery` says when there is more to do. */
export async function deliverEffects(store: Store, env: unknown): Promise<void> {
  const endsAt = store.clock() + STRETCH_MS;
  while (store.clock() < endsAt) {
    const rows = store.sql.all(
      "SELECT seq, at, changes, effects FROM _log WHERE effects IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?",
      [readOutboxCursor(store.sql), COMMITS_A_ROUND],
    );
    if (rows.length === 0) break;
    for (const row of rows) {
      await deliverEntry(
        store,
        env,
        { seq: Number(row.seq), at: Number(row.at) },
        JSON.parse(String(row.changes)) as RowChange[],
        JSON.parse(String(row.effects)) as Effect[],
      );
      if (store.clock() >= endsAt) break;
    }
  }
  await deliverRetries(store, env);
}

/** When the next delivery is due (ms), or null. Ask in the turn that settles the timer, so that no commit comes in between. */
export function nextDelivery(store: Store): number | null {
  const isPending =
    store.sql.all("SELECT 1 AS found FROM _log WHERE effects IS NOT NULL AND seq > ? LIMIT 1", [
      readOutboxCursor(store.sql),
    ]).length > 0;
  if (isPending) return store.clock();
  const next = store.sql.all("SELECT min(next_at) AS at FROM _retries", [])[0]?.at;
  return typeof next === "number" ? next : null;
}

async function deliverEntry(
  store: Store,
  env: unknown,
  { seq, at }: { readonly seq: number; readonly at: number },
  changes: readonly RowChange[],
  effects: readonly Effect[],
): Promise<void> {
  const aside: Omit<SetAside, "seq">[] = [];
  for (const [slot, effect] of effects.entries()) {
    const held = heldEffect(effect, changes, at);
    const dueAt = dueAtMs(effect, 0);
    if (dueAt > store.clock()) {
      aside.push({ slot, effect: held, tries: 0, nextAt: dueAt, error: null });
      continue;
    }
    store.failPoint?.("effect.before-perform");
    const error = await perform(store, env, held, seq, slot, 1);
    store.failPoint?.("effect.performed");
    if (error !== null) aside.push({ slot, effect: held, tries: 1, nextAt: store.clock() + FIRST_RETRY_MS, error });
  }
  store.sql.transaction(() => {
    for (const each of aside) setAside(store.sql, { seq, ...each });
    store.failPoint?.("effect.before-cursor");
    writeMeta(store.sql, "outbox", String(seq));
    store.failPoint?.("effect.cursor-moved");
  });
  store.failPoint?.("effect.noted");
}

async function deliverRetries(store: Store, env: unknown): Promise<void> {
  const rows = store.sql.all(
    "SELECT seq, slot, effect, tries FROM _retries WHERE next_at <= ? ORDER BY seq, slot LIMIT ?",
    [store.clock(), RETRIES_A_ROUND],
  );
  const endsAt = store.clock() + STRETCH_MS;
  for (const row of rows) {
    if (store.clock() >= endsAt) break;
    const [seq, slot, tries] = [Number(row.seq), Number(row.slot), Number(row.tries) + 1];
    const effect = JSON.parse(String(row.effect)) as HeldEffect;
    store.failPoint?.("retry.before-perform");
    const error = await perform(store, env, effect, seq, slot, tries);
    store.failPoint?.("retry.performed");
    if (error === null) {
      store.sql.run("DELETE FROM _retries WHERE seq = ? AND slot = ?", [seq, slot]);
      store.failPoint?.("retry.noted");
      continue;
    }
    const isGivenUp = tries >= MAX_TRIES;
    const nextAt = isGivenUp ? null : store.clock() + Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS);
    setAside(store.sql, { seq, slot, effect, tries, nextAt, error });
    store.failPoint?.("retry.noted");
    if (isGivenUp) logLine("error", "an effect was given up", { object: store.name, seq, slot, tries });
  }
}

/** Performs one effect; returns the error's text, or null when it succeeded. */
async function perform(
  store: Store,
  env: unknown,
  effect: HeldEffect,
  seq: number,
  slot: number,
  attempt: number,
): Promise<string | null> {
  const key = effectKey(effect.kind === "hook" ? effect.change.table : store.group, store.partition, seq, slot);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${EFFECT_TIMEOUT_MS} ms`)), EFFECT_TIMEOUT_MS);
    });
    await Promise.race([run(store, env, effect, seq, key, attempt), timeout]);
    return null;
  } catch (error) {
    logLine("warn", "an effect failed", { object: store.name, key, attempt, error: String(error) });
    return String(error).slice(0, 500);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

async function run(
  store: Store,
  env: unknown,
  effect: HeldEffect,
  seq: number,
  key: string,
  attempt: number,
): Promise<void> {
  if (effect.kind === "named") {
    const handler = store.app.effects.get(effect.name);
    if (handler === undefined) throw new Error(`no effect is called "${effect.name}"`);
    await handler(effect.payload, { env, key, epoch: store.epoch, attempt, object: store.name });
    return;
  }
  const table = store.tables.get(effect.change.table);
  const hook = table === undefined ? undefined : afterHook(table.resource, effect.change);
  if (table === undefined || hook === undefined || typeof hook === "function")
    throw new Error("the durable hook is gone");
  const { before, after, id } = effect.change;
  const { at } = effect;
  const change = { op: hookOperation(table.spec, before, after), before, after, id, key, epoch: store.epoch, seq, at };
  await hook.run(change as never, { env, attempt });
}
