/** Who may see and move the copies: administrators, and in development whoever may look into the server. */

import { Fault } from "../../core/fault.ts";
import { isAdmin } from "../../core/scope/principal.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import { mayInspect } from "../../edge/may-inspect.ts";

export function requireOperator({ env, user }: Pick<RouteContext, "env" | "user">): void {
  if (!mayInspect({ env, principal: user }) && !isAdmin(user))
    throw new Fault({ slug: user.kind === "anonymous" ? "unauthorized" : "forbidden" });
}
