/**
 * What a rule gives → the text of a scope: canonical, `*` for all rows, empty for none. What is no filter denies, and is logged.
 * Used where rules are asked: at the edge, and inside objects for scopes that depend on rows.
 */

import type { Logger } from "../core/log.ts";
import type { ScopeText } from "../core/protocol/object-call.ts";
import { printFilter } from "../core/query/print.ts";
import type { FilterGrammar } from "../core/query/type-filter.ts";
import { parseScope } from "../core/scope/scope.ts";
import type { Operation, PublicRules, ScopeValue } from "./config.ts";
import type { AnyResource } from "./resource.ts";

export const ALLOW: ScopeText = "*";
export const DENY: ScopeText = "";

export type ScopeTextOf = (value: unknown, operation: Operation, log: Pick<Logger, "error">) => ScopeText;

/** Texts that were made canonical once; without one nothing is remembered. */
export interface KnownTexts {
  get(value: string): ScopeText | undefined;
  set(value: string, text: ScopeText): void;
}

/** `limits`: lifted for scopes that Ledge lowers to sets of keys ([RV7]). */
export function scopeTextOf(
  resource: AnyResource,
  { known, limits = "enforced" }: { readonly known?: KnownTexts; readonly limits?: "enforced" | "lifted" } = {},
): ScopeTextOf {
  const grammar: FilterGrammar = {
    table: resource.spec,
    fields: "scope",
    operators: resource.operators,
    parameter: "scope",
    limits,
  };

  return (value, operation, log) => {
    if (value === ALLOW || value === true) return ALLOW;
    const found = typeof value === "string" ? known?.get(value) : undefined;
    if (found !== undefined) return found;
    const scope = parseScope(value, grammar);
    if (scope.kind === "allow") return ALLOW;
    if (scope.kind === "deny") {
      if (scope.mistake !== undefined)
        log.error("scope is not a filter, denied", { resource: resource.name, operation, mistake: scope.mistake });
      return DENY;
    }
    const text = printFilter(scope.filter);
    if (typeof value === "string") known?.set(value, text);
    return text;
  };
}

/** Canonical texts joined by OR. `,` binds weakest, so the text of an OR is the texts with commas between them. */
export function either(a: ScopeText, b: ScopeText): ScopeText {
  if (a === ALLOW || b === ALLOW) return ALLOW;
  if (a === DENY || a === b) return b;
  return b === DENY ? a : `${a},${b}`;
}

/** What is open to everyone. */
export function publicRule(open: PublicRules, operation: Operation): ScopeValue {
  if (typeof open === "boolean") return open && (operation === "read" || operation === "subscribe");
  return open[operation] ?? false;
}
