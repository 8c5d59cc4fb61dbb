/** The signed-in caller of a route, hook or middleware, or 401 ([U6]). */

import type { Principal, User } from "../core/scope/principal.ts";
import { UnauthorizedError } from "../define/http-error.ts";

export function requireUser({ user }: { readonly user: Principal }): User {
  if (user.kind === "anonymous") throw new UnauthorizedError();
  return user;
}
