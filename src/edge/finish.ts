/**
 * The last step of every reply: the headers that all replies carry (ids, security, caching, cross-origin), and no body
 * for HEAD. A `Response` of application code keeps what it has set itself.
 */

import { BoundedCache } from "./bounded-cache.ts";
import type { Answer } from "./endpoint.ts";
import type { Arrival } from "./exchange.ts";
import type { Reply } from "./reply.ts";
import { STRICT_API_CSP } from "./security-headers.ts";

const API_VARY = "Authorization, Cookie, Origin";

export function finish(arrival: Arrival, answer: Answer): Response {
  const isHead = arrival.request.method === "HEAD";
  if (!(answer instanceof Response)) return finishReply(arrival, answer, isHead ? null : answer.body);
  // Its headers may be immutable, and a socket's response cannot be made anew.
  if (answer.status === 101) return answer;
  const response = new Response(isHead ? null : answer.body, answer);
  const common = { ...fixedHeaders(arrival), ...variableHeaders(arrival) };
  for (const [name, value] of Object.entries(common)) {
    if (name === "vary") addVary(response.headers, value);
    else if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** Headers by what decides them. Copying a made one costs the platform half of what setting its headers one by one does. */
const templates = new WeakMap<object, BoundedCache<string, Headers>>();
const MAX_TEMPLATES = 64;

/** The reply with the fixed headers and the two of its own that hardly vary out of a template, and the rest set on the copy. */
function finishReply(arrival: Arrival, { status, headers }: Reply, body: string | null): Response {
  const { edge, url, env } = arrival;
  const { "cache-control": caching, "content-type": type } = headers;
  const isApi = isUnder(edge.basePath, url.pathname);
  const key = `${url.protocol} ${isApi} ${isApi ? env.STRICT_API_CSP : ""} ${caching} ${type}`;
  let known = templates.get(edge);
  if (known === undefined) {
    known = new BoundedCache(MAX_TEMPLATES);
    templates.set(edge, known);
  }
  let template = known.get(key);
  if (template === undefined) {
    template = new Headers(fixedHeaders(arrival));
    if (caching !== undefined) template.set("cache-control", caching);
    if (type !== undefined) template.set("content-type", type);
    known.set(key, template);
  }
  const response = new Response(body, { status, headers: template });
  const own = response.headers;
  for (const name in headers) {
    if (name !== "cache-control" && name !== "content-type") own.set(name, headers[name] as string);
  }
  const variable = variableHeaders(arrival);
  for (const name in variable) own.set(name, variable[name] as string);
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

/** Those that are the same for every reply of one kind. */
function fixedHeaders({ edge, url, env }: Arrival): Record<string, string> {
  const isApi = isUnder(edge.basePath, url.pathname);
  return {
    ...(url.protocol === "https:" ? edge.securityHeaders.https : edge.securityHeaders.http),
    ...(isApi
      ? { "cache-control": "private, no-store", vary: API_VARY }
      : edge.cors === null
        ? {}
        : { vary: "Origin" }),
    ...(isApi && env.STRICT_API_CSP === "true" ? STRICT_API_CSP : {}),
  };
}

/** Those that follow from the request. */
function variableHeaders({ edge, request, trace }: Arrival): Record<string, string> {
  const headers: Record<string, string> = { "x-request-id": trace.requestId };
  if (trace.traceparent !== null) headers.traceparent = trace.traceparent;
  const origin = edge.cors === null ? null : request.headers.get("origin");
  return origin === null || edge.cors === null ? headers : { ...edge.cors.headers(origin), ...headers };
}
