/** The reply to a write: the object's answer, with the place of a new row and the echoes a client may ask for. */

import type { TableRequest } from "../exchange.ts";
import type { Reply } from "../reply.ts";
import { type ObjectAnswer, readReply } from "./answer.ts";

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
  const reply = readReply(request, answer);
  const headers: Record<string, string> = { ...reply.headers };
  const id = answer.headers["ledge-row-id"];
  if (answer.status === 201 && id !== undefined)
    headers.location = `${collectionPath(request)}/${encodeURIComponent(id)}`;
  if (answer.isReplay === true) headers["idempotency-replayed"] = "true";
  if (isMinimal) headers["preference-applied"] = "return=minimal";
  if (optimisticId !== null) headers["ledge-optimistic-id"] = optimisticId;
  return { ...reply, headers };
}

function collectionPath({ edge, entry, partition }: TableRequest): string {
  return partition === null ? `${edge.basePath}/${entry.path}` : `${edge.basePath}/@${partition}/${entry.path}`;
}
