/** A commit in the making becomes one ledger row with its effects ([CL1]); nothing, when nothing changed. Called by `transact`. */

import { hookOperation } from "../../src/core/change/hook-operation.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { afterHook } from "../../src/define/after-hook.ts";
import { NOTIFY, type Notified } from "../../src/define/hooks.ts";
import { VERSION_COLUMN } from "../sql/list-statement.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import type { Commit } from "./commit.ts";
import { noteDependents } from "./dependents.ts";
import { appendEntry, type Effect, type LedgerEntry, type LedgerHead } from "./ledger.ts";
import { scheduleNews } from "./news.ts";
import { scheduleWakes } from "./schedule-wakes.ts";
import { scheduleFeeds } from "./search-feed.ts";
import { schedule } from "./timers.ts";

/** `changes` are the folded ones. Returns where the ledger then stands. */
export function appendCommit(
  commit: Commit,
  changes: readonly RowChange[],
  attempt: string | null,
  reply: string | null = null,
): LedgerHead {
  return append(commit, changes, { attempt, reply, isPromised: false });
}

/** A part that was promised: its size was measured then, and nothing may refuse it now ([TP4]). */
export function appendPromised(commit: Commit, changes: readonly RowChange[]): LedgerHead {
  return append(commit, changes, { attempt: null, reply: null, isPromised: true });
}

/** All that the commit leaves to the outbox: durable after-hooks, what hooks asked for, what its transaction asks for. `at`: when it commits. */
export function effectsOf(commit: Commit, changes: readonly RowChange[], at: number): Effect[] {
  const own = commit.transaction?.effects.map((effect): Effect => ({ kind: "named", ...effect })) ?? [];
  return [...durableHooks(commit, changes), ...notifications(commit, changes, at), ...commit.effects, ...own];
}

function append(
  commit: Commit,
  changes: readonly RowChange[],
  how: Pick<LedgerEntry, "attempt" | "reply" | "isPromised">,
): LedgerHead {
  const { store, transaction } = commit;
  // An effect of a hook without a change would lie in no ledger row: it belongs to what it was said about, and nothing happened.
  if (isEmptyCommit(commit, changes)) {
    releaseVersions(commit);
    return store.head;
  }
  // The object's own clock, which rises with seq; `nowMs` of a transaction is that of its request.
  const at = transaction === null ? commit.nowMs : store.clock();
  const effects = effectsOf(commit, changes, at);
  const actor = commit.principal.kind === "user" ? commit.principal.id : null;
  const head = appendEntry(
    store.sql,
    store.head,
    { at, actor, changes, effects, txid: transaction?.txid ?? null, parts: transaction?.parts ?? null, ...how },
    store.retention,
    store.failPoint,
  );
  store.failPoint?.("ledger.appended");
  if (effects.length > 0) schedule(store.sql, store.alarm, "outbox", at);
  scheduleFeeds(store, changes, head.seq, at);
  scheduleWakes(store, changes);
  noteDependents(store, changes, head.seq);
  scheduleNews(store, changes, at);
  store.failPoint?.("write.effects-scheduled");
  return head;
}

/** Whether the commit leaves no ledger row: nothing changed, and its transaction asked for no effect. */
export function isEmptyCommit({ transaction }: Commit, changes: readonly RowChange[]): boolean {
  return changes.length === 0 && (transaction?.effects.length ?? 0) === 0;
}

/**
 * Rows that were written and written back carry the seq that this commit would have had, and that the next one takes: a later
 * change of such a row would not change its tag. They get the present seq instead.
 */
function releaseVersions({ store, changes }: Commit): void {
  for (const { table, id } of changes) {
    const spec = store.tables.get(table)?.spec;
    const key = spec?.columns.find((column) => column.primaryKey);
    if (spec === undefined || key === undefined) continue;
    store.sql.run(
      `UPDATE ${quoteIdentifier(spec.name)} SET ${quoteIdentifier(VERSION_COLUMN)} = ? WHERE ${quoteIdentifier(key.sqlName)} = ?`,
      [store.head.seq, id],
    );
  }
}

/** After-hooks marked durable, one effect a change. */
function durableHooks(commit: Commit, changes: readonly RowChange[]): Effect[] {
  return changes.flatMap((change, index) => {
    const table = commit.store.tables.get(change.table);
    if (table === undefined) return [];
    const hook = afterHook(table.resource, change);
    return hook !== undefined && typeof hook !== "function" ? [{ kind: "hook" as const, change: index }] : [];
  });
}

/** One for each change of a table with `notify`. */
function notifications({ store }: Commit, changes: readonly RowChange[], timestamp: number): Effect[] {
  return changes.flatMap(({ table, id, before, after }) => {
    const { config, spec } = store.tables.get(table)?.resource ?? {};
    if (config?.notify === undefined || spec === undefined) return [];
    const action = hookOperation(spec, before, after);
    if (config.notify !== true && !config.notify.includes(action)) return [];
    return [{ kind: "named" as const, name: NOTIFY, payload: { action, id, table, timestamp } satisfies Notified }];
  });
}
