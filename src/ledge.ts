/**
 * `ledge`: what an application imports on the server. The only public entry beside `ledge/query`; the files behind it may move.
 */

export { Fault, type FaultData, type FieldError } from "./core/fault.ts";
export type { Json, JsonObject } from "./core/json.ts";
export { createLogger, type LogEntry, type Logger, type LogSink } from "./core/log.ts";
export type { SearchHit } from "./core/protocol/search-call.ts";
export * from "./core/query/ledge-query.ts";
export type { Row, TableSpec } from "./core/schema/table-spec.ts";
export type { AccessEnded } from "./core/scope/access-ended.ts";
export { ANONYMOUS, type Anonymous, hasRole, isAdmin, type Principal, type User } from "./core/scope/principal.ts";
export type { AppDefinition, EffectHandler, Migration, MigrationSet } from "./define/app.ts";
export { composeHooks } from "./define/compose-hooks.ts";
export type {
  AccessRules,
  DeclaredScope,
  KeyRelation,
  ManyToMany,
  PartitionRule,
  Relation,
  ResourceConfig,
  ScopeRule,
  ScopeRules,
  ScopeUse,
  StandardSchema,
  UsedRows,
} from "./define/config.ts";
export { ConfigError } from "./define/config-error.ts";
export { filterInput, filterOutput } from "./define/filter-fields.ts";
export type { AfterHook, CommittedChange, HookContext, Hooks, ObjectTransaction, WriteChange } from "./define/hooks.ts";
export {
  ConflictError,
  ForbiddenError,
  HttpError,
  NotFoundError,
  PreconditionError,
  RateLimitError,
  UnauthorizedError,
  ValidationError,
} from "./define/http-error.ts";
export { type MemorySearchAdapter, memorySearchAdapter } from "./define/memory-search-adapter.ts";
export {
  authenticated,
  fullyPublic,
  orgBased,
  ownerOnly,
  ownerOrAdmin,
  type Preset,
  publicReadOwnerWrite,
} from "./define/presets.ts";
export { type AnyResource, type Resource, resource } from "./define/resource.ts";
export type { ColumnName, GenericRow, NewRowOf, RowOf } from "./define/row-types.ts";
export type {
  EngineChange,
  EngineContext,
  EngineQuery,
  FeedContext,
  RejectedChange,
  SearchAdapter,
} from "./define/search-adapter.ts";
export { type TimestampOptions, timestampHooks } from "./define/timestamp-hooks.ts";
export { commonSchemas, createValidator, safeValidate, validate } from "./define/validation.ts";
export type {
  AppOptions,
  AskFeature,
  CredentialUse,
  Feature,
  HealthCheck,
  Middleware,
  RouteBuilder,
  RouteContext,
  RouteHandler,
  RouteOptions,
} from "./edge/app-options.ts";
export type { AuthOptions, Credentials } from "./edge/authenticate.ts";
export type { CorsOptions } from "./edge/cors.ts";
export { type App, defineApp, errorHandler, notFoundHandler, type Resources, useResource } from "./edge/define-app.ts";
export type { LedgeEnv } from "./edge/env.ts";
export { enforceAuth, requireAnyRole, requireRole, requireVerifiedEmail, withAuth } from "./edge/guards.ts";
export { localPath } from "./edge/local-path.ts";
export { readJsonBody } from "./edge/read-body.ts";
export { requireUser } from "./edge/require-user.ts";
export { type Check, requireValid } from "./edge/require-valid.ts";
export { type Transaction, transaction } from "./edge/transaction/declared.ts";
export type {
  EffectSpec,
  OperationSpec,
  ResponseSpec,
  RouteSpec,
  TransactionContext,
  TransactionSpec,
  TransactionTypes,
} from "./edge/transaction/declared-types.ts";
export { createEntityContext, type EntityContext, type EntityDriver } from "./edge/transaction/entity-context.ts";
export type { ImperativeOptions } from "./edge/transaction/imperative.ts";
export { type MappedRoute, mapRoute } from "./edge/transaction/map-route.ts";
export { memoryDriver } from "./edge/transaction/memory-driver.ts";
export { SequentialError } from "./edge/transaction/sequential-error.ts";
export type { ServerContext } from "./edge/transaction/server-context.ts";
export type { Tx, TxTable, Written } from "./edge/transaction/tx.ts";
export type { WhereInput } from "./edge/transaction/where-input.ts";
