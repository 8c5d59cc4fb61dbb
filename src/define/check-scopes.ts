/**
 * Checks access rules when a resource is declared: texts are parsed, and rules that are functions are asked once for a made-up
 * user, so that a scope on a field that does not exist stops the application at start instead of denying every request.
 */

import { Fault } from "../core/fault.ts";
import { isJsonObject } from "../core/json.ts";
import { parseFilter } from "../core/query/parse.ts";
import { printFilter } from "../core/query/print.ts";
import { isFilter } from "../core/query/tree.ts";
import type { User } from "../core/scope/principal.ts";
import type { DeclaredScope, PublicRules, ScopeRules } from "./config.ts";
import { isDeclared } from "./declared-scope.ts";
import type { AnyResource, Refuse } from "./resource.ts";

const PROBE: User = { kind: "user", id: "00000000-0000-7000-8000-000000000000", roles: [], claims: {} };

export function checkScopes(resource: AnyResource, refuse: Refuse): void {
  const rules = (resource.config.auth ?? {}) as ScopeRules;
  const open = resource.config.public as PublicRules | undefined;
  for (const [operation, rule] of Object.entries(rules)) checkRule(resource, `auth.${operation}`, rule, refuse);
  if (typeof open !== "object") return;
  for (const [operation, rule] of Object.entries(open)) checkRule(resource, `public.${operation}`, rule, refuse);
}

function checkRule(resource: AnyResource, place: string, rule: unknown, refuse: Refuse): void {
  const declared = isDeclared(rule) ? rule : null;
  if (declared !== null) checkUses(declared, place, refuse);
  const asked = declared === null ? rule : (user: User) => declared.scope(user, () => []);
  const value = typeof asked === "function" ? probe(asked as (user: User) => unknown) : asked;
  const text = typeof value === "string" ? value : isFilter(value) ? printFilter(value) : "";
  if (text === "" || text === "*") return;
  try {
    parseFilter(text, { table: resource.spec, fields: "scope", operators: resource.operators, parameter: place });
  } catch (error) {
    if (!(error instanceof Fault) || error.data.slug !== "filter-parse-error") throw error;
    throw refuse(
      `${place} is not a filter of this table: ${error.data.detail}`,
      `Columns are: ${resource.spec.columns.map((column) => column.name).join(", ")}.`,
    );
  }
}

/** Whether the tables are there is known once the application is whole (`app.ts`). */
function checkUses({ uses, scope }: DeclaredScope, place: string, refuse: Refuse): void {
  const isUse = (use: unknown) => isJsonObject(use) && typeof use.table === "string" && typeof use.user === "string";
  if (!Array.isArray(uses) || uses.length === 0 || !uses.every(isUse) || typeof scope !== "function")
    throw refuse(
      `${place} has \`uses\`, but is no scope that depends on tables`,
      `Write { uses: [{ table: "members", user: "userId" }], scope: (user, rows) => … }.`,
    );
  if (new Set(uses.map(({ table }) => table)).size < uses.length)
    throw refuse(`${place} uses a table twice`, "Name each table once; one column of it holds the user.");
}

/** What the rule says for a made-up user; undefined when it needs a real one, or waits. */
function probe(rule: (user: User) => unknown): unknown {
  try {
    const value = rule(PROBE);
    if (value instanceof Promise) value.catch(() => undefined);
    return value;
  } catch {
    return undefined;
  }
}
