/**
 * Access rules → scope texts for one caller and operation ([HT28], [Z1]–[Z4]). What is open to everyone and what the
 * caller's own rule gives are joined by OR. A rule that throws, or gives what is no filter, denies and is logged; so does
 * one that is not configured. Texts are made canonical once and remembered. Rows that a rule uses are read first ([RV2]).
 */

import { Fault } from "../core/fault.ts";
import { errorFields } from "../core/log.ts";
import type { ScopeText } from "../core/protocol/object-call.ts";
import type { Principal, User } from "../core/scope/principal.ts";
import type { DeclaredScope, Operation, PublicRules, ScopeRule, ScopeRules, ScopeValue } from "../define/config.ts";
import { declaredScope, isDeclared } from "../define/declared-scope.ts";
import type { AnyResource } from "../define/resource.ts";
import { ALLOW, DENY, either, publicRule, scopeTextOf } from "../define/scope-text.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { TableRequest } from "./exchange.ts";
import { MAX_CACHED_SCOPES } from "./limits.ts";
import { readUsedRows } from "./used-rows.ts";

export { ALLOW, DENY } from "../define/scope-text.ts";

/** Who asks, and where what a rule uses is read. */
export type Asking = Pick<TableRequest, "principal" | "log" | "env" | "edge" | "partition">;

/** The scope of a caller for an operation. A promise only where the rule is an asynchronous function, or uses rows. */
export type Access = (asking: Asking, operation: Operation) => ScopeText | Promise<ScopeText>;

export function createAccess(resource: AnyResource): Access {
  const canonical = scopeTextOf(resource, { known: new BoundedCache<string, ScopeText>(MAX_CACHED_SCOPES) });
  const rules = (resource.config.auth ?? {}) as ScopeRules;
  const open = (resource.config.public ?? false) as PublicRules;

  return (asking, operation) => {
    const { principal, log } = asking;
    const shared = canonical(publicRule(open, operation), operation, log);
    if (shared === ALLOW || principal.kind === "anonymous") return shared;
    const rule: ScopeRule = rules[operation];
    const failed = (error: unknown) =>
      log.error("scope rule failed, denied", { resource: resource.name, operation, ...errorFields(error) });
    if (isDeclared(rule))
      return readUsedRows(asking, resource, rule.uses).then((rows) => {
        try {
          return declaredScope(resource, operation, { user: principal, rows, log });
        } catch (error) {
          failed(error);
          return shared;
        }
      });
    const own = ownRule(rule, principal, failed);
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

function ownRule(
  rule: Exclude<ScopeRule, DeclaredScope>,
  user: User,
  report: (error: unknown) => void,
): ScopeValue | Promise<ScopeValue> {
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
