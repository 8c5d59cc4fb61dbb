/**
 * Objects whose live sockets depend on rows of this one ([RV2]), carried out: registrations and what is due as rows of `_dependents`, calls in turn
 * and within their time, the alarm that tells again. What is decided of it is `src/core/live/dependents-register.ts`.
 */

import type { ObjectName } from "../../src/core/ids.ts";
import {
  DependentsRegister,
  type DueDependency,
  type RegisterPort,
  usersNamed,
} from "../../src/core/live/dependents-register.ts";
import type { UsedKey } from "../../src/core/live/live-scopes.ts";
import type { LiveRow } from "../../src/core/live/live-source.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { type UsedAnswer, type UsedNews, type UsedQuestion, versionOf } from "../../src/core/protocol/used-rows.ts";
import { eq } from "../../src/core/query/build.ts";
import { completeOrder } from "../../src/core/query/order.ts";
import { conjoin, type Filter } from "../../src/core/query/tree.ts";
import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import { MAX_USED_ROWS, usedTables } from "../../src/define/declared-scope.ts";
import { answeredWithin } from "./answered-within.ts";
import { errorText, logLine } from "./log-line.ts";
import { selectPage } from "./select-rows.ts";
import type { Store } from "./store.ts";
import { schedule } from "./timers.ts";

/** How long a write's answer waits for those who depend on its rows. */
export const TELL_MS = 2_000;
/** Who did not confirm is told again after this. */
const AGAIN_MS = 5_000;

/** Tells an object; for each of the news whether it still needs such. Rejects when it is lost. */
export type TellDependent = (object: ObjectName, news: readonly UsedNews[]) => Promise<readonly boolean[]>;

/** In the transaction of a commit: those who depend on the rows it changed have to be told. */
export function noteDependents(store: Store, changes: readonly RowChange[], seq: number): void {
  const keys = usersNamed(usedTables(store.app), changes);
  if (keys.length === 0 || !hasTable(store)) return;
  const port = registerPort(store.sql);
  for (const key of keys) {
    if (!port.mark(key, seq)) continue;
    store.hasDue = true;
    schedule(store.sql, store.alarm, "dependents", store.clock() + AGAIN_MS);
  }
}

/** Whether a commit may withdraw what somebody sees, in this object or another: it changes rows that a scope uses. */
export function mayWithdraw(store: Store, changes: readonly RowChange[]): boolean {
  return usersNamed(usedTables(store.app), changes).length > 0;
}

/** Where anything is still to be told. Asked when the object wakes. */
export function hasDue(store: Store): boolean {
  return usedTables(store.app).size > 0 && hasTable(store) && dueRows(store.sql, 1).length > 0;
}

/** When the timer is to run again (ms), or null. */
export function nextTelling(store: Store): number | null {
  return hasDue(store) ? store.clock() + AGAIN_MS : null;
}

/** The rows of a user that count: those under the filter that are not soft-deleted. */
export function usedRows(store: Store, key: UsedKey): readonly LiveRow[] {
  const table = store.tables.get(key.table);
  if (table === undefined) throw new Error(`${store.name} has no table ${key.table}`);
  const page = { where: usedFilter(table.spec, key), orderBy: completeOrder([], table.spec), offset: 0 };
  const rows: LiveRow[] = [];
  let after: Parameters<typeof selectPage>[2]["after"] = null;
  do {
    const part = selectPage(store, table, { ...page, after, limit: MAX_USED_ROWS + 1 - rows.length });
    rows.push(...part.rows);
    after = part.next;
  } while (after !== null && rows.length <= MAX_USED_ROWS);
  return rows;
}

function answerOf(store: Store, key: UsedKey): UsedAnswer {
  const rows = usedRows(store, key);
  const version = versionOf(rows, store.tables.get(key.table)?.spec.primaryKey ?? "id");
  return { rows: rows.map(({ row }) => row), version, epoch: store.epoch, seq: store.head.seq };
}

export function usedFilter({ softDelete }: TableSpec, { column, user }: UsedKey): Filter {
  const present: readonly Filter[] =
    softDelete === null ? [] : [{ kind: "compare", field: softDelete.field, operator: "=isnull=", operand: true }];
  return conjoin([eq(column, user), ...present]);
}

export class Dependents {
  readonly #store: Store;
  readonly #tell: TellDependent;
  readonly #register: DependentsRegister;
  readonly #telling = new Map<ObjectName, Promise<void>>();

  constructor(store: Store, tell: TellDependent) {
    this.#store = store;
    this.#register = new DependentsRegister(registerPort(store.sql));
    this.#tell = tell;
  }

