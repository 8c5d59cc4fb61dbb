/**
 * The object's write path as the protocol asks for it ([TP4] [TP5]): the steps of a part run in a savepoint, which stays or is rolled back
 * once it is known what they touched; promised images are applied; the protocol's own tables are looked up. Holds no state.
 */

import { foldChanges } from "../../src/core/change/fold-changes.ts";
import type { DoneRun, ObjectPort, Run, TransactionTag } from "../../src/core/commit/object-port.ts";
import { Fault, type FaultData } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import { limitExceeded, TRANSACTION_LIMITS } from "../../src/core/transaction/limits.ts";
import { composeBody, type PartResult, type PartWork } from "../../src/core/transaction/part-work.ts";
import { seededBytes } from "../../src/core/transaction/seeded-bytes.ts";
import { utf8Length } from "../../src/core/utf8-length.ts";
import { appendCommit, effectsOf, isEmptyCommit } from "./append-commit.ts";
import { applyPrepared, type PreparedExtra } from "./apply-prepared.ts";
import { beginCommit, type Commit } from "./commit.ts";
import { commitFootprint, isInRange } from "./commit-footprint.ts";
import { mayWithdraw } from "./dependents.ts";
import { errorText, logLine } from "./log-line.ts";
import { isStillSeen, recordReads } from "./reads.ts";
import { runSteps, type StepRun } from "./run-steps.ts";
import { endsTransaction, storageFault } from "./storage-fault.ts";
import type { Store } from "./store.ts";
import { findApplied, findDecision } from "./transaction-tables.ts";

/** Room for what has been promised, below the 10 GB of an object ([TP4]). */
const MAX_DATABASE_BYTES = 9.5 * 2 ** 30;

/** `databaseBytes`: how much the object stores. */
export function transactionPort(store: Store, databaseBytes: () => number): ObjectPort<PartWork> {
  return {
    isInRange: (predicate, row) => isInRange(store, predicate, row),
    run: (work, verdict) => runPart(store, work, verdict),
    apply(row, tag) {
      const seq = applyPrepared(store, row, tag);
      store.failPoint?.("agree.applied");
      return seq;
    },
    composeReply: (reply) => composeBody(reply) as unknown as Json,
    refusal: () => (store.health.kind !== "ready" || databaseBytes() > MAX_DATABASE_BYTES ? "unavailable" : null),
    findDecision: (txid) => findDecision(store.sql, txid),
    findApplied: (txid) => findApplied(store.sql, txid),
    findReply(key) {
      const now = store.clock();
      const row = store.sql.all("SELECT fingerprint, body FROM _replies WHERE key = ? AND expires_at > ?", [
        key,
        now,
      ])[0];
      if (row === undefined) return null;
      const reply = row.body === null ? null : (JSON.parse(String(row.body)) as Json);
      return { fingerprint: String(row.fingerprint), reply };
    },
  };
}

class Undo extends Error {}

function runPart(store: Store, work: PartWork, verdict: (done: DoneRun) => TransactionTag | null): Run {
  const undo = new Undo();
  const { head } = store;
  let outcome: Run | undefined;
  try {
    store.sql.transaction(() => {
      const { facts, header, seen, whole } = work;
      const random = seededBytes(facts.seed);
      const effects = whole?.effects ?? [];
      const base = beginCommit(store, header.principal, { ...facts, parts: null, random, effects });
      const commit: Commit = { ...base, reads: recordReads(base.seq) };
      outcome = tryPart(commit, work);
      const tag = outcome.kind === "done" ? verdict(outcome) : null;
      if (tag === null) throw undo;
      const changes = outcome.footprint.changes;
      store.head = appendCommit({ ...commit, transaction: { ...facts, ...tag, random, effects } }, changes, null);
      void seen;
    });
  } catch (error) {
    store.head = head;
    if (error !== undo) throw error;
  }
  if (outcome === undefined) throw new Error("a part that ran has an outcome");
  return outcome;
}

function tryPart(commit: Commit, { steps, seen, whole }: PartWork): Run {
  const { store } = commit;
  if (seen !== null && !isStillSeen(store, seen)) return { kind: "changed", footprint: commitFootprint(commit, seen) };
  try {
    for (const { name } of whole?.effects ?? [])
      if (!store.app.effects.has(name)) throw new TypeError(`no effect is called "${name}"`);
    const runs = runSteps(commit, steps);
    store.failPoint?.("agree.part-run");
    const footprint = commitFootprint(commit, seen);
    const { changes } = footprint;
    const effects = effectsOf(commit, changes, commit.nowMs);
    const bytes =
      utf8Length(JSON.stringify(changes)) + (effects.length === 0 ? 0 : utf8Length(JSON.stringify(effects)));
    if (bytes > TRANSACTION_LIMITS.bytes) throw limitExceeded("bytes", bytes, TRANSACTION_LIMITS.bytes);
    const extra: PreparedExtra = { principal: commit.principal, nowMs: commit.nowMs, effects: commit.effects };
    const result = partResult(commit, runs, whole);
    return {
      kind: "done",
      footprint,
      result: result as unknown as Json,
      extra: extra as unknown as Json,
      withdraws: mayWithdraw(store, changes),
    };
  } catch (error) {
    if (endsTransaction(error)) throw error;
    return { kind: "fault", footprint: commitFootprint(commit, seen), fault: faultOf(store, error) };
  }
}

function faultOf(store: Store, error: unknown): FaultData {
  if (error instanceof Fault) return error.data;
  const fault = storageFault(error);
  if (fault !== null) return fault.data;
  logLine("error", "defect in an object", { object: store.name, op: "transaction", error: errorText(error) });
  return { slug: "internal-error" };
}

/** A participant does not know its seq yet; `whole` is there for the deciding object, whose seq this is. */
function partResult(commit: Commit, runs: readonly StepRun[], whole: PartWork["whole"]): PartResult {
  const { store } = commit;
  const changes = foldChanges(commit.changes);
  const seq = isEmptyCommit(commit, changes) ? store.head.seq : commit.seq;
  const written = new Set(changes.filter(({ after }) => after !== null).map(({ table, id }) => `${table} ${id}`));
  const steps = runs.map(({ step, status, value, id }) => {
    const { index, as, op, resource } = step;
    const table = store.tables.get(step.table);
    const isWritten = id !== null && written.has(`${step.table} ${id}`);
    const version = isWritten ? (whole === null ? null : seq) : id === null ? null : (table?.find(id)?.version ?? null);
    const tag = version === null || table === undefined ? null : rowTag(store.epoch, version, table.spec.shape);
    return {
      ...{ index, as, op, resource, status, value },
      ...(id === null ? {} : { id }),
      ...(tag === null ? {} : { version: tag }),
    };
  });
  return {
    steps,
    resource: runs[0]?.step.resource ?? null,
    partition: store.partition,
    ...(whole === null ? {} : { token: positionToken(store.epoch, seq), whole }),
  };
}
