/**
 * One request, from arrival to response: ids and log, secret, route, caller, middleware, endpoint. Whatever is thrown on the
 * way becomes a problem here and nowhere else; a defect is logged with its stack and shown by its request id only.
 */

import { Fault, type FaultData } from "../core/fault.ts";
import { createLogger, errorFields, type Logger, parseLogLevel } from "../core/log.ts";
import { problemReply } from "../core/protocol/problem.ts";
import { ANONYMOUS } from "../core/scope/principal.ts";
import { HttpError } from "../define/http-error.ts";
import type { CredentialUse } from "./app-options.ts";
import { ObjectFault } from "./call-object.ts";
import { consoleSink } from "./console-sink.ts";
import type { Edge } from "./edge.ts";
import type { Answer, Endpoint } from "./endpoint.ts";
import { isDevelopment, type LedgeEnv, type Lifetime } from "./env.ts";
import type { Arrival, Exchange } from "./exchange.ts";
import { finish, isUnder } from "./finish.ts";
import { routeContext } from "./route-context.ts";
import type { Match, Params } from "./router.ts";
import { secretProblem } from "./secret.ts";
import { openTrace, type Trace } from "./trace.ts";

export async function serve(edge: Edge, request: Request, env: LedgeEnv, lifetime: Lifetime): Promise<Response> {
  const startedMs = Date.now();
  const url = new URL(request.url);
  const trace = openTrace(request.headers);
  const log = loggerOf(edge, env, trace);
  const arrival: Arrival = { edge, request, url, env, lifetime, trace, nowMs: startedMs, log };
  const match = edge.match(request.method, url.pathname);
  const seen: { principal?: string } = {};
  let answer: Answer;
  try {
    answer = await respond(arrival, match, seen);
  } catch (error) {
    answer = problemOf(arrival, error);
  }
  const response = finish(arrival, answer);
  logRequest(arrival, match, response.status, seen.principal);
  return response;
}

async function respond(arrival: Arrival, match: Match<Endpoint>, seen: { principal?: string }): Promise<Answer> {
  // Health can be asked where nothing else can.
  if (match.kind !== "found" || match.handler.kind !== "open") requireSecret(arrival);
  switch (match.kind) {
    case "none":
      throw new Fault({ slug: "not-found" });
    case "wrong-method":
      throw new Fault({ slug: "method-not-allowed", allow: match.allow });
    case "options":
      return optionsReply(arrival, match.allow);
    case "found": {
      const { handler, params } = match;
      if (handler.kind === "open") return handler.run(arrival, params);
      const exchange = await identify(arrival, handler.credentials);
      if (exchange.principal.kind === "user") seen.principal = exchange.principal.id;
      const hasLayers = (arrival.edge.options.middleware ?? []).length > 0;
      return hasLayers ? throughMiddleware(exchange, params, handler) : handler.run(exchange, params);
    }
  }
}

function requireSecret({ edge, url, env, log }: Arrival): void {
  const problem = isUnder(edge.basePath, url.pathname) ? secretProblem(env, edge.secretNames) : null;
  if (problem === null) return;
  log.error("refused to serve", { reason: problem });
  throw new Fault({ slug: "unavailable", retryAfter: 60 });
}

/** A promise only where a token has to be verified. */
function identify(arrival: Arrival, use: CredentialUse = "checked"): Exchange | Promise<Exchange> {
  const { edge, request, url, env, nowMs, log } = arrival;
  if (use === "ignored") return { ...arrival, principal: ANONYMOUS };
  if (use === "forgiven") return forgive(arrival);
  const principal = edge.authenticate({ method: request.method, headers: request.headers, url, env, nowMs, log });
  return principal instanceof Promise
    ? principal.then((known) => ({ ...arrival, principal: known }))
    : { ...arrival, principal };
}

/** Bad credentials count as none; whatever else goes wrong is told. */
async function forgive(arrival: Arrival): Promise<Exchange> {
  try {
    return await identify(arrival);
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "unauthorized") return { ...arrival, principal: ANONYMOUS };
    throw error;
  }
}

type Known = Extract<Endpoint, { kind: "known" }>;

/** The application's layers, the first one outermost; each sees finished responses, never an exception of a later one. */
function throughMiddleware(exchange: Exchange, params: Params, endpoint: Known): Promise<Response> {
  const layers = exchange.edge.options.middleware ?? [];
  const context = routeContext(exchange, params);
  const at = async (index: number): Promise<Response> => {
    try {
      const layer = layers[index];
      const answer =
        layer === undefined ? await endpoint.run(exchange, params) : await layer(context, () => at(index + 1));
      return answer instanceof Response ? answer : new Response(answer.body, answer);
    } catch (error) {
      const problem = problemOf(exchange, error);
      return new Response(problem.body, problem);
    }
  };
  return at(0);
}

function optionsReply({ edge, request }: Arrival, allow: readonly string[]): Answer {
  const origin = request.headers.get("origin");
  const isPreflight = origin !== null && request.headers.has("access-control-request-method");
  const preflight = isPreflight ? (edge.cors?.preflight(origin, allow) ?? {}) : {};
  return { status: 204, headers: { allow: allow.join(", "), ...preflight }, body: null };
}

function problemOf({ url, trace, env, edge, log }: Arrival, error: unknown) {
  const place = { instance: url.pathname, requestId: trace.requestId };
  if (error instanceof Fault) {
    const reply = problemReply(error.data, place, error instanceof HttpError ? error.message : undefined);
    if (!(error instanceof ObjectFault) || error.position === null) return reply;
    return { ...reply, headers: { ...reply.headers, "ledge-seq": error.position } };
  }
  log.error("defect", errorFields(error));
  const isShown = edge.options.debug ?? isDevelopment(env);
  const detail = isShown ? (error instanceof Error ? `${error.name}: ${error.message}` : String(error)) : undefined;
  return problemReply({ slug: "internal-error" } satisfies FaultData, place, detail);
}

/** Also of work that no request has begun (`outside-request.ts`). */
export function loggerOf({ options }: Edge, env: LedgeEnv, { requestId, traceId }: Trace): Logger {
  const { logLevel, sink } = options.observability ?? {};
  return createLogger({
    level: logLevel ?? parseLogLevel(env.LEDGE_LOG_LEVEL),
    sink: sink ?? consoleSink,
    now: Date.now,
    fields: traceId === null ? { requestId } : { requestId, traceId },
  });
}

/** One line a request. The path goes without its query: filters hold personal data. */
function logRequest(
  { request, url, log, nowMs }: Arrival,
  match: Match<Endpoint>,
  status: number,
  principal: string | undefined,
): void {
  const level = status >= 500 ? "error" : "info";
  if (!log.isOn(level)) return;
  log[level]("request", {
    method: request.method,
    path: url.pathname,
    route: match.kind === "none" ? null : match.pattern,
    status,
    durationMs: Date.now() - nowMs,
    principal: principal ?? null,
  });
}
