/**
 * Scopes: which rows a principal may touch. Whatever a scope function returns is read here, and everything that is not
 * clearly a filter or `*` denies ([QL5]); a denial that looks like a mistake says so, for the caller to log.
 * Combined by AND, deny wins. A scope's filter may name every column, also hidden ones.
 */

import { Fault } from "../fault.ts";
import { isJsonObject } from "../json.ts";
import { parseUntyped } from "../query/parse.ts";
import type { Filter } from "../query/tree.ts";
import { conjoin, isFilter } from "../query/tree.ts";
import type { FilterGrammar } from "../query/type-filter.ts";
import { typeFilter } from "../query/type-filter.ts";

export interface Allow {
  readonly kind: "allow";
}

export interface Deny {
  readonly kind: "deny";
  /** Present when the value was no proper way to say *deny*: what was wrong with it. To be logged. */
  readonly mistake?: string;
}

export interface FilterScope {
  readonly kind: "filter";
  readonly filter: Filter;
}

export type Scope = Allow | Deny | FilterScope;

/** What a scope function may return. */
export type ScopeValue = Scope | Filter | string | false | null | undefined;

const ALLOW: Allow = { kind: "allow" };
const DENY: Deny = { kind: "deny" };

/** All rows: what `*` says. */
export function allScope(): Scope {
  return ALLOW;
}

/** No rows: what the empty text says. */
export function emptyScope(): Scope {
  return DENY;
}

/** Both must hold; deny wins. */
export function combineScopes(first: ScopeValue, second: ScopeValue): Scope {
  const a = readScope(first);
  const b = readScope(second);
  if (a.kind === "deny") return a;
  if (b.kind === "deny") return b;
  if (a.kind === "allow") return b;
  if (b.kind === "allow") return a;
  return { kind: "filter", filter: conjoin([a.filter, b.filter]) };
}

/** A scope from a text: `*`, a filter, or empty for deny. A text that cannot be read throws `filter-parse-error`. */
export function scopeFromString(text: string): Scope {
  const trimmed = text.trim();
  if (trimmed === "*") return ALLOW;
  return trimmed === "" ? DENY : { kind: "filter", filter: parseUntyped(text, [], "scope") };
}

/** Reads whatever a scope function returned and checks it against the table. Never throws, never allows by mistake. */
export function parseScope(value: unknown, grammar: FilterGrammar): Scope {
  const scope = readScope(value);
  if (scope.kind !== "filter") return scope;
  return orMistake(() => ({ kind: "filter", filter: typeFilter(scope.filter, grammar) }));
}

/** The rows of a scope as a filter; null when there are none. */
export function scopeFilter(scope: Allow | FilterScope): Filter;
export function scopeFilter(scope: Scope): Filter | null;
export function scopeFilter(scope: Scope): Filter | null {
  return scope.kind === "deny" ? null : scope.kind === "allow" ? { kind: "all" } : scope.filter;
}

function readScope(value: unknown): Scope {
  if (value === null || value === undefined || value === false) return DENY;
  if (typeof value === "string") return orMistake(() => scopeFromString(value));
  if (isJsonObject(value)) {
    if (value.kind === "allow") return ALLOW;
    if (value.kind === "deny") return typeof value.mistake === "string" ? mistake(value.mistake) : DENY;
    if (value.kind === "filter")
      return isFilter(value.filter) ? readFilter(value.filter) : mistake("a filter scope without a filter");
    if (isFilter(value)) return readFilter(value);
  }
  return mistake(`a scope cannot be ${typeof value === "object" ? "this object" : `${typeof value} ${String(value)}`}`);
}

/** A built filter without a condition is more likely a forgotten one than `*`. */
function readFilter(filter: Filter): Scope {
  return filter.kind === "all" ? mistake("an empty filter; say * to allow all rows") : { kind: "filter", filter };
}

function orMistake(read: () => Scope): Scope {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "filter-parse-error") return mistake(error.data.detail);
    return mistake(error instanceof Error ? error.message : "unreadable");
  }
}

function mistake(what: string): Deny {
  return { kind: "deny", mistake: what };
}
