/** Access rules narrowed to files that are there: an announced file is out of sight for everybody, by every path, until its bytes are stored. */

import { eq } from "../../core/query/build.ts";
import { conjoin, isFilter } from "../../core/query/tree.ts";
import type { AccessRules, DeclaredScope, PublicRules, ScopeRule, ScopeRules } from "../../define/config.ts";
import { isDeclared } from "../../define/declared-scope.ts";

const STORED = eq("status", "stored");
const STORED_TEXT = 'status=="stored"';
/** Those by which rows come into sight; all others ask the first of them too. */
const NARROWED = ["read", "subscribe", "readDeleted"] as const;

type Value = Exclude<ScopeRule, DeclaredScope | ((...given: never[]) => unknown)>;

export function storedOnly({ auth, public: open }: AccessRules): AccessRules {
  return {
    ...(auth === undefined ? {} : { auth: narrowed(auth, narrowRule) as ScopeRules }),
    ...(open === undefined ? {} : { public: narrowPublic(open) }),
  };
}

function narrowPublic(open: PublicRules): PublicRules {
  if (typeof open !== "boolean") return narrowed(open, narrowValue) as PublicRules;
  return open && { read: STORED_TEXT, subscribe: STORED_TEXT };
}

function narrowed<R extends object>(rules: R, narrow: (rule: never) => unknown): object {
  const own = rules as Readonly<Record<string, unknown>>;
  const changed = NARROWED.flatMap((name) => (own[name] === undefined ? [] : [[name, narrow(own[name] as never)]]));
  return { ...rules, ...Object.fromEntries(changed) };
}

function narrowRule(rule: ScopeRule): ScopeRule {
  if (isDeclared(rule)) return { ...rule, scope: (user, rows) => narrowValue(rule.scope(user, rows)) };
  if (typeof rule !== "function") return narrowValue(rule);
  return (user) => {
    const value = rule(user);
    return value instanceof Promise ? value.then(narrowValue) : narrowValue(value);
  };
}

/** What is no filter is handed on as it is, for the edge to deny and to log. */
function narrowValue(value: Value): Value {
  if (value === true || value === "*") return STORED_TEXT;
  if (typeof value === "string") return value === "" ? value : `(${value});${STORED_TEXT}`;
  return isFilter(value) ? conjoin([value, STORED]) : value;
}
