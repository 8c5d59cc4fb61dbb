/**
 * The one write path of an object: known idempotency key → stored reply; load, plan, apply; one seq and one ledger row for
 * all that changed; reply stored. One synchronous turn, one storage transaction: nothing of it exists without the rest.
 */

import { foldChanges } from "../../src/core/change/fold-changes.ts";
import { planWrite } from "../../src/core/change/plan-write.ts";
import { Fault } from "../../src/core/fault.ts";
import { positionToken, type Seq } from "../../src/core/ids.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { RowChange, WriteCall, WriteIntent } from "../../src/core/protocol/object-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { applyPlan, beginCommit, type Commit, hookOperation } from "./commit.ts";
import { appendEntry, findAttempt, type LedgerHead } from "./ledger.ts";
import { type Answer, findReply, storeReply } from "./replies.ts";
import { rowJson } from "./row-json.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { schedule } from "./timers.ts";
import { callerFacts } from "./write-facts.ts";

/** Carries out a write and answers it; throws a `Fault` with nothing written. */
export function write(store: Store, table: TableStore, call: WriteCall): Answer {
  const { answer, head } = store.sql.transaction(() => writeInTransaction(store, table, call));
  store.head = head;
  return answer;
}

function writeInTransaction(store: Store, table: TableStore, call: WriteCall): { answer: Answer; head: LedgerHead } {
  const now = store.clock();
  const known = call.idempotency === null ? null : findReply(store.sql, call.idempotency, now);
  if (known !== null) return { answer: known, head: store.head };
  const repeated = call.attempt?.isRepeat === true ? replayAttempt(store, table, call, call.attempt) : null;
  if (repeated !== null) return { answer: repeated, head: store.head };

  const stored = call.intent.id === null ? null : table.find(call.intent.id);
  if (call.expectVersion !== null && (stored?.version ?? 0) !== call.expectVersion) {
    throw new Fault({ slug: "conflict", reason: "contended" });
  }
  const commit = beginCommit(store, call.principal);
  const intent = withId(call.intent, table);
  const facts = callerFacts(store, table, call, call.invalid, commit.nowMs);
  const plan = planWrite(intent, stored, facts);
  const optimisticId = intent.op === "create" ? intent.optimisticId : undefined;
  const row = applyPlan(commit, table, plan, facts, optimisticId);
  const changes = foldChanges(commit.changes);
  const head = appendCommit(commit, changes, call);
  const version = plan.kind === "nothing" ? plan.stored.version : head.seq;
  const status = plan.kind === "insert" ? 201 : plan.kind === "remove" || intent.op === "delete" ? 204 : 200;
  const answer = answerWrite(store, table, { row, version, status, seq: head.seq, isMinimal: call.isMinimal });
  if (call.idempotency !== null) {
    const minimalBody = JSON.stringify({ ids: [row[table.spec.primaryKey]], seq: head.seq });
    storeReply(store.sql, call.idempotency, answer, minimalBody, commit.nowMs);
    schedule(store.sql, store.alarm, "replies", commit.nowMs + call.idempotency.ttlMs);
  }
  return { answer: call.wantsChange ? { ...answer, changes } : answer, head };
}

/** One ledger row for everything that changed, with the effects; none when nothing did. */
function appendCommit(commit: Commit, changes: readonly RowChange[], call: WriteCall): LedgerHead {
  const { store } = commit;
  const effects = [...durableHooks(commit, changes), ...commit.effects];
  if (changes.length === 0) {
    // An effect without a change would lie in no ledger row: it belongs to what it was said about, and nothing happened.
    return store.head;
  }
  const actor = call.principal.kind === "user" ? call.principal.id : null;
  const head = appendEntry(store.sql, store.head, { at: commit.nowMs, actor, changes, effects, attempt: call.attempt?.id ?? null }, store.retention);
  if (effects.length > 0) schedule(store.sql, store.alarm, "outbox", commit.nowMs);
  return head;
}

/** After-hooks marked durable, one effect a change. */
function durableHooks(commit: Commit, changes: readonly RowChange[]) {
  return changes.flatMap((change, index) => {
    const table = commit.store.tables.get(change.table);
    if (table === undefined) return [];
    const hook = afterHook(table, change);
    return hook !== undefined && typeof hook !== "function" ? [{ kind: "hook" as const, change: index }] : [];
  });
}

/** The after-hook that a change calls for. */
export function afterHook(table: TableStore, change: Pick<RowChange, "before" | "after">) {
  const hooks = table.resource.config.hooks;
  switch (hookOperation(table, change.before, change.after)) {
    case "create":
      return hooks?.onAfterCreate;
    case "update":
      return hooks?.onAfterUpdate;
    case "delete":
      return hooks?.onAfterDelete;
  }
}

/** An integer id is made here, in the turn that uses it. */
function withId(intent: WriteIntent, table: TableStore): WriteIntent {
  return intent.op === "create" && intent.id === null ? { ...intent, id: table.nextIntId() } : intent;
}

interface WriteOutcome {
  readonly row: Row;
  readonly version: Seq;
  readonly status: 200 | 201 | 204;
  readonly seq: Seq;
  readonly isMinimal: boolean;
}

function answerWrite(store: Store, table: TableStore, outcome: WriteOutcome): Answer {
  const position = positionToken(store.epoch, outcome.seq);
  if (outcome.status === 204) return { kind: "answer", status: 204, headers: {}, body: null, position };
  const headers = { etag: `"${rowTag(store.epoch, outcome.version, table.spec.shape)}"`, "ledge-row-id": String(outcome.row[table.spec.primaryKey]) };
  const body = outcome.isMinimal ? null : JSON.stringify(rowJson(store, table, outcome.row, null));
  const status = outcome.isMinimal && outcome.status === 200 ? 204 : outcome.status;
  return { kind: "answer", status, headers, body, position };
}

/** The reply of an earlier attempt with a Worker-made key, rebuilt from its ledger entry ([HT71]). */
function replayAttempt(store: Store, table: TableStore, call: WriteCall, attempt: NonNullable<WriteCall["attempt"]>): Answer | null {
  const found = findAttempt(store.sql, attempt.id, attempt.startedAtMs);
  if (found === null) return null;
  const change = found.changes.find((each) => each.table === table.spec.name && (call.intent.id === null || each.id === call.intent.id));
  const row = change?.after ?? change?.before;
  if (change === undefined || row === null || row === undefined) return null;
  const status = change.before === null ? 201 : call.intent.op === "delete" ? 204 : 200;
  const answer = answerWrite(store, table, { row, version: found.seq, status, seq: found.seq, isMinimal: call.isMinimal });
  return { ...answer, isReplay: true };
}

