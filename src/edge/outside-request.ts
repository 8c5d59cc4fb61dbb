/** What code of the server runs with where no request has called it: a queue, an alarm, a cron trigger. Nobody is asking; `asSystem` lifts the scopes. */

import { ANONYMOUS } from "../core/scope/principal.ts";
import type { FeaturePlace } from "./app-options.ts";
import type { Edge } from "./edge.ts";
import type { Exchange } from "./exchange.ts";
import { loggerOf } from "./serve.ts";
import { openTrace } from "./trace.ts";

/** `name` stands in the log as the path: `jobs/mail`. */
export function outsideRequest(edge: Edge, { env, lifetime }: FeaturePlace, name: string): Exchange {
  const request = new Request(`http://ledge.internal/${name}`);
  const trace = openTrace(request.headers);
  const log = loggerOf(edge, env, trace);
  return {
    ...{ edge, request, env, lifetime, trace, log },
    url: new URL(request.url),
    nowMs: Date.now(),
    principal: ANONYMOUS,
  };
}
