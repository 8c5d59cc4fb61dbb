/**
 * `GET /subscribe` and `GET /aggregate/subscribe` — a watch as an event stream ([SS1]–[SS12]). The Worker holds the response and a socket
 * to the object, so the object may sleep. What is wrong with the request is answered before the stream opens, like a list.
 */

import { invalidField } from "../../core/fault.ts";
import type { JsonObject } from "../../core/json.ts";
import type { WatchFrame } from "../../core/live/client-frames.ts";
import { parseSince } from "../../core/live/position.ts";
import { AGGREGATE_PARAMETERS } from "../../core/query/aggregate.ts";
import { type Parameters, parseFlag } from "../../core/query/parameters.ts";
import type { Answer } from "../endpoint.ts";
import type { TableRequest } from "../exchange.ts";
import { checkLiveOrigin } from "../live/check-live-origin.ts";
import { liveOpening } from "../live/live-opening.ts";
import { openSocket } from "../live/open-socket.ts";
import { streamWatch } from "../live/stream-watch.ts";
import { readQuery } from "./read-access.ts";

/** `knownIds` and `heartbeat` are accepted for clients that send them. */
const STREAM_PARAMETERS = ["filter", "resumeFrom", "knownIds", "heartbeat"];
const ROW_PARAMETERS = [...STREAM_PARAMETERS, "select", "include", "orderBy", "limit", "events", "skipExisting"];

export function subscribeRows(request: TableRequest): Promise<Answer> {
  const parameters = readQuery(request, ROW_PARAMETERS);
  const limit = parameters.get("limit");
  if (limit !== undefined && !/^[0-9]{1,9}$/.test(limit)) throw invalidField("limit", "must be an integer ≥ 1");
  const texts = ["select", "include", "orderBy", "events"].flatMap((name) =>
    parameters.has(name) ? [[name, parameters.get(name)] as const] : [],
  );
  return stream(request, parameters, {
    ...Object.fromEntries(texts),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(parseFlag("skipExisting", parameters.get("skipExisting")) ? { skipExisting: true } : {}),
  });
}

export function subscribeAggregate(request: TableRequest): Promise<Answer> {
  const parameters = readQuery(request, [...STREAM_PARAMETERS, ...AGGREGATE_PARAMETERS]);
  const aggregate: JsonObject = Object.fromEntries(
    AGGREGATE_PARAMETERS.flatMap((name) => (parameters.has(name) ? [[name, parameters.get(name) ?? ""]] : [])),
  );
  return stream(request, parameters, { aggregate });
}

async function stream(request: TableRequest, parameters: Parameters, watch: Partial<WatchFrame>): Promise<Answer> {
  checkLiveOrigin(request);
  const subscriptionId = crypto.randomUUID();
  const opening = await liveOpening(request, subscriptionId);
  const start = startOf(request, parameters.get("resumeFrom"));
  const answer = await openSocket(request, opening);
  const socket = answer.webSocket;
  if (answer.status !== 101 || socket === null) return answer;
  const filter = parameters.get("filter");
  return streamWatch(request, socket, {
    subscriptionId,
    isPurging: start.kind === "unknown",
    watch: {
      type: "watch",
      id: 1,
      resource: request.entry.path,
      ...(filter === undefined ? {} : { filter }),
      ...watch,
      ...(start.kind === "fresh" ? {} : { since: start.since }),
    },
  });
}

type Start =
  | { readonly kind: "fresh" }
  | { readonly kind: "resume"; readonly since: string }
  /** A position that cannot be resumed, since nothing tells what was asked under it. */
  | { readonly kind: "unknown"; readonly since: string };

/** `Last-Event-ID` wins over the parameter ([SS5]). */
function startOf({ request }: TableRequest, parameter: string | undefined): Start {
  const header = request.headers.get("last-event-id");
  const name = header === null ? "resumeFrom" : "last-event-id";
  const text = header ?? parameter ?? "";
  if (text === "" || /^(0|-[0-9]{1,16})$/.test(text)) return { kind: "fresh" };
  if (parseSince(text) !== null) return { kind: "resume", since: text };
  if (/^([a-z2-7]{16}:)?[0-9]{1,16}$/.test(text)) return { kind: "unknown", since: "none" };
  throw invalidField(name, "must be the id of an event of this stream, or 0");
}
