/** Who may see how the application is made (the tables as data, query plans) and operate it: administrators, and everyone while developing. */

import { Fault } from "../core/fault.ts";
import { isAdmin } from "../core/scope/principal.ts";
import { isDevelopment } from "./env.ts";
import type { Exchange } from "./exchange.ts";

export function mayInspect({ env, principal }: Pick<Exchange, "env" | "principal">): boolean {
  return isDevelopment(env) || isAdmin(principal);
}

export function requireOperator(caller: Pick<Exchange, "env" | "principal">): void {
  if (mayInspect(caller)) return;
  throw new Fault({ slug: caller.principal.kind === "anonymous" ? "unauthorized" : "forbidden" });
}
