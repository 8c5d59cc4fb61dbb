/**
 * Access that has ended before its time ([RV6]): somebody signed out, a key was revoked, a password was reset. Sign-in tells it here, once it
 * is stored, as `context.accessEnded(…)`; whoever keeps something open for that caller hears of it and closes it: features by
 * `onAccessEnded`, the edge's own listeners by a line in `LISTENERS`. What expires by itself is not told: sockets know when.
 */

import { errorFields } from "../core/log.ts";
import type { Exchange } from "./exchange.ts";

export type AccessEnded =
  /** One session or key: `credential` is that of the principals it gave (`session:<id>`, `key:<id>`). */
  | { readonly kind: "credential"; readonly userId: string; readonly credential: string }
  /** All sessions of a person but that of `except`; keys go on. */
  | { readonly kind: "sessions"; readonly userId: string; readonly except: string | null }
  /** All sessions and keys of a person. */
  | { readonly kind: "everything"; readonly userId: string };

/** May run again for the same end; rejects when somebody could not be told, which is logged. */
export type AccessListener = (ended: AccessEnded, exchange: Exchange) => Promise<void>;

const LISTENERS: readonly AccessListener[] = [];

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

/** Whether a socket or stream of that caller has to end. `credential` as its principal had it. */
export function isEnded(
  { userId, credential }: { readonly userId: string | null; readonly credential: string | null },
  ended: AccessEnded,
): boolean {
  if (userId !== ended.userId) return false;
  switch (ended.kind) {
    case "credential":
      return credential === ended.credential;
    case "sessions":
      return credential?.startsWith("session:") === true && credential !== ended.except;
    case "everything":
      return true;
  }
}
