/**
 * The last step of every reply: the headers that all replies carry (ids, security, caching, cross-origin), and no body
 * for HEAD. A `Response` of application code keeps what it has set itself.
 */

import type { Answer } from "./endpoint.ts";
import type { Arrival } from "./exchange.ts";
import { STRICT_API_CSP } from "./security-headers.ts";

const API_VARY = "Authorization, Cookie, Origin";

export function finish(arrival: Arrival, answer: Answer): Response {
  const common = commonHeaders(arrival);
  const isHead = arrival.request.method === "HEAD";
  if (!(answer instanceof Response)) {
    return new Response(isHead ? null : answer.body, {
      status: answer.status,
      headers: { ...common, ...answer.headers },
    });
  }
  // Its headers may be immutable, and a socket's response cannot be made anew.
  if (answer.status === 101) return answer;
  const response = new Response(isHead ? null : answer.body, answer);
  for (const [name, value] of Object.entries(common)) {
    if (name === "vary") addVary(response.headers, value);
    else if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** What the answer already varies by stays; what it depends on beyond that is added, so that no cache mixes callers. */
function addVary(headers: Headers, names: string): void {
  const known = (headers.get("vary") ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  if (known.includes("*")) return;
  const missing = names.split(", ").filter((name) => !known.includes(name.toLowerCase()));
  if (missing.length > 0) headers.append("vary", missing.join(", "));
}

/** Whether the path is the base path or lies under it. */
export function isUnder(basePath: string, path: string): boolean {
  return path.startsWith(basePath) && (path.length === basePath.length || path.charCodeAt(basePath.length) === SLASH);
}

const SLASH = 47;

function commonHeaders({ edge, request, url, env, trace }: Arrival): Record<string, string> {
  const isApi = isUnder(edge.basePath, url.pathname);
  const origin = request.headers.get("origin");
  return {
    ...(url.protocol === "https:" ? edge.securityHeaders.https : edge.securityHeaders.http),
    ...(isApi
      ? { "cache-control": "private, no-store", vary: API_VARY }
      : edge.cors === null
        ? {}
        : { vary: "Origin" }),
    ...(isApi && env.STRICT_API_CSP === "true" ? STRICT_API_CSP : {}),
    ...(origin !== null && edge.cors !== null ? edge.cors.headers(origin) : {}),
    "x-request-id": trace.requestId,
    traceparent: trace.traceparent,
  };
}
