/** `ledge/client`: the request half of the client, without DOM or framework. The only entry; the files behind it may move. */

export type { Json } from "../core/json.ts";
export type {
  AppLike,
  Client,
  DescribedTable,
  Partitioned,
  Traits,
  UntypedRow,
  UntypedTable,
  WithTraits,
} from "./app-types.ts";
export { type ClientOptions, createClient } from "./create-client.ts";
export type { RefreshToken, TokenSource, TokenStorage } from "./credentials.ts";
export { type ExecuteOptions, executeRequest } from "./execute-request.ts";
export { fetchPaginated, type NumberedPage } from "./fetch-paginated.ts";
export type { FilterInput } from "./filter-text.ts";
export {
  AuthError,
  CacheError,
  ConflictError,
  DatabaseError,
  ForbiddenError,
  LedgeError,
  type LedgeErrorOptions,
  NotFoundError,
  PreconditionError,
  RateLimitError,
  StorageError,
  TimeoutError,
  TransportError,
  ValidationError,
} from "./ledge-error.ts";
export { forgetClient, getClient, getOrCreateClient } from "./named-clients.ts";
export { newId } from "./new-id.ts";
export type { FetchLike, Platform, SignalLike } from "./platform.ts";
export { createQuery, type Query } from "./query.ts";
export type { RetryPolicy } from "./retry.ts";
export { type Safe, safe } from "./safe.ts";
export type { Selector } from "./selector.ts";
export type { CallOptions } from "./send.ts";
export type {
  Batch,
  Counted,
  CreatedBatch,
  DryRun,
  Groups,
  ListOptions,
  Page,
  SearchPage,
  TableClient,
  Target,
} from "./table-types.ts";
export { etagOf, versionOf } from "./tags.ts";
export { createTypedClient, type ISODateString, type TypedClient } from "./typed-client.ts";
export type {
  FoundAcross,
  SearchAcross,
  SearchAcrossOptions,
  ViewClient,
  ViewListOptions,
  ViewPage,
} from "./view-types.ts";
