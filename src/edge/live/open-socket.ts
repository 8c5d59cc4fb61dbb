/** A socket from the Worker to an object: the opening goes along in a header, the object's own fault comes back as it is. */

import { LIVE_HEADER, type LiveOpening } from "../../core/protocol/live-opening.ts";
import type { Exchange } from "../exchange.ts";

/** 101 with the socket, or the refusal. */
export function openSocket({ env }: Exchange, opening: LiveOpening): Promise<Response> {
  // Headers are Latin-1: names of partitions and texts of scopes may be more.
  const text = JSON.stringify(opening).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const headers = { upgrade: "websocket", [LIVE_HEADER]: text };
  return env.LEDGE_TABLES.getByName(opening.object).fetch("https://object/live", { headers });
}
