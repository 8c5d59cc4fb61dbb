/**
 * After-hooks of a transaction over several objects, best effort ([TX36]): each object is asked where it applied its part and what it
 * changed, since a vote knew neither. The reply does not wait for it.
 */

import { COMMIT_VERSION } from "../../core/commit/transaction-message.ts";
import { errorFields } from "../../core/log.ts";
import type { RowChange } from "../../core/protocol/object-call.ts";
import { startAfterHooks } from "../run-hooks.ts";
import type { Step } from "./run.ts";

export function startAfterHooksOf(steps: readonly Step[], txid: string): void {
  const requests = new Map(
    steps
      .filter(({ target }) => target.request.entry.wantsChanges)
      .map(({ target }) => [target.request.object, target.request] as const),
  );
  for (const [object, request] of requests) {
    const { env, lifetime, log } = request;
    const started = env.LEDGE_TABLES.getByName(object)
      .agree(JSON.stringify({ kind: "sync", v: COMMIT_VERSION, txid }))
      .then((text) => {
        const { position, changes } = JSON.parse(text) as { position: string | null; changes: readonly RowChange[] };
        if (position !== null) startAfterHooks(request, changes, position);
      })
      .catch((error: unknown) => log.error("after-hooks were not started", { object, txid, ...errorFields(error) }));
    lifetime.waitUntil(started);
  }
}
