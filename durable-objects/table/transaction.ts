/**
 * A transaction on one object ([TP1]): `runTransaction` commits its steps in one turn, one seq, one ledger row, its reply stored with
 * it; `tryTransaction` runs the same steps in a transaction that is rolled back, and answers what they came to and what was read.
 */

import { admitItem } from "../../src/core/change/admit-item.ts";
import type { Footprint } from "../../src/core/commit/footprint.ts";
import { Fault } from "../../src/core/fault.ts";
import { positionToken, type RowId, type Seq } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { ObjectReply, RowChange } from "../../src/core/protocol/object-call.ts";
import type {
  CommittedStep,
  Look,
  TransactionBody,
  TransactionCall,
  TrialCall,
  Tried,
} from "../../src/core/protocol/transaction-call.ts";
import { placeOperationFault } from "../../src/core/transaction/place-operation-fault.ts";
import { seededBytes } from "../../src/core/transaction/seeded-bytes.ts";
import { beginCommit, type Commit } from "./commit.ts";
import { commitFootprint } from "./commit-footprint.ts";
import { checkSeen, recordReads } from "./reads.ts";
import { type Answer, findReply } from "./replies.ts";
import { runSteps, type StepRun } from "./run-steps.ts";
import { findRow } from "./run-work.ts";
import { selectBatch } from "./select-batch.ts";
import type { Store } from "./store.ts";
import { transact } from "./transact.ts";
import { callerFacts } from "./write-facts.ts";

export function runTransaction(store: Store, call: TransactionCall): Answer {
  const { facts, effects, seen, steps } = call;
  return transact(store, call, {
    transaction: { ...facts, parts: null, random: seededBytes(facts.seed), effects },
    run(commit) {
      if (seen !== null) checkSeen(store, seen);
      if (commit.reads !== null) commit.reads.again(seen);
      for (const { name } of effects)
        if (!store.app.effects.has(name)) throw new TypeError(`no effect is called "${name}"`);
      const runs = runSteps(commit, steps);
      return ({ seq, changes }) => {
        const body = bodyOf(store, call, runs, { seq, changes });
        return {
          answer: answerWith(store, seq, body),
          ids: [],
          minimal: JSON.stringify({ ...body, results: {}, value: null }),
        };
      };
    },
    rebuild: ({ seq, reply }) => (reply === null ? null : { ...answerWith(store, seq, null), body: reply }),
  });
}

/** Nothing of it remains: the storage transaction around it is rolled back in any case. */
export function tryTransaction(
  store: Store,
  call: TrialCall,
  note: (footprint: Footprint) => void = () => {},
): ObjectReply {
  const known = call.idempotency === null ? null : findReply(store.sql, call.idempotency, store.clock());
  if (known !== null) return known;
  if (call.seen !== null) checkSeen(store, call.seen);
  const undo = new Undo();
  let tried: Tried | undefined;
  try {
    store.sql.transaction((): never => {
      tried = trial(store, call, note);
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  if (tried === undefined) throw new Error("a trial ends with what it tried");
  return tried;
}

class Undo extends Error {}

function trial(
  store: Store,
  { principal, facts, steps, look, seen }: TrialCall,
  note: (footprint: Footprint) => void,
): Tried {
  const { txid, nowMs, seed } = facts;
  // Whatever is asked of the commit, a trial tells all that it has looked at.
  const base = beginCommit(store, principal, {
    ...{ txid, parts: null, nowMs, random: seededBytes(seed), effects: [] },
    isolation: "serializable",
  });
  const commit: Commit = { ...base, reads: recordReads(base.seq) };
  try {
    return tryOn(commit, steps, look);
  } finally {
    // Also of a trial that failed: its fault may rest on what a transaction is about to change.
    note({ ...commitFootprint(commit, seen), changes: [] });
  }
}

function tryOn(commit: Commit, steps: TrialCall["steps"], look: TrialCall["look"]): Tried {
  const { store } = commit;
  const runs = runSteps(commit, steps);
  const looked = look === null ? [] : lookAt(commit, look);
  return {
    kind: "tried",
    outcomes: runs.map(({ status, value, full, id, drawn }) => ({ status, value, full, id, drawn })),
    looked,
    seen: commit.reads?.seen(store) as Tried["seen"],
    position: positionToken(store.epoch, store.head.seq),
  };
}

/** Everything of a step up to its before-hook, and the rows for it ([HT20] [TX36]). */
function lookAt(commit: Commit, look: Look): Tried["looked"] {
  const { store } = commit;
  const table = store.tables.get(look.table);
  if (table === undefined) throw new Error(`a step names the table "${look.table}"`);
  const idOf = (row: { readonly [column: string]: Json }) => row[table.spec.primaryKey] as RowId;
  try {
    if (look.kind === "filter") {
      const { op: operation, filter, limitRows, limitUnconfirmed = null, scopes } = look;
      commit.reads?.range(table.spec.name, filter);
      const rows = { filter, limitRows, limitUnconfirmed };
      const selected = selectBatch(store, table, { operation, rows, scopes });
      return selected.map(({ row, version }) => ({ id: idOf(row), row, version }));
    }
    const { op, id, mayCreate, scopes, conditions } = look;
    const stored = findRow({ commit, versions: new Map(), rowsByFilter: 0 }, table, id);
    const facts = callerFacts(store, table, { scopes, conditions }, [], commit.nowMs);
    // An absent row of a DELETE is 404 here, where a batch passes it over.
    const admitted = admitItem({ op, id, mayCreate }, stored, facts);
    if (admitted === null && op === "delete")
      throw new Fault({ slug: "not-found", resource: table.spec.name, id: String(id) });
    return [{ id, row: admitted?.row ?? null, version: stored?.version ?? 0 }];
  } catch (error) {
    if (error instanceof Fault) throw new Fault(placeOperationFault(error.data, look));
    throw error;
  }
}

function bodyOf(
  store: Store,
  { facts, shown, value }: TransactionCall,
  runs: readonly StepRun[],
  { seq, changes }: { readonly seq: Seq; readonly changes: readonly RowChange[] },
): TransactionBody {
  const written = new Set(changes.filter(({ after }) => after !== null).map(({ table, id }) => `${table} ${id}`));
  const steps = runs.map(({ step, status, id }): CommittedStep => {
    const { index, as, op, resource } = step;
    const spec = store.tables.get(step.table)?.spec;
    const isWritten = id !== null && written.has(`${step.table} ${id}`);
    const version = isWritten ? seq : id === null ? undefined : store.tables.get(step.table)?.find(id)?.version;
    return {
      index,
      as,
      op,
      resource,
      status,
      ...(id === null ? {} : { id }),
      ...(version === undefined || spec === undefined ? {} : { version: rowTag(store.epoch, version, spec.shape) }),
    };
  });
  const results = runs.map(({ step, value: own }): [string, Json] => [step.as, shown[step.index] ?? own]);
  const resource = runs[0]?.step.resource ?? "";
  const token = positionToken(store.epoch, seq);
  return {
    ok: true,
    txid: facts.txid,
    results: Object.fromEntries(results),
    steps,
    seqs: [{ resource, ...(store.partition === null ? {} : { partition: store.partition }), token }],
    ...(value === null ? {} : { value }),
  };
}

function answerWith(store: Store, seq: Seq, body: TransactionBody | null): Answer {
  return {
    kind: "answer",
    status: 200,
    headers: {},
    body: body === null ? null : JSON.stringify(body),
    position: positionToken(store.epoch, seq),
  };
}
