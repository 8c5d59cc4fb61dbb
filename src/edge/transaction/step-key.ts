/** The key of one step of a sequential run: that of the whole with its index, recorded in the step's own object ([TX28]). */

import type { WriteKey } from "../idempotency.ts";

export async function stepKey({ text, idempotency, attempt }: WriteKey, index: number): Promise<WriteKey> {
  return {
    text,
    idempotency: idempotency === null ? null : { ...idempotency, key: `${idempotency.key}#${index}` },
    attempt: attempt === null ? null : { ...attempt, id: `${attempt.id}#${index}` },
  };
}
