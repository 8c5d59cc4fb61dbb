/**
 * `GET /live` — a socket, which ends in the object: the Worker authenticates, resolves what may be followed, and steps aside ([WS1]).
 * `POST /live/ticket` — for callers that can set no header.
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { objectName } from "../../core/ids.ts";
import { SUBPROTOCOL } from "../../core/live/wire-schema.ts";
import type { TableEntry } from "../edge.ts";
import type { Answer } from "../endpoint.ts";
import type { Exchange, TableRequest } from "../exchange.ts";
import { checkLiveOrigin } from "../live/check-live-origin.ts";
import { liveOpening } from "../live/live-opening.ts";
import { openSocket } from "../live/open-socket.ts";
import { openTicket, sealTicket, TICKET_TTL_S } from "../live/ticket.ts";
import { readJsonObject } from "../read-body.ts";
import { jsonReply } from "../reply.ts";
import type { Params } from "../router.ts";
import { openTable } from "./open-table.ts";

export async function openLive(request: TableRequest): Promise<Answer> {
  checkUpgrade(request);
  checkLiveOrigin(request);
  return relay(request, await openSocket(request, await liveOpening(request, crypto.randomUUID())));
}

/** A socket with `?ticket=`: who it is for was settled when the ticket was made. Null: there is none. */
export function openWithTicket(exchange: Exchange, entry: TableEntry, { partition }: Params): Promise<Answer> | null {
  const ticket = exchange.url.searchParams.get("ticket");
  if (ticket === null) return null;
  const open = async (): Promise<Answer> => {
    checkUpgrade(exchange);
    const opening = await openTicket(exchange.env, ticket, exchange.nowMs);
    const { spec } = entry.resource;
    const object = objectName(exchange.edge.definition.name, spec.group, partition ?? null);
    if (opening.object !== object || opening.table !== entry.resource.name)
      throw new Fault({
        slug: "unauthorized",
        reason: "invalid-credentials",
        detail: "The ticket is for another resource",
      });
    return relay(exchange, await openSocket(exchange, opening));
  };
  return open();
}

export async function makeTicket(exchange: Exchange): Promise<Answer> {
  const { resource, partition } = await readJsonObject(exchange.request);
  if (typeof resource !== "string") throw invalidField("resource", "must be the path of a table");
  if (partition !== undefined && typeof partition !== "string") throw invalidField("partition", "must be text");
  const entry = exchange.edge.tables.get(resource);
  const isPlaced = (entry?.resource.spec.partitionBy === null) === (partition === undefined);
  if (entry === undefined || !isPlaced || !entry.resource.spec.capabilities.subscribe)
    throw new Fault({ slug: "not-found", resource });
  const request = await openTable(exchange, entry, partition === undefined ? {} : { partition });
  const opening = await liveOpening(request, crypto.randomUUID());
  return jsonReply({ ticket: await sealTicket(exchange.env, opening, exchange.nowMs), expiresIn: TICKET_TTL_S });
}

function checkUpgrade({ request }: Exchange): void {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
    throw invalidField("upgrade", "must be websocket: this path opens a socket");
}

/** The subprotocol is answered where it was asked for, as browsers demand. */
function relay({ request }: Exchange, answer: Response): Response {
  if (answer.status !== 101) return answer;
  const asked = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const headers = asked.includes(SUBPROTOCOL) ? { "sec-websocket-protocol": SUBPROTOCOL } : {};
  return new Response(null, { status: 101, webSocket: answer.webSocket, headers });
}
