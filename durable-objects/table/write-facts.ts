/** The facts that a plan needs, gathered from the object: scopes as predicates, defaults, time ([HT20]). */

import type { ScopeTests, WriteFacts } from "../../src/core/change/plan-write.ts";
import type { FieldError } from "../../src/core/fault.ts";
import type { Json } from "../../src/core/json.ts";
import { withTransactions } from "../../src/core/protocol/etag.ts";
import type { Preconditions, ScopeText, WriteScopes } from "../../src/core/protocol/object-call.ts";
import type { Draft, Row } from "../../src/core/schema/table-spec.ts";
import type { Commit } from "./commit.ts";
import { scopeTest } from "./scope-test.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { findApplied } from "./transaction-tables.ts";

const ALWAYS = () => true;

/** Facts for server code, which no scope binds. */
export function beginFacts(commit: Commit, table: TableStore): WriteFacts {
  const scopes: ScopeTests = { read: ALWAYS, readDeleted: ALWAYS, create: ALWAYS, update: ALWAYS, delete: ALWAYS };
  return factsWith(commit.store, table, scopes, {}, [], commit.nowMs);
}

/** Facts for a caller's write. */
export function callerFacts(
  store: Store,
  table: TableStore,
  call: { readonly scopes: WriteScopes; readonly conditions: Preconditions },
  invalid: readonly FieldError[],
  nowMs: number,
): WriteFacts {
  const test = (text: ScopeText | undefined) => scopeTest(table, text ?? "");
  const scopes: ScopeTests = {
    read: test(call.scopes.read),
    readDeleted: test(call.scopes.readDeleted),
    create: test(call.scopes.create),
    update: test(call.scopes.update),
    delete: test(call.scopes.delete),
  };
  return factsWith(store, table, scopes, call.conditions, invalid, nowMs);
}

function factsWith(
  store: Store,
  table: TableStore,
  scopes: ScopeTests,
  conditions: Preconditions,
  invalid: readonly FieldError[],
  nowMs: number,
): WriteFacts {
  const { ifMatch } = conditions;
  return {
    table: table.spec,
    epoch: store.epoch,
    nowMs,
    partition: store.partition,
    scopes,
    conditions: {
      ...conditions,
      ...(ifMatch && { ifMatch: withTransactions(ifMatch, store.epoch, (txid) => findApplied(store.sql, txid)) }),
    },
    invalid,
    defaults: (missing) => table.defaults(missing),
    onUpdate: () => onUpdateValues(table),
  };
}

function onUpdateValues(table: TableStore): Draft {
  const values: Record<string, Json> = {};
  for (const [name, make] of table.resource.onUpdate) values[name] = make();
  return values;
}

export type RowTest = (row: Row) => boolean;
