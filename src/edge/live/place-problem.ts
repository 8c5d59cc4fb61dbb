/** A refusal that came from an object over a socket, told as a refusal of the request that asked: its path, its id. */

import type { JsonObject } from "../../core/json.ts";
import type { Exchange } from "../exchange.ts";

/** `headers` are those of the refusal, if it came with any. */
export function placeProblem({ url, trace }: Exchange, problem: JsonObject, headers?: Headers): Response {
  const body = JSON.stringify({ ...problem, instance: url.pathname, requestId: trace.requestId });
  const placed = new Response(body, { status: Number(problem.status), ...(headers === undefined ? {} : { headers }) });
  placed.headers.set("content-type", "application/problem+json");
  if (typeof problem.retryAfter === "number") placed.headers.set("retry-after", String(problem.retryAfter));
  return placed;
}
