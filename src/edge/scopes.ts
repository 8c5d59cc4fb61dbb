/**
 * Access rules → scope texts for one caller and operation ([HT28], [Z1]–[Z4]). What is open to everyone and what the
 * caller's own rule gives are joined by OR. A rule that throws, or gives what is no filter, denies and is logged; so does
 * one that is not configured. Texts are made canonical once and remembered.
 */

import { Fault } from "../core/fault.ts";
import { errorFields, type Logger } from "../core/log.ts";
import type { ScopeText } from "../core/protocol/object-call.ts";
import { printFilter } from "../core/query/print.ts";
import type { FilterGrammar } from "../core/query/type-filter.ts";
import type { Principal, User } from "../core/scope/principal.ts";
import { parseScope } from "../core/scope/scope.ts";
import type { Operation, PublicRules, ScopeRule, ScopeRules, ScopeValue } from "../define/config.ts";
import type { AnyResource } from "../define/resource.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { MAX_CACHED_SCOPES } from "./limits.ts";

export const ALLOW: ScopeText = "*";
export const DENY: ScopeText = "";

/** The scope of a caller for an operation. A promise only where the rule is an asynchronous function. */
export type Access = (principal: Principal, operation: Operation, log: Logger) => ScopeText | Promise<ScopeText>;

export function createAccess(resource: AnyResource): Access {
  const canonical = createCanonical(resource);
  const rules = (resource.config.auth ?? {}) as ScopeRules;
  const open = (resource.config.public ?? false) as PublicRules;

  return (principal, operation, log) => {
    const shared = canonical(publicRule(open, operation), operation, log);
    if (shared === ALLOW || principal.kind === "anonymous") return shared;
    const own = ownRule(rules[operation], principal, (error) =>
      log.error("scope rule failed, denied", { resource: resource.name, operation, ...errorFields(error) }),
    );
    return own instanceof Promise
      ? own.then((value) => either(shared, canonical(value, operation, log)))
      : either(shared, canonical(own, operation, log));
  };
}

/** Refuses when the scope denies: 401 for an anonymous caller, 403 for a signed-in one. */
export function requireScope(scope: ScopeText, principal: Principal, operation: Operation): ScopeText {
  if (scope !== DENY) return scope;
  throw new Fault(principal.kind === "anonymous" ? { slug: "unauthorized" } : { slug: "forbidden", operation });
}

/** Canonical texts joined by OR. `,` binds weakest, so the text of an OR is the texts with commas between them. */
function either(a: ScopeText, b: ScopeText): ScopeText {
  if (a === ALLOW || b === ALLOW) return ALLOW;
  if (a === DENY || a === b) return b;
  return b === DENY ? a : `${a},${b}`;
}

function publicRule(open: PublicRules, operation: Operation): ScopeValue {
  if (typeof open === "boolean") return open && (operation === "read" || operation === "subscribe");
  return open[operation] ?? false;
}

function ownRule(rule: ScopeRule, user: User, report: (error: unknown) => void): ScopeValue | Promise<ScopeValue> {
  if (typeof rule !== "function") return rule;
  const denied = (error: unknown) => {
    report(error);
    return DENY;
  };
  try {
    const value = rule(user);
    return value instanceof Promise ? value.catch(denied) : value;
  } catch (error) {
    return denied(error);
  }
}

function createCanonical(resource: AnyResource): (value: unknown, operation: Operation, log: Logger) => ScopeText {
  const known = new BoundedCache<string, ScopeText>(MAX_CACHED_SCOPES);
  const grammar: FilterGrammar = {
    table: resource.spec,
    fields: "scope",
    operators: resource.operators,
    parameter: "scope",
  };

  return (value, operation, log) => {
    if (value === ALLOW || value === true) return ALLOW;
    const found = typeof value === "string" ? known.get(value) : undefined;
    if (found !== undefined) return found;
    const scope = parseScope(value, grammar);
    if (scope.kind === "allow") return ALLOW;
    if (scope.kind === "deny") {
      if (scope.mistake !== undefined)
        log.error("scope is not a filter, denied", { resource: resource.name, operation, mistake: scope.mistake });
      return DENY;
    }
    const text = printFilter(scope.filter);
    if (typeof value === "string") known.set(value, text);
    return text;
  };
}
