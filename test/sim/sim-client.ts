/** What one simulated client knows of its requests, and what the history of them says. */

import type { DriverAnswer } from "../../src/core/commit/driver-state.ts";
import type { TransactionReply } from "../../src/core/commit/object-port.ts";
import type { HistoryEntry, MicroOp } from "./history.ts";
import type { Operation } from "./model-disk.ts";
import type { WriteReply } from "./sim-object.ts";
import type { RequestSpec } from "./workload.ts";

/** A request under way: its attempts share a key. */
export interface OpenRequest {
  readonly name: string;
  readonly client: number;
  readonly spec: RequestSpec;
  readonly invokedAt: number;
  readonly hasClientKey: boolean;
  readonly attempt: number;
  /** An earlier attempt may still take effect. */
  readonly isInDoubt: boolean;
}

export interface Refused {
  readonly name: string;
  readonly completedAt: number;
  readonly operation: Operation;
  /** Values that the request itself had put there before. */
  readonly own: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** All that the request may have appended. */
export function possibleAppends(spec: RequestSpec): MicroOp[] {
  if (spec.kind === "read" || spec.kind === "read-only") return [];
  return spec.operations.flatMap((operation) =>
    "value" in operation ? [{ kind: "append" as const, list: operation.list, value: operation.value }] : [],
  );
}

/** What stands in the reply of a commit: `[index, result]` of each operation, by object. */
export function committedOps(spec: RequestSpec, reply: TransactionReply): MicroOp[] {
  if (spec.kind !== "transaction") return [];
  return Object.values(reply.results).flatMap((results) => opsOf(spec.operations, results as never));
}

export function opsOf(operations: readonly Operation[], results: readonly (readonly [number, unknown])[]): MicroOp[] {
  return results.flatMap(([index, result]): MicroOp[] => {
    const operation = operations[index];
    if (operation === undefined) return [];
    if ("value" in operation) {
      const append = { kind: "append" as const, list: operation.list, value: operation.value };
      // A claim succeeds where nobody has claimed: it has read an empty list.
      return operation.op === "claim" ? [{ kind: "read", list: operation.list, values: [] }, append] : [append];
    }
    return [{ kind: "read", list: operation.list, values: result as number[] }];
  });
}

/** A commit carries out what the code submitted, all of it. */
export function missingOperations({ name, spec }: OpenRequest, reply: TransactionReply): string[] {
  if (spec.kind !== "transaction") return [];
  const indexes = Object.values(reply.results).flatMap((results) =>
    (results as readonly (readonly [number, unknown])[]).map(([index]) => index),
  );
  const isWhole = indexes.length === spec.operations.length || indexes.length === spec.skipFrom;
  return isWhole ? [] : [`${name} committed only the operations ${indexes.sort()}`];
}

type Told = Pick<HistoryEntry, "outcome" | "completedAt" | "ops">;

/** The entry of a transaction that was answered; `early` is what its code read in the last try. */
export function entriesOfAnswer(
  request: OpenRequest,
  answer: DriverAnswer,
  early: readonly MicroOp[],
  nowMs: number,
): HistoryEntry[] {
  const entry = (told: Told, suffix = ""): HistoryEntry => ({
    name: request.name + suffix,
    invokedAt: request.invokedAt,
    ...told,
  });
  const doubt = () => entry({ outcome: "info", completedAt: NEVER, ops: possibleAppends(request.spec) });
  if (answer.kind === "committed") {
    const ops = committedOps(request.spec, answer.reply as never);
    return [entry({ outcome: "ok", completedAt: nowMs, ops: answer.isReplay ? ops : [...early, ...ops] })];
  }
  if (answer.kind === "read") return [entry({ outcome: "ok", completedAt: nowMs, ops: early })];
  if (answer.kind === "unknown") return [doubt()];
  const failed = request.isInDoubt
    ? doubt()
    : entry({ outcome: "fail", completedAt: nowMs, ops: possibleAppends(request.spec) });
  // The refusal of the user's own code says what it read, and that held at one moment.
  const isOwnRefusal =
    answer.kind === "fault" && answer.fault.slug === "precondition-failed" && answer.fault.reason === "early";
  return isOwnRefusal ? [failed, entry({ outcome: "ok", completedAt: nowMs, ops: early }, " refused")] : [failed];
}

/** A refusal that rests on a list which only grows: checked at the end. */
export function refusalOf(request: OpenRequest, fault: { readonly index?: number }, nowMs: number): Refused | null {
  const { spec } = request;
  if (spec.kind !== "transaction" && spec.kind !== "write") return null;
  const index = fault.index ?? 0;
  const operation = spec.operations[index];
  if (operation === undefined) return null;
  const own = spec.operations.slice(0, index).filter((each) => "value" in each && each.list === operation.list).length;
  return { name: request.name, completedAt: nowMs, operation, own };
}

export function entryOfWrite(request: OpenRequest, reply: WriteReply | null, nowMs: number): HistoryEntry {
  const { name, invokedAt, spec, isInDoubt } = request;
  const operations = spec.kind === "write" ? spec.operations : [];
  if (reply?.kind === "done")
    return { name, invokedAt, outcome: "ok", completedAt: nowMs, ops: opsOf(operations, reply.result as never) };
  const isFailed = reply !== null && !isInDoubt;
  return {
    name,
    invokedAt,
    outcome: isFailed ? "fail" : "info",
    completedAt: isFailed ? nowMs : NEVER,
    ops: possibleAppends(spec),
  };
}
