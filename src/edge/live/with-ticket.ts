/**
 * Requests that come with `?ticket=` in place of credentials ([WS1]): who they are for was settled when the ticket was made, for one
 * resource. Without one, the request is authenticated like any other.
 */

import { Fault } from "../../core/fault.ts";
import { objectName } from "../../core/ids.ts";
import type { LiveOpening } from "../../core/protocol/live-opening.ts";
import type { TableEntry } from "../edge.ts";
import type { Answer } from "../endpoint.ts";
import type { Exchange } from "../exchange.ts";
import type { Params } from "../router.ts";
import { openTicket } from "./ticket.ts";

export type TicketHandler = (exchange: Exchange, entry: TableEntry, opening: LiveOpening) => Promise<Answer>;

/** Null: there is no ticket. */
export function withTicket(
  handler: TicketHandler,
): (exchange: Exchange, entry: TableEntry, params: Params) => Promise<Answer> | null {
  return (exchange, entry, { partition }) => {
    const ticket = exchange.url.searchParams.get("ticket");
    if (ticket === null) return null;
    const open = async (): Promise<Answer> => {
      const opening = await openTicket(exchange.env, ticket, exchange.nowMs);
      const { spec } = entry.resource;
      const object = objectName(exchange.edge.definition.name, spec.group, partition ?? null);
      if (opening.object !== object || opening.table !== entry.resource.name)
        throw new Fault({
          slug: "unauthorized",
          reason: "invalid-credentials",
          detail: "The ticket is for another resource",
        });
      return handler(exchange, entry, opening);
    };
    return open();
  };
}
