/**
 * The paths of the tables ([HT1] [HT2] [HT13], section 2). A fixed handful of patterns serves any number of tables; what a
 * table offers at each is made once per table. Segments that later endpoints will take (`batch`, `search`, …) are closed
 * already, so that no row can hide behind them.
 */

import { RESERVED_IDS } from "../core/ids.ts";
import type { BatchOperation, Capability } from "../core/schema/table-spec.ts";
import type { AnyResource } from "../define/resource.ts";
import type { TableEndpoint } from "./app-options.ts";
import type { TableEntry } from "./edge.ts";
import type { Answer, Endpoint } from "./endpoint.ts";
import { aggregateRows } from "./endpoints/aggregate.ts";
import { createBatch, deleteBatch, replaceBatch, updateBatch, upsertBatch } from "./endpoints/batch.ts";
import { countRows } from "./endpoints/count.ts";
import { getRow } from "./endpoints/get.ts";
import { listRows } from "./endpoints/list.ts";
import { openLive, openLiveFor } from "./endpoints/live.ts";
import { openTable, rowIdOf } from "./endpoints/open-table.ts";
import { searchRows } from "./endpoints/search.ts";
import { subscribeAggregate, subscribeAggregateFor, subscribeRows, subscribeRowsFor } from "./endpoints/subscribe.ts";
import { createRow, deleteRow, replaceRow, restoreRow, updateRow } from "./endpoints/writes.ts";
import type { Exchange, TableRequest } from "./exchange.ts";
import { withTicket } from "./live/with-ticket.ts";
import type { Reply } from "./reply.ts";
import type { Methods, Params, Route } from "./router.ts";

type Handler = (request: TableRequest, params: Params) => Promise<Answer>;

interface Offer {
  readonly method: string;
  readonly capability?: Capability;
  /** A further condition on the table. */
  readonly isOffered?: (resource: AnyResource, tables: ReadonlyMap<string, TableEntry>) => boolean;
  readonly handler: Handler;
  /** Asked before anything is known of the caller's rights; null: nothing settles the request beforehand. */
  readonly direct?: (exchange: Exchange, entry: TableEntry, params: Params) => Promise<Answer> | null;
}

const OFFERS: Readonly<Record<string, readonly Offer[]>> = {
  "": [
    { method: "GET", handler: listRows },
    { method: "POST", capability: "create", handler: createRow },
  ],
  "/batch": [
    { method: "POST", capability: "create", isOffered: takesBatch("create"), handler: createBatch },
    { method: "PATCH", capability: "update", isOffered: takesBatch("update"), handler: updateBatch },
    { method: "PUT", capability: "update", isOffered: takesBatch("replace"), handler: replaceBatch },
    { method: "DELETE", capability: "delete", isOffered: takesBatch("delete"), handler: deleteBatch },
  ],
  "/batch/upsert": [{ method: "POST", capability: "update", isOffered: takesBatch("upsert"), handler: upsertBatch }],
  "/count": [{ method: "GET", handler: countRows }],
  "/search": [{ method: "GET", capability: "search", handler: searchRows }],
  "/aggregate": [{ method: "GET", capability: "aggregate", handler: aggregateRows }],
  "/live": [{ method: "GET", capability: "subscribe", handler: openLive, direct: withTicket(openLiveFor) }],
  "/subscribe": [
    { method: "GET", capability: "subscribe", handler: subscribeRows, direct: withTicket(subscribeRowsFor) },
  ],
  "/aggregate/subscribe": [
    {
      method: "GET",
      capability: "subscribe",
      isOffered: ({ spec }) => spec.capabilities.aggregate,
      handler: subscribeAggregate,
      direct: withTicket(subscribeAggregateFor),
    },
  ],
  "/:id/restore": [{ method: "POST", capability: "update", handler: onRow(restoreRow) }],
  "/:id": [
    { method: "GET", handler: onRow(getRow) },
    { method: "PATCH", capability: "update", handler: onRow(updateRow) },
    { method: "PUT", capability: "update", handler: onRow(replaceRow) },
    { method: "DELETE", capability: "delete", handler: onRow(deleteRow) },
  ],
};

/** `further` are the endpoints of features; they come after the product's own. */
export function tableRoutes(
  basePath: string,
  tables: ReadonlyMap<string, TableEntry>,
  further: readonly TableEndpoint[] = [],
): Route<Endpoint>[] {
  const paths = new Map<string, Offer[]>(Object.entries(OFFERS).map(([path, offers]) => [path, [...offers]]));
  for (const { path, run, ...offer } of further) {
    const there = paths.get(path) ?? [];
    paths.set(path, [...there, { ...offer, handler: run }]);
  }
  return [`${basePath}/@:partition/:table`, `${basePath}/:table`].flatMap((root) =>
    [...paths].map(([path, offers]) => tableRoute(`${root}${path}`, offers, tables)),
  );
}

function tableRoute(
  pattern: string,
  offers: readonly Offer[],
  tables: ReadonlyMap<string, TableEntry>,
): Route<Endpoint> {
  // A partitioned table has no path without its partition, and the other way about.
  const isPartitioned = pattern.includes("/@:partition/");
  const served = [...tables].filter(([, { resource }]) => (resource.spec.partitionBy !== null) === isPartitioned);
  const made = new Map(served.map(([path, entry]) => [path, methodsOf(entry, offers, tables)]));
  return {
    pattern,
    closed: true,
    methods: ({ table = "", id }) => (id !== undefined && RESERVED_IDS.has(id) ? null : (made.get(table) ?? null)),
  };
}

/** Null when nothing is left: switched-off capabilities take their methods away, and a path without any is no path. */
function methodsOf(
  entry: TableEntry,
  offers: readonly Offer[],
  tables: ReadonlyMap<string, TableEntry>,
): Methods<Endpoint> | null {
  const { spec } = entry.resource;
  const kept = offers.filter(
    ({ capability, isOffered }) =>
      (capability === undefined || spec.capabilities[capability]) &&
      (isOffered === undefined || isOffered(entry.resource, tables)),
  );
  return kept.length === 0 ? null : Object.fromEntries(kept.map((offer) => [offer.method, endpointOf(entry, offer)]));
}

function endpointOf(entry: TableEntry, { handler, direct }: Offer): Endpoint {
  return {
    kind: "known",
    run(exchange, params) {
      const settled = direct?.(exchange, entry, params) ?? null;
      if (settled !== null) return settled;
      const request = openTable(exchange, entry, params);
      return request instanceof Promise ? request.then((opened) => handler(opened, params)) : handler(request, params);
    },
  };
}

function onRow(handler: (request: TableRequest, idOf: () => ReturnType<typeof rowIdOf>) => Promise<Reply>): Handler {
  // The id is read where its step comes: after the caller's rights, before the rest.
  return (request, params) => handler(request, () => rowIdOf(request, params));
}

/** Capability `batch` takes all of its routes away, a limit of 0 one ([HT13] [HT46]). */
function takesBatch(operation: BatchOperation): (resource: AnyResource) => boolean {
  return ({ spec }) => spec.capabilities.batch && spec.batch.limits[operation] > 0;
}
