/** `ledge/query`: the query language for servers, clients and scopes. The only entry; the files behind it may move. */

export { ownerOrPublic, ownerScope, publicScope } from "../scope/owner-scopes.ts";
export {
  allScope,
  combineScopes,
  emptyScope,
  parseScope,
  type Scope,
  type ScopeValue,
  scopeFilter,
  scopeFromString,
} from "../scope/scope.ts";
export {
  and,
  between,
  compare,
  contains,
  endsWith,
  eq,
  gt,
  gte,
  has,
  icontains,
  ilike,
  inList,
  isNotNull,
  isNull,
  like,
  lt,
  lte,
  neq,
  not,
  notIn,
  notLike,
  or,
  raw,
  startsWith,
} from "./build.ts";
export { compareText, compareValues, keyComparator, rowComparator, sortKey } from "./compare-values.ts";
export { type Condition, filterFromConditions, filterFromSelector, match, type Selector } from "./conditions.ts";
export { type CustomOperator, type CustomOperators, defineOperators, type SqlFragment } from "./custom-operators.ts";
export { FILTER_LIMITS, type FilterGrammar } from "./grammar.ts";
export { compileMatcher, matches, type RowTest } from "./matches.ts";
export { OPERATORS, type OperatorSpec, type OperatorToken } from "./operators.ts";
export { canonicalOrderBy, completeOrder, type OrderTerm, parseOrderBy } from "./order.ts";
export { parseFilter } from "./parse.ts";
export { printFilter } from "./print.ts";
export { rsql, type ScalarInput, type TemplateValue } from "./rsql.ts";
export { type Comparison, type Filter, isFilter, type Operand, type Range, type Scalar } from "./tree.ts";
export { typeFilter } from "./type-filter.ts";
export { type FilterOf, f } from "./typed-builder.ts";
