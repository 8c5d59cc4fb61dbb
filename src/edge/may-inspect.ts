/** Who may see how the application is made (the tables as data, query plans): administrators, and everyone while developing. */

import { isAdmin } from "../core/scope/principal.ts";
import { isDevelopment } from "./env.ts";
import type { Exchange } from "./exchange.ts";

export function mayInspect({ env, principal }: Pick<Exchange, "env" | "principal">): boolean {
  return isDevelopment(env) || isAdmin(principal);
}
