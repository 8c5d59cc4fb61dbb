/** A socket from the Worker to an object: the opening goes along in a header, the object's refusal becomes the request's. */

import type { JsonObject } from "../../core/json.ts";
import { LIVE_HEADER, type LiveOpening } from "../../core/protocol/live-opening.ts";
import type { Exchange } from "../exchange.ts";
import { placeProblem } from "./place-problem.ts";

/** 101 with the socket, or the refusal. */
export async function openSocket(exchange: Exchange, opening: LiveOpening): Promise<Response> {
  // Headers are Latin-1: names of partitions and texts of scopes may be more.
  const text = JSON.stringify(opening).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const headers = { upgrade: "websocket", [LIVE_HEADER]: text };
  const answer = await exchange.env.LEDGE_TABLES.getByName(opening.object).fetch("https://object/live", { headers });
  return answer.status === 101 ? answer : placeProblem(exchange, await answer.json<JsonObject>(), answer.headers);
}
