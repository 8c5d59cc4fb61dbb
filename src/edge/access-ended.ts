/**
 * Access that has ended before its time ([RV6]): somebody signed out, a key was revoked, a password was reset. Sign-in tells it here, once it
 * is stored, as `context.accessEnded(…)`; whoever keeps something open for that caller hears of it and closes it: features by
 * `onAccessEnded`, the edge's own listeners by a line in `LISTENERS`. What expires by itself is not told: sockets know when.
 */

import { errorFields } from "../core/log.ts";
import type { AccessEnded } from "../core/scope/access-ended.ts";
import type { Exchange } from "./exchange.ts";
import { endSockets } from "./live/end-sockets.ts";

/** May run again for the same end; rejects when somebody could not be told, which is logged. */
export type AccessListener = (ended: AccessEnded, exchange: Exchange) => Promise<void>;

const LISTENERS: readonly AccessListener[] = [endSockets];

/** Tells all of them, beside the answer. */
export function accessEnded(exchange: Exchange, ended: AccessEnded): void {
  const { edge, env, log, lifetime } = exchange;
  const heard = async (listener: () => Promise<void>) => {
    try {
      await listener();
    } catch (error) {
      log.error("somebody was not told that access has ended", { kind: ended.kind, ...errorFields(error) });
    }
  };
  for (const { onAccessEnded } of edge.options.features ?? []) {
    if (onAccessEnded !== undefined) lifetime.waitUntil(heard(async () => onAccessEnded(ended, { env, log })));
  }
  for (const listener of LISTENERS) lifetime.waitUntil(heard(() => listener(ended, exchange)));
}
