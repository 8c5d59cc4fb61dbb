/** An object of transactions on the bench: the machine with a port whose answers the test gives, and what it wrote, said and keeps. */

import { type Footprint, NOTHING_TOUCHED, rowKey } from "../../../src/core/commit/footprint.ts";
import type { Decision, DoneRun, ObjectPort, PreparedRow, Run, Write } from "../../../src/core/commit/object-port.ts";
import { type ObjectEvent, type ObjectState, type Turn, wakeObject } from "../../../src/core/commit/object-state.ts";
import { stepObject } from "../../../src/core/commit/step-object.ts";
import {
  COMMIT_VERSION,
  type DecideMessage,
  type PrepareMessage,
} from "../../../src/core/commit/transaction-message.ts";
import type { ObjectName } from "../../../src/core/ids.ts";
import type { Json } from "../../../src/core/json.ts";

/** What a run of this work comes to. */
export type Work = Run;

export const A = "t/app/a" as ObjectName;
export const B = "t/app/b" as ObjectName;
export const C = "t/app/c" as ObjectName;
export const NOW = 1_000_000;
export const KEY = { key: "u:alice|k", fingerprint: "f", ttlMs: 86_400_000 };

export class Bench {
  state: ObjectState<Work> = wakeObject([], []);
  nowMs = NOW;
  refusal: "unavailable" | null = null;
  readonly decisions = new Map<string, Decision>();
  readonly applied = new Map<string, number>();
  readonly replies = new Map<string, { readonly fingerprint: string; readonly reply: Json }>();
  readonly prepared = new Map<string, PreparedRow>();
  /** Every write there was. */
  readonly writes: Write[] = [];
  /** Runs that were kept, by their tag. */
  readonly kept: string[] = [];
  #calls = 0;

  step(event: ObjectEvent<Work>): Turn<Work> {
    const turn = stepObject(this.state, event, this.nowMs, this.#port());
    this.state = turn.state;
    for (const write of turn.writes) this.#apply(write);
    return turn;
  }

  /** Sends a message and returns the reply to it; undefined: it waits. */
  ask(message: Extract<ObjectEvent<Work>, { kind: "request" }>["message"]): unknown {
    const call = ++this.#calls;
    const turn = this.step({ kind: "request", call, message });
    return turn.replies.find((each) => each.call === call)?.reply;
  }

  later(ms: number): Turn<Work> {
    this.nowMs += ms;
    return this.step({ kind: "timer" });
  }

  /** The instance is lost; what it wrote is not. */
  restart(): void {
    const unsettled = [...this.decisions.values()].flatMap((each) =>
      each.kind === "committed" && each.pending.length > 0 ? [each] : [],
    );
    this.state = wakeObject([...this.prepared.values()], unsettled);
  }

  #apply(write: Write): void {
    this.writes.push(write);
    if (write.kind === "put-prepared") this.prepared.set(write.row.txid, write.row);
    else if (write.kind === "drop-prepared") this.prepared.delete(write.txid);
    else if (write.kind === "put-decision") this.decisions.set(write.decision.txid, write.decision);
    else if (write.kind === "put-reply")
      this.replies.set(write.idempotency.key, { fingerprint: write.idempotency.fingerprint, reply: write.reply });
  }

  #port(): ObjectPort<Work> {
    return {
      isInRange: ({ filter }, row) => filter === "" || row.group === filter,
      run: (work, verdict) => {
        const tag = work.kind === "done" ? verdict(work) : null;
        if (tag !== null) this.kept.push(`${tag.txid} ${tag.parts}`);
        return work;
      },
      apply: (row, tag) => {
        if (row.footprint.changes.length === 0) return null;
        const seq = this.applied.size + 1;
        this.applied.set(tag.txid, seq);
        return seq;
      },
      composeReply: ({ txid, parts, results }) => ({ txid, parts, results }),
      refusal: () => this.refusal,
      findDecision: (txid) => this.decisions.get(txid) ?? null,
      findApplied: (txid) => this.applied.get(txid) ?? null,
      findReply: (key) => this.replies.get(key) ?? null,
    };
  }
}

export function done(footprint: Partial<Footprint>, rest: Partial<DoneRun> = {}): Work {
  return {
    kind: "done",
    footprint: { ...NOTHING_TOUCHED, ...footprint },
    result: "result",
    extra: null,
    withdraws: false,
    ...rest,
  };
}

/** Work that changes one row. */
export function writes(id: string): Work {
  return done({ changes: [{ table: "t", id, op: "create", before: null, after: { id, group: `g-${id}` } }] });
}

/** Work that reads one row. */
export function reads(id: string): Work {
  return done({ reads: [rowKey("t", id)] });
}

export function prepareOf(txid: string, work: Work, rest: Partial<PrepareMessage<Work>> = {}): PrepareMessage<Work> {
  return {
    kind: "prepare",
    v: COMMIT_VERSION,
    txid,
    decider: A,
    deadlineMs: NOW + 10_000,
    priority: { sinceMs: NOW, id: txid },
    work,
    holdsElsewhere: true,
    supersedes: [],
    ...rest,
  };
}

export function decideOf(
  txid: string,
  work: Work | null,
  rest: Partial<DecideMessage<Work>> = {},
): DecideMessage<Work> {
  return {
    kind: "decide",
    v: COMMIT_VERSION,
    txid,
    decider: A,
    deadlineMs: NOW + 10_000,
    priority: { sinceMs: NOW, id: txid },
    work,
    participants: [{ object: B, hasChanges: true, result: "b" }],
    idempotency: KEY,
    awaits: [],
    ...rest,
  };
}

export const commitOf = (txid: string) => ({ kind: "commit", v: COMMIT_VERSION, txid, parts: [A, B] }) as const;
export const abortOf = (txid: string) => ({ kind: "abort", v: COMMIT_VERSION, txid }) as const;
export const resolveOf = (txid: string, urgency: "ask" | "expire" | "end") =>
  ({ kind: "resolve", v: COMMIT_VERSION, txid, deadlineMs: NOW + 10_000, urgency, ask: 5 }) as const;
