/**
 * Whether a page may open a socket or a stream with the browser's own credentials ([WS1]): from this origin, or one that cross-origin access
 * with credentials is configured for. Browsers do not hold sockets back by themselves. A token in a header was put there by its owner.
 */

import { Fault } from "../../core/fault.ts";
import type { Exchange } from "../exchange.ts";

export function checkLiveOrigin({ request, url, edge }: Exchange): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === url.origin || request.headers.has("authorization")) return;
  const allowed = edge.cors?.headers(origin) ?? {};
  if (allowed["access-control-allow-credentials"] === "true") return;
  // Without a cookie the page acts as anyone could.
  if (!request.headers.has("cookie") && allowed["access-control-allow-origin"] !== undefined) return;
  throw new Fault({ slug: "forbidden", reason: "origin", detail: "The request comes from another site" });
}
