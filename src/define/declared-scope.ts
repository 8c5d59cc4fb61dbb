/**
 * Scopes that depend on rows of other tables ([RV2]): which tables they use, and the scope that some rows give. Asked at the edge for each
 * request, and by objects for whoever follows a table live. Pure: the rows are read by whoever asks.
 */

import type { Logger } from "../core/log.ts";
import type { ScopeText } from "../core/protocol/object-call.ts";
import type { Row } from "../core/schema/table-spec.ts";
import type { User } from "../core/scope/principal.ts";
import type { AppDefinition } from "./app.ts";
import type { DeclaredScope, Operation, PublicRules, ScopeRule, ScopeRules, ScopeUse, UsedRows } from "./config.ts";
import type { AnyResource } from "./resource.ts";
import { either, publicRule, scopeTextOf } from "./scope-text.ts";

/** Rows of one caller in one used table at most; more, and the scope counts as failed. */
export const MAX_USED_ROWS = 1000;

/** The caller's rows by table name. */
export type RowsByTable = ReadonlyMap<string, readonly Row[]>;

export function isDeclared(rule: unknown): rule is DeclaredScope {
  return typeof rule === "object" && rule !== null && Object.hasOwn(rule, "uses");
}

/** The rule of an operation where it is a declared one. */
export function declaredRule(resource: AnyResource, operation: Operation): DeclaredScope | null {
  const rule: ScopeRule = ((resource.config.auth ?? {}) as ScopeRules)[operation];
  return isDeclared(rule) ? rule : null;
}

/** The scope under these rows. Throws where the rule does: that is no denial, since nothing is known then ([RV5]). */
export function declaredScope(
  resource: AnyResource,
  operation: Operation,
  { user, rows, log }: { readonly user: User; readonly rows: RowsByTable; readonly log: Pick<Logger, "error"> },
): ScopeText {
  const rule = declaredRule(resource, operation);
  if (rule === null) throw new TypeError(`${resource.name} declares no scope for ${operation}`);
  const value: unknown = rule.scope(user, usedRows(rule.uses, rows));
  if (value instanceof Promise) {
    value.catch(() => undefined);
    throw new TypeError("a scope with `uses` may not wait: it is a function of the user and the rows");
  }
  const open = (resource.config.public ?? false) as PublicRules;
  const textOf = scopeTextOf(resource, { limits: "lifted" });
  return either(textOf(publicRule(open, operation), operation, log), textOf(value, operation, log));
}

function usedRows(uses: readonly ScopeUse[], rows: RowsByTable): UsedRows {
  return ((of: string | { readonly name: string }) => {
    const table = typeof of === "string" ? of : of.name;
    if (!uses.some((use) => use.table === table)) throw new TypeError(`"${table}" is not among the tables in \`uses\``);
    return rows.get(table) ?? [];
  }) as UsedRows;
}

const known = new WeakMap<AppDefinition, ReadonlyMap<string, ReadonlySet<string>>>();

/** Tables that some scope uses, with their columns that hold ids of users. */
export function usedTables(app: AppDefinition): ReadonlyMap<string, ReadonlySet<string>> {
  let tables = known.get(app);
  if (tables === undefined) {
    const found = new Map<string, Set<string>>();
    for (const { config } of app.resources.values())
      for (const rule of Object.values((config.auth ?? {}) as ScopeRules))
        for (const { table, user } of isDeclared(rule) ? rule.uses : [])
          found.set(table, (found.get(table) ?? new Set()).add(user));
    tables = found;
    known.set(app, tables);
  }
  return tables;
}
