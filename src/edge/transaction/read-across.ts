/**
 * The first round of a transaction that only reads ([TP15]): every object tells what its steps give and what was looked at for it. The
 * driver's second round asks all of them whether that still holds; if so, all of it held together between the two.
 */

import type { Evaluation, ObjectWork } from "../../core/commit/driver-state.ts";
import type { Epoch, ObjectName } from "../../core/ids.ts";
import { seqOf } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { rowTag } from "../../core/protocol/etag.ts";
import type { Seen, Tried } from "../../core/protocol/transaction-call.ts";
import { composeBody, type PartResult, type PartStep, type PartWork } from "../../core/transaction/part-work.ts";
import { readObject } from "../call-object.ts";
import { callHeader } from "../exchange.ts";
import type { Step } from "./run.ts";
import type { Plan } from "./submit.ts";

export async function readAcross({ frame, steps, seen: before, submission }: Plan): Promise<Evaluation<PartWork>> {
  const byObject = new Map<ObjectName, Step[]>();
  for (const step of steps) {
    const { object } = step.target.request;
    byObject.set(object, [...(byObject.get(object) ?? []), step]);
  }
  const works: ObjectWork<PartWork>[] = [];
  const results: Record<string, Json> = {};
  const { shown, value } = submission;
  const parts = await Promise.all(
    [...byObject].map(
      async ([object, own]) => [object, own, await tryPart(frame, own, before.get(object) ?? null)] as const,
    ),
  );
  for (const [object, own, tried] of parts) {
    const isFirst = works.length === 0;
    const { table, partition, requestId, traceparent, principal } = headerOf(own);
    const header = { table, partition, requestId, traceparent, principal };
    const seen = frame.isolation === "committed" ? null : tried.seen;
    works.push({ object, work: { header, facts: frame.facts, steps: [], seen, whole: null } });
    const part = { ...partResult(own, tried), ...(isFirst ? { whole: { shown, value } } : {}) };
    results[object] = part as unknown as Json;
  }
  const decider = works[0]?.object as ObjectName;
  const body = composeBody({ txid: frame.facts.txid, decider, parts: [], results });
  return { kind: "read-only", works, results: body as unknown as Json };
}

/** What user code has seen before must still be so, or its conclusions are of another moment. */
async function tryPart(frame: Plan["frame"], own: readonly Step[], before: Seen | null): Promise<Tried> {
  const [first] = own;
  if (first === undefined) throw new Error("a part has a step");
  const reply = await readObject(first.target.request, {
    ...callHeader(first.target.request),
    ...(frame.isolation === "committed" ? { consistency: "committed" } : {}),
    op: "trial",
    facts: frame.facts,
    steps: own.map(({ wire }) => wire),
    seen: frame.isolation === "committed" ? null : before,
    look: null,
    idempotency: null,
  });
  if (reply.kind !== "tried") throw new Error(`a trial was answered with "${reply.kind}"`);
  return reply;
}

function headerOf([first]: readonly Step[]) {
  if (first === undefined) throw new Error("a part has a step");
  return callHeader(first.target.request);
}

function partResult(own: readonly Step[], { outcomes, seen, position }: Tried): PartResult {
  const [epoch = ""] = position.split(":");
  const steps = own.map(({ wire, target }, at): PartStep => {
    const { index, as, op, resource, table } = wire;
    const outcome = outcomes[at];
    const id = outcome?.id ?? null;
    const version = id === null ? undefined : seen.rows.find((row) => row.table === table && row.id === id)?.version;
    const { shape } = target.request.entry.resource.spec;
    return {
      ...{ index, as, op, resource, status: outcome?.status ?? "skipped", value: outcome?.value ?? null },
      ...(id === null ? {} : { id }),
      ...(version === undefined ? {} : { version: rowTag(epoch as Epoch, seqOf(version), shape) }),
    };
  });
  const request = own[0]?.target.request;
  return { steps, resource: own[0]?.wire.resource ?? null, partition: request?.partition ?? null, token: position };
}
