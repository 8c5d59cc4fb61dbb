/**
 * A reply that somebody else's turn decided, stored or found out, is given once every part is applied and who depends on its rows is told
 * ([TP16] [RV2]): the answer that waited for that may have been lost. As `sync` of an object means; two seconds at most.
 */

import { ANSWER_PATIENCE_MS } from "../../core/commit/commit-limits.ts";
import { COMMIT_VERSION } from "../../core/commit/transaction-message.ts";
import { objectName } from "../../core/ids.ts";
import { errorFields } from "../../core/log.ts";
import { withTimeout } from "../call-object.ts";
import type { ObjectAnswer } from "../endpoints/answer.ts";
import { bodyOf } from "./body-of.ts";
import { findTable } from "./open-target.ts";
import type { Origin } from "./origin.ts";

export async function awaitParts(origin: Origin, answer: ObjectAnswer): Promise<void> {
  const { env, edge, log } = origin.exchange;
  const { txid, seqs = [] } = bodyOf(answer);
  const message = JSON.stringify({ kind: "sync", v: COMMIT_VERSION, txid });
  const told = seqs.map(async ({ resource, partition = null }) => {
    try {
      const object = objectName(edge.definition.name, findTable(origin, resource).resource.spec.group, partition);
      const ask = () => env.LEDGE_TABLES.getByName(object).agree(message);
      // An object may be lost while it is asked, as by a deploy: once more.
      await ask().catch(ask);
    } catch (error) {
      // The others are waited for all the same.
      log.warn("a part of a replayed transaction was not waited for", { txid, resource, ...errorFields(error) });
    }
  });
  // None of them rejects: what is caught is that the time is up.
  await withTimeout(ANSWER_PATIENCE_MS, Promise.all(told)).catch(() => {});
}
