/**
 * The part of one object in a transaction over several: the steps that lie there, what was seen there, and, for the object that
 * decides, what belongs to the whole. And the body of the reply, put together from what all parts came to ([HT59]). Pure.
 */

import type { TransactionReply } from "../commit/object-port.ts";
import type { RowId } from "../ids.ts";
import type { Json } from "../json.ts";
import type { CallHeader } from "../protocol/object-call.ts";
import type {
  CommittedStep,
  NamedEffect,
  Seen,
  TransactionBody,
  TransactionFacts,
  TransactionStep,
} from "../protocol/transaction-call.ts";

export interface PartWork {
  /** `table` null: the object owns no table of the transaction, and only decides. */
  readonly header: Pick<CallHeader, "partition" | "requestId" | "traceparent" | "principal"> & {
    readonly table: string | null;
  };
  readonly facts: TransactionFacts;
  readonly steps: readonly TransactionStep[];
  readonly seen: Seen | null;
  /** Given to the deciding object alone. */
  readonly whole: WholeWork | null;
}

export interface WholeWork {
  readonly effects: readonly NamedEffect[];
  /** Results that take the place of an object's own in the reply, by index of the step. */
  readonly shown: { readonly [index: string]: Json };
  readonly value: Json | null;
}

/** What a part came to: the result that its vote carries. */
export interface PartResult {
  readonly steps: readonly PartStep[];
  /** Where the object's rows are; null when the part has no step. */
  readonly resource: string | null;
  readonly partition: string | null;
  /** Of the deciding object alone: the others learn their seq when they are told. */
  readonly token?: string;
  readonly whole?: Pick<WholeWork, "shown" | "value">;
}

export interface PartStep {
  readonly index: number;
  readonly as: string;
  readonly op: CommittedStep["op"];
  readonly resource: string;
  readonly status: CommittedStep["status"];
  readonly value: Json;
  readonly id?: RowId;
  readonly version?: string;
}

export function composeBody({ txid, decider, results }: TransactionReply): TransactionBody {
  const parts = Object.entries(results) as unknown as readonly [string, PartResult][];
  const own = parts.find(([object]) => object === decider)?.[1];
  const steps = parts.flatMap(([, part]) => part.steps).sort((a, b) => a.index - b.index);
  const shown = own?.whole?.shown ?? {};
  const value = own?.whole?.value ?? null;
  const seqs = parts.flatMap(([, { resource, partition, token }]) => {
    if (resource === null) return [];
    const place = { resource, ...(partition === null ? {} : { partition }) };
    return [token === undefined ? { ...place, txid } : { ...place, token }];
  });
  return {
    ok: true,
    txid,
    results: Object.fromEntries(steps.map((step) => [step.as, shown[step.index] ?? step.value])),
    steps: steps.map(({ value: _value, ...step }) => step),
    seqs,
    ...(value === null ? {} : { value }),
  };
}
