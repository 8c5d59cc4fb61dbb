/**
 * Guards for routes and middleware ([Z6] [Z7]): each gives the signed-in caller or throws the answer. They see the principal only,
 * so they hold for every way of signing in; roles and the verified mail come from claims that only servers write.
 */

import { Fault } from "../core/fault.ts";
import type { User } from "../core/scope/principal.ts";
import { ForbiddenError } from "../define/http-error.ts";
import type { Middleware, RouteContext, RouteHandler } from "./app-options.ts";
import { isUnder } from "./finish.ts";
import { requireUser } from "./require-user.ts";

type Caller = Parameters<typeof requireUser>[0];

/** 401 for strangers, 403 without the role. */
export function requireRole(caller: Caller, role: string): User {
  return requireAnyRole(caller, [role]);
}

/** The same, where one of several roles is enough. */
export function requireAnyRole(caller: Caller, roles: readonly string[]): User {
  const user = requireUser(caller);
  if (!roles.some((role) => user.roles.includes(role))) {
    throw new ForbiddenError(`This needs the role ${roles.join(" or ")}`);
  }
  return user;
}

/** 403 with reason `unverified-email` unless the claim `email_verified` is true. */
export function requireVerifiedEmail(caller: Caller): User {
  const user = requireUser(caller);
  if (user.claims.email_verified === true) return user;
  throw new Fault({ slug: "forbidden", reason: "unverified-email", detail: "Confirm your email address first" });
}

/** Middleware: 401 under the base path for whoever is not signed in, but for signing in itself. Pages elsewhere are not touched. */
export const enforceAuth: Middleware = (context, next) => {
  const { basePath, url } = context;
  if (isUnder(basePath, url.pathname) && !isUnder(`${basePath}/auth`, url.pathname)) requireUser(context);
  return next();
};

/** A route for signed-in callers only; its handler is given the user. */
export function withAuth(handler: (context: RouteContext, user: User) => unknown): RouteHandler {
  return (context) => handler(context, requireUser(context));
}
