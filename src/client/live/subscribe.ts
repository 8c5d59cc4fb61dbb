/** What a caller asks → the request of a watch, and the handle by which a subscription is held. */

import type { JsonObject } from "../../core/json.ts";
import type { WatchRequest } from "../../core/live/client-session.ts";
import { type FilterInput, filterText } from "../filter-text.ts";
import { textOf } from "../parameters.ts";
import type { LiveHub } from "./live-hub.ts";
import type { AggregateCallbacks, LiveCallbacks, SubscriptionHandle } from "./live-types.ts";
import type { LivePlace } from "./request-ticket.ts";
import { Subscriber } from "./subscriber.ts";

export type AnyRow = Readonly<Record<string, unknown>>;
type AnyOptions = Readonly<Record<string, unknown>>;
export type AnyCallbacks = LiveCallbacks<AnyRow> & AggregateCallbacks<AnyRow>;

const AGGREGATE = ["groupBy", "count", "sum", "avg", "min", "max", "having", "orderBy", "limit"];

export function rowsRequest({ resource, partition }: LivePlace, options: AnyOptions): WatchRequest {
  const { limit, skipExisting } = options;
  const texts = ["select", "orderBy", "events"].flatMap((name) => {
    const text = textOf(name, options[name]);
    return text === "" ? [] : [[name, text] as const];
  });
  return {
    ...reached({ resource, partition }, options),
    ...Object.fromEntries(texts),
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(skipExisting === true && { skipExisting }),
  };
}

export function aggregateRequest(place: LivePlace, options: AnyOptions): WatchRequest {
  const aggregate: Record<string, JsonObject[string]> = {};
  for (const name of AGGREGATE) {
    const text = textOf(name, options[name]);
    if (text !== "") aggregate[name] = text;
  }
  return { ...reached(place, options), aggregate };
}

function reached({ resource, partition }: LivePlace, { filter }: AnyOptions): WatchRequest {
  const text = filterText(filter as FilterInput<object> | undefined);
  return { resource, ...(partition !== undefined && { partition }), ...(text !== "" && { filter: text }) };
}

export function subscribe(
  hub: LiveHub,
  place: LivePlace,
  request: WatchRequest,
  {
    callbacks,
    event,
    resumeFrom,
  }: { readonly callbacks: AnyCallbacks; readonly event?: unknown; readonly resumeFrom?: unknown },
): SubscriptionHandle {
  let subscriber = new Subscriber(callbacks, place.resource, event as string | undefined);
  let watch = hub.subscribe(place, request, subscriber, (resumeFrom as string | undefined) ?? null);
  return {
    get key() {
      return watch.key;
    },
    get position() {
      return hub.positionOf(watch.key);
    },
    get status() {
      return watch.subscribers.has(subscriber) ? watch.status : "offline";
    },
    isSubscribed: () => watch.subscribers.has(subscriber) && watch.state === "SUBSCRIBED",
    getState: () => (watch.subscribers.has(subscriber) ? watch.state : "CLOSED"),
    reconnect: () => hub.reconnect(watch),
    resumeFrom(position) {
      const before = watch;
      const old = subscriber;
      subscriber = new Subscriber(callbacks, place.resource, event as string | undefined);
      watch = hub.subscribe(place, request, subscriber, position);
      hub.leave(before, old);
    },
    unsubscribe: () => hub.unsubscribe(watch, subscriber),
  };
}
