/**
 * What stands between Ledge and a search engine outside ([S4]): a function that asks it and one that keeps it up to date. Types only,
 * and which table uses which adapter. Ledge never trusts an engine with rights: what it finds is read from the table, under the
 * caller's scope, filter and masks, before anybody is told.
 */

import type { RowId } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import type { SearchHit } from "../core/protocol/search-call.ts";
import type { SearchTerm } from "../core/query/search.ts";
import type { Filter } from "../core/query/tree.ts";
import type { AnyResource } from "./resource.ts";

export interface SearchAdapter {
  /** Part of what the engine was fed by: under another name every table is fed anew. */
  readonly name: string;
  /**
   * The ids of the rows that match, best first, `limitHits` of them at most. It runs in the Worker. A failure is 503 to the client; the
   * signal is aborted when the time is up.
   */
  search(query: EngineQuery, context: EngineContext): Promise<readonly SearchHit[]>;
  /**
   * Brings documents up to date. It runs in the object, one call after another; a call that fails or is cut off comes again until it
   * succeeds, and may have been carried out already. So it must not matter how often a change is applied: take it only where its
   * `version` is above the one the engine holds for that id. Give back the ids that the engine will never take; they are logged and passed over.
   */
  apply(changes: readonly EngineChange[], context: FeedContext): Promise<readonly RejectedChange[] | undefined>;
}

/** Which documents are asked for: those of this table and, where it is partitioned, of this partition only. */
export interface EngineQuery {
  readonly table: string;
  readonly partition: string | null;
  /** What the client wrote, trimmed. */
  readonly q: string;
  /** What Ledge makes of it: words, phrases and prefixes, all of which a row must have. */
  readonly terms: readonly SearchTerm[];
  readonly fields: readonly { readonly name: string; readonly weight: number }[];
  /**
   * The caller's read scope and filter. An engine that narrows by them, over the attributes it was given, wastes no hits on rows that
   * will be dropped; it may also leave them alone.
   */
  readonly scope: Filter;
  readonly filter: Filter;
  readonly limitHits: number;
}

export type EngineChange =
  | {
      readonly kind: "put";
      readonly table: string;
      readonly partition: string | null;
      readonly id: RowId;
      readonly version: number;
      /** The text columns of `search.fields`, in JSON form. */
      readonly fields: Readonly<Record<string, string | null>>;
      /** The columns of `search.attributes`, in JSON form. */
      readonly attributes: Readonly<Record<string, Json>>;
    }
  | {
      readonly kind: "remove";
      readonly table: string;
      readonly partition: string | null;
      readonly id: RowId;
      readonly version: number;
    };

export interface RejectedChange {
  readonly id: RowId;
  readonly reason: string;
}

export interface EngineContext {
  readonly env: unknown;
  readonly signal: AbortSignal;
}

export interface FeedContext extends EngineContext {
  /** `<table>[@<partition>]:<seq>`, the same for every attempt. Versions of one epoch compare; a new epoch begins anew. */
  readonly key: string;
  readonly epoch: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** The adapters by table: the table's own, or the application's for tables that have a search and do not say `adapter: null`. */
export function searchAdaptersOf(
  resources: Iterable<AnyResource>,
  fallback: SearchAdapter | null,
): ReadonlyMap<string, SearchAdapter> {
  const adapters = new Map<string, SearchAdapter>();
  for (const { name, config } of resources) {
    const adapter = config.search?.adapter === undefined ? fallback : config.search.adapter;
    if (config.search !== undefined && adapter !== null) adapters.set(name, adapter);
  }
  return adapters;
}
