/**
 * The reply to a copy that an earlier request with the same Idempotency-Key has made ([HT41]). Asked of the object that the copy is in, before
 * the source is looked at: what has become of that since, or whether it is still there, makes no difference.
 */

import type { JsonObject } from "../../core/json.ts";
import { readObject } from "../../edge/call-object.ts";
import { expectAnswer, type ObjectAnswer } from "../../edge/endpoints/answer.ts";
import { scopesOf } from "../../edge/endpoints/writes.ts";
import { callHeader, type TableRequest } from "../../edge/exchange.ts";
import { readWriteKey } from "../../edge/idempotency.ts";
import { requireScope } from "../../edge/scopes.ts";

/** Null: the caller gave no key, or nothing was made under it. Another request under the key is refused with 422. */
export async function copiedBefore(target: TableRequest, asked: JsonObject): Promise<ObjectAnswer | null> {
  const { idempotency } = await readWriteKey(target, asked);
  if (idempotency === null) return null;
  const [create, read] = await scopesOf(target, "create", "read");
  requireScope(create, target.principal, "create");
  const reply = await readObject(target, {
    ...callHeader(target),
    op: "load",
    intent: { op: "create", id: null },
    scopes: { create, read },
    conditions: { ifMatch: { kind: "any" } },
    idempotency,
  });
  return reply.kind === "loaded" ? null : expectAnswer(reply);
}
