/**
 * A `watch` frame → the query it asks, under the rights of the socket: the same checks as a list or an aggregate ([LV7] [LA1]).
 * Throws the faults of those.
 */

import { Fault, invalidField } from "../fault.ts";
import { parseRowId, type RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { AGGREGATE_PARAMETERS, type AggregateQuery, parseAggregate } from "../query/aggregate.ts";
import { eq } from "../query/build.ts";
import { parseOrderBy } from "../query/order.ts";
import { parseLimit } from "../query/parameters.ts";
import { parseFilter } from "../query/parse.ts";
import { printFilter } from "../query/print.ts";
import { parseSelect } from "../query/select.ts";
import { conjoin, type Filter } from "../query/tree.ts";
import type { WatchFrame } from "./client-frames.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { LiveQuery, LiveQuestion, LiveTable } from "./live-query.ts";
import { ROW_EVENTS, type RowEvent } from "./transition.ts";

/** A table, and the operators it allows in filters. */
export interface WatchedTable {
  readonly table: LiveTable;
  readonly allowedOperators?: readonly string[] | undefined;
}

export function readQuestion(frame: WatchFrame, watched: WatchedTable): LiveQuestion {
  return { resource: frame.resource, query: readAsked(frame, watched) };
}

function readAsked(frame: WatchFrame, { table, allowedOperators }: WatchedTable): LiveQuery {
  const { spec, operators } = table;
  if (frame.include !== undefined) throw invalidField("include", "is not served on subscriptions");
  const terms: Filter[] = [];
  if (frame.filter !== undefined && frame.filter !== "")
    terms.push(
      parseFilter(frame.filter, {
        table: spec,
        fields: "client",
        ...(operators === undefined ? {} : { operators }),
        parameter: "filter",
        ...(allowedOperators === undefined ? {} : { allowedOperators }),
      }),
    );
  if (frame.row !== undefined) terms.push(eq(spec.primaryKey, readRowId(frame.row, spec)));
  const common = { table: spec.name, where: terms.length === 0 ? "" : printFilter(conjoin(terms)) };
  if (frame.aggregate !== undefined)
    return { ...common, select: null, events: null, window: null, aggregate: readAggregate(frame, spec) };
  const select = parseSelect(frame.select, spec);
  if (select?.includes("_etag") === true)
    throw invalidField("select", "_etag is not a field of subscriptions: each row comes with its tag");
  return {
    ...common,
    select,
    events: readEvents(frame.events),
    window:
      frame.limit === undefined
        ? null
        : {
            orderBy: parseOrderBy(frame.orderBy, spec),
            limit: parseLimit(String(frame.limit), spec.pagination),
          },
    aggregate: checkedOrder(frame, spec),
  };
}

/** Without a limit an order is the client's own business, but it is checked all the same ([LV13]). */
function checkedOrder({ orderBy }: WatchFrame, spec: LiveTable["spec"]): null {
  if (orderBy !== undefined) parseOrderBy(orderBy, spec);
  return null;
}

/** A client need not know what the key column is called. One that no row can have is not found, as in a path. */
function readRowId(text: string, spec: LiveTable["spec"]): RowId {
  const id = parseRowId(text, spec.idKind);
  if (id === null) throw new Fault({ slug: "not-found", resource: spec.name });
  return id;
}

function readAggregate(
  { aggregate = {}, select, orderBy, limit, events, row }: WatchFrame,
  spec: LiveTable["spec"],
): AggregateQuery {
  if (!spec.capabilities.aggregate) throw new Fault({ slug: "not-found" });
  const misplaced = Object.entries({ select, orderBy, limit, events, row }).find(
    ([, value]) => value !== undefined,
  )?.[0];
  if (misplaced !== undefined)
    throw invalidField(misplaced, "does not stand beside aggregate; see the members of aggregate");
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(aggregate as JsonObject)) {
    if (!AGGREGATE_PARAMETERS.includes(name as (typeof AGGREGATE_PARAMETERS)[number]))
      throw invalidField(`aggregate.${name}`, "is not a parameter here", "unknown");
    if (typeof value !== "string" && typeof value !== "boolean" && typeof value !== "number")
      throw invalidField(`aggregate.${name}`, "must be text, a number, or true or false", "type");
    parameters.set(name, String(value));
  }
  if (!parameters.has("limit")) parameters.set("limit", String(LIVE_LIMITS.groups));
  const query = parseAggregate(parameters, spec);
  if (query.limit > LIVE_LIMITS.groups)
    throw invalidField("limit", `is ${query.limit}, limit is ${LIVE_LIMITS.groups}`);
  return query;
}

/** `added,removed` → the kinds told, in one order. */
function readEvents(text: string | undefined): readonly RowEvent[] | null {
  if (text === undefined) return null;
  const names = text.split(",");
  const unknown = names.find(
    (name) => !ROW_EVENTS.includes(name as RowEvent) && name !== "existing" && name !== "invalidate",
  );
  if (unknown !== undefined)
    throw invalidField(
      "events",
      `must be some of ${ROW_EVENTS.join(", ")}, separated by commas, not ${JSON.stringify(unknown)}`,
    );
  const events = ROW_EVENTS.filter((event) => names.includes(event));
  return events.length === ROW_EVENTS.length ? null : events;
}
