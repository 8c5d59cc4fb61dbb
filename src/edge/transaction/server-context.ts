/**
 * What server code runs transactions with: whose rights they have, and the forms that are at hand ([TX8] [TX11]). Routes, mapped routes
 * and code outside of requests get one; `asUser` and `asSystem` give another with other rights.
 */

import type { Logger } from "../../core/log.ts";
import type { Principal, User } from "../../core/scope/principal.ts";
import type { LedgeEnv } from "../env.ts";
import type { Exchange } from "../exchange.ts";
import type { Params } from "../router.ts";
import { createEntityContext, type EntityContext } from "./entity-context.ts";
import { type ImperativeOptions, runImperative } from "./imperative.ts";
import { objectDriver } from "./object-driver.ts";
import type { Origin } from "./origin.ts";
import type { Tx } from "./tx.ts";

/** Under this a context keeps where it came from; copies made with `…` keep it too. */
export const ORIGIN: unique symbol = Symbol("ledge.origin");

export interface ServerContext {
  readonly [ORIGIN]: Origin;
  readonly request: Request;
  readonly params: Params;
  readonly env: LedgeEnv;
  readonly user: Principal;
  readonly requestId: string;
  /** ms since 1970, fixed for the request. */
  readonly now: number;
  readonly log: Logger;
  /**
   * Several operations that take effect together. Reads see the transaction's own writes; where others have changed what was read, the
   * callback runs anew, so it may have no effects but through `tx`.
   */
  transaction<T, Names extends string = string>(
    callback: (tx: Tx<Names>) => Promise<T>,
    options?: ImperativeOptions,
  ): Promise<T>;
  /** Single operations by name of the table, each a transaction of its own. */
  readonly entities: EntityContext;
  /** The same with the rights of another user. */
  asUser(user: User): ServerContext;
  /** The same without scopes; the reason goes into the log. */
  asSystem(reason: string): ServerContext;
}

export function serverContext(origin: Origin, params: Params): ServerContext {
  const { exchange } = origin;
  const { request, env, principal, trace, nowMs, log } = exchange;
  const as = (given: Partial<Origin>) => serverContext({ ...origin, ...given }, params);
  const transaction: ServerContext["transaction"] = (callback, options) => runImperative(origin, callback, options);
  return {
    [ORIGIN]: origin,
    request,
    params,
    env,
    user: principal,
    requestId: trace.requestId,
    now: nowMs,
    log,
    transaction,
    entities: createEntityContext(objectDriver(origin)),
    asUser: (user) => as({ exchange: { ...exchange, principal: user }, rights: { kind: "caller" } }),
    asSystem: (reason) => as({ rights: { kind: "system", reason } }),
  };
}

/** The rights of the caller of a request. */
export function originOf(exchange: Exchange): Origin {
  return { exchange, rights: { kind: "caller" }, door: "code" };
}
