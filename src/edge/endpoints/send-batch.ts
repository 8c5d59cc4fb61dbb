/** The end that both forms of a batch share: the one call that writes, and the reply with the after-hooks it sets off. */

import { Fault } from "../../core/fault.ts";
import type { BatchCall } from "../../core/protocol/batch-call.ts";
import { writeObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import type { WriteKey } from "../idempotency.ts";
import type { Reply } from "../reply.ts";
import { startAfterHooks } from "../run-hooks.ts";
import { expectAnswer, type ObjectAnswer } from "./answer.ts";
import { untilSettled } from "./until-settled.ts";
import { writeReply } from "./write-reply.ts";

/** What is written, and under which conditions. */
export type BatchWork = Pick<BatchCall, "operation" | "work" | "scopes" | "conditions" | "isMinimal">;

/** UTF-16 units that hooks may make of one batch: more does not cross to the object, and no commit holds as much. */
const MAX_HOOKED_SIZE = 8 * 2 ** 20;

/** `isHooked`: drafts came from hooks, so the size of the request says nothing of theirs. */
export async function sendBatch(
  request: TableRequest,
  { key, isHooked, ...batch }: BatchWork & { readonly key: WriteKey; readonly isHooked: boolean },
): Promise<ObjectAnswer> {
  if (isHooked) {
    const requested = JSON.stringify(batch.work).length;
    if (requested > MAX_HOOKED_SIZE)
      throw new Fault({ slug: "batch-limit-exceeded", operation: batch.operation, limit: "bytes", requested });
  }
  const reply = await writeObject(
    request,
    {
      ...callHeader(request),
      op: "batch",
      ...batch,
      idempotency: key.idempotency,
      attempt: key.attempt,
      wantsChange: request.entry.wantsChanges,
    },
    key.text,
  );
  return expectAnswer(reply);
}

/** Carries a batch out, again while its rows move under its hooks, and answers it. */
export async function answerBatch(
  request: TableRequest,
  { isMinimal }: Pick<BatchWork, "isMinimal">,
  carryOut: () => Promise<ObjectAnswer>,
): Promise<Reply> {
  const answer = await untilSettled(carryOut);
  if (answer.changes !== undefined && answer.isReplay !== true)
    startAfterHooks(request, answer.changes, answer.position);
  return writeReply(request, answer, { isMinimal, optimisticId: null });
}
