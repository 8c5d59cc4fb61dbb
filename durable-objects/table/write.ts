/**
 * The write of one row: load, plan, apply, inside the frame that all writes share (`transact.ts`). `applyWrite` is the step that
 * a batch takes for each of its rows.
 */

import { planWrite, type StoredRow, type WriteFacts } from "../../src/core/change/plan-write.ts";
import { Fault } from "../../src/core/fault.ts";
import { positionToken, type Seq } from "../../src/core/ids.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { WriteCall, WriteIntent } from "../../src/core/protocol/object-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { applyPlan, type Commit } from "./commit.ts";
import type { Answer } from "./replies.ts";
import { rowJson } from "./row-json.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { type Committed, type Finish, transact } from "./transact.ts";
import { callerFacts } from "./write-facts.ts";

/** Carries out a write and answers it; throws a `Fault` with nothing written. */
export function write(store: Store, table: TableStore, call: WriteCall): Answer {
  return transact(store, call, {
    run: (commit) => writeRow(commit, table, call),
    rebuild: (found) => rebuildAnswer(store, table, call, found),
  });
}

function writeRow(commit: Commit, table: TableStore, call: WriteCall): Finish {
  const { store } = commit;
  const { intent, expectVersion, isMinimal } = call;
  const stored = intent.id === null ? null : table.find(intent.id);
  if (intent.id !== null) commit.reads?.row(table.spec.name, intent.id, 0);
  store.failPoint?.("row.loaded");
  checkSeenVersion(stored, expectVersion);
  const applied = applyWrite(
    commit,
    table,
    intent,
    stored,
    callerFacts(store, table, call, call.invalid, commit.nowMs),
  );
  const status = applied.kind === "insert" ? 201 : applied.kind === "remove" || intent.op === "delete" ? 204 : 200;
  return ({ seq }) => ({
    answer: answerWrite(store, table, { row: applied.row, version: applied.version ?? seq, status, seq, isMinimal }),
    ids: [applied.row[table.spec.primaryKey] as string | number],
  });
}

/** The before-hook looked at a version of the row; if it moved since, the hook must look again ([HT31]). 0: it was absent. */
export function checkSeenVersion(stored: StoredRow | null, expectVersion: number | null): void {
  if (expectVersion !== null && (stored?.version ?? 0) !== expectVersion)
    throw new Fault({ slug: "conflict", reason: "contended" });
}

export interface AppliedWrite {
  readonly kind: "insert" | "update" | "remove" | "nothing";
  /** As it now stands; of a removal, as it was. */
  readonly row: Row;
  /** Null: that of the commit. */
  readonly version: Seq | null;
}

/** Plans one write and carries the plan out. */
export function applyWrite(
  commit: Commit,
  table: TableStore,
  given: WriteIntent,
  stored: StoredRow | null,
  facts: WriteFacts,
): AppliedWrite {
  const intent = withId(given, table);
  const plan = planWrite(intent, stored, facts);
  commit.store.failPoint?.("row.planned");
  const row = applyPlan(commit, table, plan, facts, intent.op === "create" ? intent.optimisticId : undefined);
  const isUnchanged = plan.kind === "nothing" || (plan.kind === "update" && row === plan.before);
  return {
    kind: isUnchanged ? "nothing" : plan.kind,
    row,
    version: isUnchanged && stored !== null ? stored.version : null,
  };
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
  const headers = {
    etag: `"${rowTag(store.epoch, outcome.version, table.spec.shape)}"`,
    "ledge-row-id": String(outcome.row[table.spec.primaryKey]),
  };
  const body = outcome.isMinimal ? null : JSON.stringify(rowJson(store, table, outcome.row, null));
  const status = outcome.isMinimal && outcome.status === 200 ? 204 : outcome.status;
  return { kind: "answer", status, headers, body, position };
}

/** The reply of an earlier attempt, as its ledger entry tells it. */
function rebuildAnswer(store: Store, table: TableStore, call: WriteCall, found: Committed): Answer | null {
  const { op, id } = call.intent;
  const own = found.changes.filter((each) => each.table === table.spec.name);
  // A create repeated by the client was given another id by its Worker; the row itself is the first that the commit created.
  const change =
    own.find((each) => each.id === id) ?? (op === "create" ? own.find((each) => each.op === "create") : undefined);
  const row = change?.after ?? change?.before;
  if (change === undefined || row === null || row === undefined) return null;
  const status = change.before === null ? 201 : op === "delete" ? 204 : 200;
  return answerWrite(store, table, { row, version: found.seq, status, seq: found.seq, isMinimal: call.isMinimal });
}
