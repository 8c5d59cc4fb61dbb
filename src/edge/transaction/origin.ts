/** For whom a transaction runs, and from where: a request over HTTP, or server code with the rights of a caller or of the system ([TX8]). */

import type { Exchange } from "../exchange.ts";

export type Rights =
  /** Scopes of the caller. */
  | { readonly kind: "caller" }
  /** None: code of the server, which says why ([TX8] [TX9]). */
  | { readonly kind: "system"; readonly reason: string };

export interface Origin {
  readonly exchange: Exchange;
  readonly rights: Rights;
  /** What a client sends is bound by capabilities and by what clients may filter by; server code is not. */
  readonly door: "http" | "code";
}

/** A line in the log for every transaction without scopes. */
export function audit({ exchange, rights }: Origin): void {
  if (rights.kind !== "system") return;
  const { principal, log, url } = exchange;
  log.info("transaction with the rights of the system", {
    reason: rights.reason,
    path: url.pathname,
    principal: principal.kind === "user" ? principal.id : null,
  });
}
