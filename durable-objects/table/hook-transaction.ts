/**
 * What `onWrite` may do: read and write the tables of its own object, in the same synchronous transaction, and leave effects
 * for after the commit. Its writes run no hooks and no scopes; they are in the ledger like any other.
 */

import { planWrite } from "../../src/core/change/plan-write.ts";
import { type RowId, uuidv7 } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { columnOf, type Draft, type Row } from "../../src/core/schema/table-spec.ts";
import type { LookOptions, ObjectTransaction } from "../../src/define/hooks.ts";
import { type Commit, insertRow, removeRow, updateRow } from "./commit.ts";
import { checkedPatch } from "./inner-hooks.ts";
import { filterOf } from "./scope-test.ts";
import { countMatching, selectRows } from "./select-rows.ts";
import type { TableStore } from "./table-store.ts";
import { beginFacts } from "./write-facts.ts";

const MAX_FOUND_ROWS = 1000;

/** `onTouch` is called before the first look at a table, so that the row being written is there to be seen. */
export function hookTransaction(commit: Commit, onTouch: () => void): ObjectTransaction {
  const { store } = commit;
  const tableNamed = (name: string, { at }: LookOptions = {}): TableStore => {
    if (at !== "before") onTouch();
    const table = store.tables.get(name);
    if (table === undefined)
      throw new TypeError(
        `"${name}" is no table of this object; its tables are ${[...store.tables.keys()].join(", ")}`,
      );
    return table;
  };
  const looked = (table: TableStore, id: RowId) => {
    const found = table.find(id);
    commit.reads?.row(table.spec.name, id, found?.version ?? 0);
    return found;
  };
  const present = (table: TableStore, id: RowId): Row => {
    const found = looked(table, id);
    if (found === null) throw new TypeError(`table "${table.spec.name}" has no row ${id}`);
    return found.row;
  };
  const newId = () => uuidv7(commit.nowMs, commit.random(10));
  return {
    now: commit.nowMs,
    user: commit.principal,
    newId,
    get: (name, id, options) => looked(tableNamed(name, options), id)?.row ?? null,
    find(name, filter, options) {
      const table = tableNamed(name, options);
      commit.reads?.range(name, filter);
      const limit = Math.min(options?.limit ?? MAX_FOUND_ROWS, MAX_FOUND_ROWS);
      return selectRows(store, table, filter, { limit, orderBy: options?.orderBy ?? null });
    },
    count(name, filter, options) {
      const table = tableNamed(name, options);
      commit.reads?.range(name, filter);
      return countMatching(store, table, filterOf(table, filter), options?.limit ?? null);
    },
    create(name, row) {
      const table = tableNamed(name);
      const checked = checkedPatch(table, row);
      const id =
        (checked[table.spec.primaryKey] as RowId | undefined) ??
        (table.spec.idKind === "int" ? table.nextIntId() : newId());
      const plan = planWrite({ op: "create", id, input: checked }, null, beginFacts(commit, table));
      if (plan.kind !== "insert") throw new Error("a create plans an insert");
      checkRequired(table, plan.after);
      insertRow(commit, table, plan.after);
      return plan.after;
    },
    update(name, id, patch) {
      const table = tableNamed(name);
      const before = present(table, id);
      const plan = planWrite(
        { op: "update", id, input: checkedPatch(table, patch) },
        { row: before, version: commit.seq },
        beginFacts(commit, table),
      );
      if (plan.kind !== "update") return before;
      updateRow(commit, table, plan.before, plan.after);
      return plan.after;
    },
    delete(name, id) {
      const table = tableNamed(name);
      const row = present(table, id);
      wholly(commit, () => removeRow(commit, table, row));
    },
    effect(name: string, payload: Json, { delayMs = 0 } = {}) {
      if (!store.app.effects.has(name))
        throw new TypeError(`no effect is called "${name}": declare it in defineApp({ effects })`);
      commit.effects.push({
        kind: "named",
        name,
        payload,
        ...(delayMs > 0 ? { notBeforeMs: commit.nowMs + delayMs } : {}),
      });
    },
  };
}

/**
 * A removal is many writes: of the rows that point to the row, of what their hooks do, of the row. One that fails leaves nothing
 * of them, for the hook may catch the fault and go on. A create and an update are one statement each.
 */
function wholly(commit: Commit, remove: () => void): void {
  const { changes, effects, removing } = commit;
  const [changesBefore, effectsBefore] = [changes.length, effects.length];
  const removingBefore = new Set(removing);
  try {
    commit.store.sql.transaction(remove);
  } catch (error) {
    changes.length = changesBefore;
    effects.length = effectsBefore;
    for (const row of removing) if (!removingBefore.has(row)) removing.delete(row);
    throw error;
  }
}

function checkRequired(table: TableStore, row: Draft): void {
  for (const column of table.spec.columns) {
    if (column.notNull && (row[column.name] ?? null) === null) {
      throw new TypeError(`column "${column.name}" of table "${table.spec.name}" may not be null`);
    }
  }
  for (const name of Object.keys(row))
    if (columnOf(table.spec, name) === undefined) throw new TypeError(`no column "${name}"`);
}
