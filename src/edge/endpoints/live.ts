/**
 * `GET /live` — a socket, which ends in the object: the Worker authenticates, resolves what may be followed, and steps aside ([WS1]).
 * `POST /live/ticket` — for callers that can set no header.
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { SUBPROTOCOL } from "../../core/live/wire-schema.ts";
import type { Answer } from "../endpoint.ts";
import type { Exchange, TableRequest } from "../exchange.ts";
import { checkLiveOrigin } from "../live/check-live-origin.ts";
import { liveOpening } from "../live/live-opening.ts";
import { openSocket } from "../live/open-socket.ts";
import { sealTicket, shareKey, TICKET_TTL_S } from "../live/ticket.ts";
import type { TicketHandler } from "../live/with-ticket.ts";
import { readJsonObject } from "../read-body.ts";
import { jsonReply } from "../reply.ts";
import { openTable } from "./open-table.ts";

export async function openLive(request: TableRequest): Promise<Answer> {
  checkUpgrade(request);
  checkLiveOrigin(request);
  return relay(request, await openSocket(request, await liveOpening(request, crypto.randomUUID())));
}

/** A socket for the maker of a ticket. */
export const openLiveFor: TicketHandler = async (exchange, _entry, opening) => {
  checkUpgrade(exchange);
  return relay(exchange, await openSocket(exchange, opening));
};

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
  const ticket = await sealTicket(exchange.env, opening, exchange.nowMs);
  const share = await shareKey(exchange.env, opening);
  // The object, so that a client may see which of its tables share a socket; `share`, which of a browser's tabs do.
  return jsonReply({ ticket, expiresIn: TICKET_TTL_S, object: opening.object, share });
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
