/**
 * Scopes that depend on rows, as the object resolves them for its sockets ([RV2]): which tables a rule uses and where they lie, rows of its
 * own tables, rows of others by a call that also registers for changes. A call that takes over five seconds has failed ([RV5]).
 */

import { type ObjectName, objectName } from "../../src/core/ids.ts";
import type { ScopePort, UsedKey } from "../../src/core/live/live-scopes.ts";
import type { LogFields } from "../../src/core/log.ts";
import type { UsedAnswer, UsedQuestion } from "../../src/core/protocol/used-rows.ts";
import { declaredRule, declaredScope, MAX_USED_ROWS } from "../../src/define/declared-scope.ts";
import type { AnyResource } from "../../src/define/resource.ts";
import { answeredWithin } from "./answered-within.ts";
import { usedRows } from "./dependents.ts";
import { errorText, logLine } from "./log-line.ts";
import type { Store } from "./store.ts";

const RESOLVE_MS = 5_000;
/** Between two tries within that time: an object that is lost is there again at once. */
const PAUSE_MS = 500;

export type AskUsedRows = (object: ObjectName, question: UsedQuestion) => Promise<UsedAnswer>;

/** What becomes of a question to another object. */
export interface UsedRowsPort {
  readonly ask: AskUsedRows;
  readonly learned: (key: UsedKey, answer: UsedAnswer, nth: number) => void;
  readonly failed: (key: UsedKey, nth: number) => void;
}

export function storeScopePort(store: Store, { ask, learned, failed }: UsedRowsPort): ScopePort {
  const resourceOf = (table: string): AnyResource => {
    const resource = store.app.resources.get(table);
    if (resource === undefined) throw new Error(`the application has no table ${table}`);
    return resource;
  };
  const groupOf = (table: string) => resourceOf(table).spec.group;
  const log = {
    error: (message: string, fields: LogFields = {}) => logLine("error", message, { object: store.name, ...fields }),
  };
  return {
    usesOf: (table, operation) =>
      (declaredRule(resourceOf(table), operation)?.uses ?? []).map(({ table: used, user }) => ({
        table: used,
        column: user,
        isHere: groupOf(used) === store.group,
      })),
    scopeOf(table, operation, user, rows) {
      for (const [used, each] of rows)
        if (each.length > MAX_USED_ROWS)
          throw new Error(`more than ${MAX_USED_ROWS} rows of ${used} are of ${user.id}`);
      return declaredScope(resourceOf(table), operation, { user, rows, log });
    },
    read: (key) => usedRows(store, key),
    counts(table, row) {
      const { softDelete } = resourceOf(table).spec;
      return softDelete === null || (row[softDelete.field] ?? null) === null;
    },
    keyOf: (table) => resourceOf(table).spec.primaryKey,
    ask(key, nth) {
      const object = objectName(store.app.name, groupOf(key.table), null);
      const lost = (error: unknown) => {
        logLine("warn", "rows that scopes depend on could not be read", {
          object: store.name,
          of: object,
          error: errorText(error),
        });
        failed(key, nth);
      };
      const question = { table: key.table, column: key.column, user: key.user, dependent: store.name };
      answeredWithin(
        RESOLVE_MS,
        untilAnswered(() => ask(object, question), store.clock),
      ).then(
        (answer) => (answer === null ? lost(new Error("it did not answer in time")) : learned(key, answer, nth)),
        lost,
      );
    },
  };
}

/** An object may be lost while it is asked, as by a deploy: within the time it is asked again. */
async function untilAnswered(ask: () => Promise<UsedAnswer>, clock: () => number): Promise<UsedAnswer> {
  const untilMs = clock() + RESOLVE_MS - PAUSE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (clock() > untilMs) throw error;
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }
}