  /** The rows of a question; from then on its object is told of changes. One instant: nothing falls in between. */
  answer({ table, column, user, dependent }: UsedQuestion): UsedAnswer {
    if (usedTables(this.#store.app).get(table)?.has(column) !== true)
      throw new Error(`no scope uses ${table}.${column}`);
    if (dependent !== null) this.#register.register({ object: dependent, table, column, user });
    return answerOf(this.#store, { table, column, user });
  }

  /**
   * Tells all that is due; resolves when what commits from `seq` on have changed is told, two seconds having passed at most. Nobody
   * waits for what others changed before: they do so themselves.
   */
  async tellDue(seq: number): Promise<void> {
    const toTell = this.#register.toTell(seq);
    if (toTell.length === 0) this.#store.hasDue = hasDue(this.#store);
    const awaited: Promise<unknown>[] = [];
    for (const { object, isAwaited } of toTell)
      if (isAwaited) awaited.push(answeredWithin(TELL_MS, this.#tellInTurn(object)));
      else if (!this.#telling.has(object)) void this.#tellInTurn(object);
    await Promise.all(awaited);
  }

  /** By the alarm: also those that did not confirm. */
  async tellAgain(): Promise<null> {
    this.#register.forgive();
    await this.tellDue(0);
    return null;
  }

  /** One after the other to each object: what is told later is newer. */
  #tellInTurn(object: ObjectName): Promise<void> {
    const turn = (this.#telling.get(object) ?? Promise.resolve()).then(() => this.#tellOne(object));
    this.#telling.set(object, turn);
    void turn.then(() => {
      if (this.#telling.get(object) === turn) this.#telling.delete(object);
    });
    return turn;
  }

  async #tellOne(object: ObjectName): Promise<void> {
    const store = this.#store;
    const telling = this.#register.begin(object, store.head.seq);
    if (telling === null) return;
    const news = telling.due.map(({ table, column, user }) => ({
      table,
      column,
      user,
      ...answerOf(store, { table, column, user }),
    }));
    try {
      const needs = await answeredWithin(AGAIN_MS, this.#tell(object, news));
      if (needs === null) throw new Error("it did not answer in time");
      this.#register.confirmed(telling, needs);
    } catch (error) {
      this.#register.lost(telling);
      logLine("warn", "who depends on rows could not be told of a change", {
        object: store.name,
        dependent: object,
        error: errorText(error),
      });
    }
    store.hasDue = dueRows(store.sql, 1).length > 0;
  }
}

/** Registrations as rows; one is written once, and struck when the object says that it needs it no more. */
function registerPort(sql: Store["sql"]): RegisterPort {
  const rows = "tbl = ? AND col = ? AND user = ?";
  const keyOf = ({ table, column, user }: UsedKey) => [table, column, user];
  return {
    add(dependency) {
      createTable(sql);
      sql.run("INSERT INTO _dependents (tbl, col, user, object) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", [
        ...keyOf(dependency),
        dependency.object,
      ]);
    },
    strike: (dependency) =>
      sql.run(`DELETE FROM _dependents WHERE ${rows} AND object = ?`, [...keyOf(dependency), dependency.object]),
    mark: (key, seq) =>
      sql.all(`UPDATE _dependents SET due = ? WHERE ${rows} RETURNING 1 AS marked`, [seq, ...keyOf(key)]).length > 0,
    clear: (dependency, seq) =>
      sql.run(`UPDATE _dependents SET due = NULL WHERE ${rows} AND object = ? AND due <= ?`, [
        ...keyOf(dependency),
        dependency.object,
        seq,
      ]),
    due: () => dueRows(sql, -1),
  };
}

/** `limit` -1: all of them. */
function dueRows(sql: Store["sql"], limit: number): DueDependency[] {
  return sql
    .all("SELECT tbl, col, user, object, due FROM _dependents WHERE due IS NOT NULL LIMIT ?", [limit])
    .map((row) => ({
      table: String(row.tbl),
      column: String(row.col),
      user: String(row.user),
      object: row.object as ObjectName,
      due: Number(row.due),
    }));
}

function createTable(sql: Store["sql"]): void {
  sql.run(
    `CREATE TABLE IF NOT EXISTS _dependents (
       tbl TEXT NOT NULL, col TEXT NOT NULL, user TEXT NOT NULL, object TEXT NOT NULL, due INTEGER,
       PRIMARY KEY (tbl, col, user, object)) WITHOUT ROWID`,
    [],
  );
  sql.run("CREATE INDEX IF NOT EXISTS _dependents_due ON _dependents (due) WHERE due IS NOT NULL", []);
}

function hasTable({ sql }: Store): boolean {
  return sql.all("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = '_dependents'", []).length > 0;
}
