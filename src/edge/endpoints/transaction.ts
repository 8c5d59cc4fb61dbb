/** `POST /api/transaction` — a list of operations in one request ([HT54]–[HT61]). Off unless the application turns it on. */

import type { FaultData } from "../../core/fault.ts";
import { problemReply } from "../../core/protocol/problem.ts";
import { limitExceeded, TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import { parseTransaction } from "../../core/transaction/parse-operations.ts";
import type { Exchange } from "../exchange.ts";
import { readWriteKey } from "../idempotency.ts";
import { readJsonObject } from "../read-body.ts";
import { checkCommonHeaders } from "../read-headers.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { openFrame, untilCommitted } from "../transaction/atomic.ts";
import { keeperOf } from "../transaction/find-reply.ts";
import { openTarget, type Target } from "../transaction/open-target.ts";
import type { Origin } from "../transaction/origin.ts";
import { PLAIN, TransactionRun } from "../transaction/run.ts";
import { runSequentially, type SequentialOutcome } from "../transaction/sequential.ts";
import { stepKey } from "../transaction/step-key.ts";

export async function postTransaction(exchange: Exchange): Promise<Reply> {
  checkCommonHeaders(exchange.request.headers);
  const body = await readJsonObject(exchange.request);
  const { atomic, isolation, operations } = parseTransaction(body);
  const origin: Origin = { exchange, rights: { kind: "caller" }, door: "http" };
  const targets: Target[] = [];
  for (const [index, operation] of operations.entries())
    targets.push(await openTarget(origin, operation, { index, as: operation.as }));
  const objects = new Set(targets.map(({ request }) => request.object));
  if (objects.size > TRANSACTION_LIMITS.objects)
    throw limitExceeded("objects", objects.size, TRANSACTION_LIMITS.objects);
  const [first] = targets;
  if (first === undefined) throw new Error("the list has an operation");
  const key = await readWriteKey(first.request, body);
  if (!atomic) {
    const items = targets.map((target, index) => ({ target, operation: () => operations[index] ?? null }));
    return sequentialReply(exchange, await runSequentially(origin, items, (_, index) => stepKey(key, index)));
  }
  const frame = openFrame({ origin, key, keeper: keeperOf(targets), isolation });
  const answer = await untilCommitted(frame, TRANSACTION_LIMITS.tries, async () => {
    const run = new TransactionRun(frame, objects);
    for (const [index, operation] of operations.entries()) {
      const target = targets[index];
      if (target === undefined || run.isFailing) break;
      await run.add(target, operation);
    }
    return run.commit(PLAIN);
  });
  const replayed = answer.isReplay === true ? { "idempotency-replayed": "true" } : {};
  const headers = { "content-type": "application/json", "ledge-seq": answer.position, ...replayed };
  return { status: 200, headers, body: answer.body };
}

/** `results` are left out where the reply of the route has a shape that half of them cannot have. */
export type ToldOutcome = Omit<SequentialOutcome, "results"> & Partial<Pick<SequentialOutcome, "results">>;

/** Each failed step tells its problem in the form that a request of its own would get. */
export function sequentialReply(exchange: Exchange, outcome: ToldOutcome): Reply {
  const { ok, results, steps, seqs } = outcome;
  const place = { instance: exchange.url.pathname, requestId: exchange.trace.requestId };
  const shown = steps.map(({ problem, ...step }) =>
    problem === undefined ? step : { ...step, problem: problemOf(problem, place) },
  );
  const tokens = seqs.flatMap(({ token }) => token ?? []).join(", ");
  const reply = jsonReply({ ok, results, steps: shown, seqs }, ok ? 200 : 207);
  return tokens === "" ? reply : { ...reply, headers: { ...reply.headers, "ledge-seq": tokens } };
}

function problemOf(fault: FaultData, place: { readonly instance: string; readonly requestId: string }): unknown {
  return JSON.parse(problemReply(fault, place).body);
}
