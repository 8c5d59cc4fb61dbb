/** The reply to a write: the object's answer, with the place of a new row and the echoes a client may ask for. */

import type { TableRequest } from "../exchange.ts";
import type { Reply } from "../reply.ts";
import { type ObjectAnswer, replyHeaders } from "./answer.ts";

export interface WriteEchoes {
  readonly isMinimal: boolean;
  /** `Ledge-Optimistic-Id` of a create ([HT30]). */
  readonly optimisticId: string | null;
}

export function writeReply(
  request: TableRequest,
  answer: ObjectAnswer,
  { isMinimal, optimisticId }: WriteEchoes,
): Reply {
  const headers = replyHeaders(request, answer);
  const id = answer.headers["ledge-row-id"];
  if (answer.status === 201 && id !== undefined)
    headers.location = `${collectionPath(request)}/${encodeURIComponent(id)}`;
  if (answer.isReplay === true) headers["idempotency-replayed"] = "true";
  if (isMinimal) headers["preference-applied"] = "return=minimal";
  if (optimisticId !== null) headers["ledge-optimistic-id"] = optimisticId;
  return { status: answer.status, headers, body: answer.body };
}

function collectionPath({ edge, entry, partition }: TableRequest): string {
  return partition === null ? `${edge.basePath}/${entry.path}` : `${edge.basePath}/@${partition}/${entry.path}`;
}
