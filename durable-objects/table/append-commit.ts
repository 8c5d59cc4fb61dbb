/** A commit in the making becomes one ledger row with its effects ([CL1]); nothing, when nothing changed. Called by `transact`. */

import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { afterHook } from "../../src/define/after-hook.ts";
import { VERSION_COLUMN } from "../sql/list-statement.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import type { Commit } from "./commit.ts";
import { appendEntry, type Effect, type LedgerHead } from "./ledger.ts";
import { scheduleFeeds } from "./search-feed.ts";
import { schedule } from "./timers.ts";

/** `changes` are the folded ones. Returns where the ledger then stands. */
export function appendCommit(commit: Commit, changes: readonly RowChange[], attempt: string | null): LedgerHead {
  const { store } = commit;
  // An effect without a change would lie in no ledger row: it belongs to what it was said about, and nothing happened.
  if (changes.length === 0) {
    releaseVersions(commit);
    return store.head;
  }
  const effects = [...durableHooks(commit, changes), ...commit.effects];
  const actor = commit.principal.kind === "user" ? commit.principal.id : null;
  const head = appendEntry(
    store.sql,
    store.head,
    { at: commit.nowMs, actor, changes, effects, attempt },
    store.retention,
    store.failPoint,
  );
  store.failPoint?.("ledger.appended");
  if (effects.length > 0) schedule(store.sql, store.alarm, "outbox", commit.nowMs);
  scheduleFeeds(store, changes, head.seq, commit.nowMs);
  store.failPoint?.("write.effects-scheduled");
  return head;
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
