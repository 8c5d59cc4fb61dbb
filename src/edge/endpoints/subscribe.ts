/**
 * `GET /subscribe` and `GET /aggregate/subscribe` — a watch as an event stream ([SS1]–[SS12]). The Worker holds the response and a socket
 * to the object, so the object may sleep. What is wrong with the request is answered before the stream opens, like a list.
 */

import { invalidField } from "../../core/fault.ts";
import type { JsonObject } from "../../core/json.ts";
import type { WatchFrame } from "../../core/live/client-frames.ts";
import { parseSince } from "../../core/live/position.ts";
import type { LiveOpening } from "../../core/protocol/live-opening.ts";
import { AGGREGATE_PARAMETERS } from "../../core/query/aggregate.ts";
import { type Parameters, parseFlag } from "../../core/query/parameters.ts";
import type { TableEntry } from "../edge.ts";
import type { Answer } from "../endpoint.ts";
import type { Exchange, TableRequest } from "../exchange.ts";
import { checkLiveOrigin } from "../live/check-live-origin.ts";
import { liveOpening } from "../live/live-opening.ts";
import { openSocket } from "../live/open-socket.ts";
import { streamWatch } from "../live/stream-watch.ts";
import type { TicketHandler } from "../live/with-ticket.ts";
import { readQuery } from "./read-access.ts";

/** `knownIds` and `heartbeat` are accepted for clients that send them. */
const STREAM_PARAMETERS = ["filter", "resumeFrom", "knownIds", "heartbeat", "ticket"];
const ROW_PARAMETERS = [...STREAM_PARAMETERS, "row", "select", "include", "orderBy", "limit", "events", "skipExisting"];

export async function subscribeRows(request: TableRequest): Promise<Answer> {
  const question = rowsQuestion(request);
  return stream(request, request.entry, await openingOf(request), question);
}

export async function subscribeAggregate(request: TableRequest): Promise<Answer> {
  const question = aggregateQuestion(request);
  return stream(request, request.entry, await openingOf(request), question);
}

/** Streams for the maker of a ticket. */
export const subscribeRowsFor: TicketHandler = async (exchange, entry, opening) =>
  stream(exchange, entry, opening, rowsQuestion(exchange));
export const subscribeAggregateFor: TicketHandler = async (exchange, entry, opening) =>
  stream(exchange, entry, opening, aggregateQuestion(exchange));

interface Question {
  readonly parameters: Parameters;
  readonly watch: Partial<WatchFrame>;
}

function rowsQuestion(exchange: Exchange): Question {
  const parameters = readQuery(exchange, ROW_PARAMETERS);
  const limit = parameters.get("limit");
  if (limit !== undefined && !/^[0-9]{1,9}$/.test(limit)) throw invalidField("limit", "must be an integer ≥ 1");
  const texts = ["row", "select", "include", "orderBy", "events"].flatMap((name) =>
    parameters.has(name) ? [[name, parameters.get(name)] as const] : [],
  );
  const watch = {
    ...Object.fromEntries(texts),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(parseFlag("skipExisting", parameters.get("skipExisting")) ? { skipExisting: true } : {}),
  };
  return { parameters, watch };
}

function aggregateQuestion(exchange: Exchange): Question {
  const parameters = readQuery(exchange, [...STREAM_PARAMETERS, ...AGGREGATE_PARAMETERS]);
  const aggregate: JsonObject = Object.fromEntries(
    AGGREGATE_PARAMETERS.flatMap((name) => (parameters.has(name) ? [[name, parameters.get(name) ?? ""]] : [])),
  );
  return { parameters, watch: { aggregate } };
}

async function openingOf(request: TableRequest): Promise<LiveOpening> {
  checkLiveOrigin(request);
  return liveOpening(request, crypto.randomUUID());
}

async function stream(
  exchange: Exchange,
  entry: TableEntry,
  opening: LiveOpening,
  { parameters, watch }: Question,
): Promise<Answer> {
  const subscriptionId = opening.session;
  const start = startOf(exchange, parameters.get("resumeFrom"));
  const answer = await openSocket(exchange, opening);
  const socket = answer.webSocket;
  if (answer.status !== 101 || socket === null) return answer;
  const filter = parameters.get("filter");
  return streamWatch(exchange, socket, {
    subscriptionId,
    isPurging: start.kind === "unknown",
    watch: {
      type: "watch",
      id: 1,
      resource: entry.path,
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
function startOf({ request }: Exchange, parameter: string | undefined): Start {
  const header = request.headers.get("last-event-id");
  const name = header === null ? "resumeFrom" : "last-event-id";
  const text = header ?? parameter ?? "";
  if (text === "" || /^(0|-[0-9]{1,16})$/.test(text)) return { kind: "fresh" };
  if (parseSince(text) !== null) return { kind: "resume", since: text };
  if (/^([a-z2-7]{16}:)?[0-9]{1,16}$/.test(text)) return { kind: "unknown", since: "none" };
  throw invalidField(name, "must be the id of an event of this stream, or 0");
}
