/**
 * `ledge/client/tanstack-db`: tables as collections of TanStack DB. The library is the application's own; only its types are known here.
 */

export { type CollectionOptions, ledgeCollectionOptions } from "./tanstack-db/collection-options.ts";
