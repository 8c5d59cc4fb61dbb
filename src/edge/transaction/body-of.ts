/** The body of an answer to a commit, as the Worker and those who call it read it. */

import type { TransactionBody } from "../../core/protocol/transaction-call.ts";
import type { ObjectAnswer } from "../endpoints/answer.ts";

export function bodyOf(answer: ObjectAnswer): TransactionBody {
  return JSON.parse(answer.body ?? "{}") as TransactionBody;
}
