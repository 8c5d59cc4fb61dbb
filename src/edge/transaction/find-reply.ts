/**
 * The stored reply of an earlier request with the same key ([TX33]). It lies in the object that decides, whatever the list has read,
 * changed or removed since: so that object is asked for it before any failure is told that did not come from a commit.
 */

import { decidingObject } from "../../core/commit/deciding-object.ts";
import { readObject } from "../call-object.ts";
import { expectAnswer, type ObjectAnswer } from "../endpoints/answer.ts";
import { callHeader } from "../exchange.ts";
import type { Target } from "./open-target.ts";
import type { RunFrame } from "./run.ts";

/** Null: the caller gave no key, or there is no reply under it. Another request under the key is refused with 422. */
export async function findReply({ facts, key, keeper }: RunFrame): Promise<ObjectAnswer | null> {
  if (key.idempotency === null || keeper === null) return null;
  const { request } = keeper;
  const reply = await readObject(request, {
    ...callHeader(request),
    ...{ op: "trial", facts, steps: [], seen: null, look: null, idempotency: key.idempotency },
  });
  return reply.kind === "tried" ? null : expectAnswer(reply);
}

/** Of the targets of a list, one in the object that decides. */
export function keeperOf(targets: readonly Target[]): Target | null {
  const decider = decidingObject(targets.map(({ request }) => request.object));
  return targets.find(({ request }) => request.object === decider) ?? null;
}
