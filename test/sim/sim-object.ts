/**
 * A simulated object: the host of the very machine that table objects run (src/core/commit/step-object.ts). Its storage is a disk and a tail of
 * turns that are not durable yet; whatever such a turn says waits for them. A crash loses the tail and all memory. Knows no
 * clock and no network: the scheduler brings messages and takes what is let go.
 */

import { isFreeForReads, mayWrite } from "../../src/core/commit/lock-check.ts";
import type { ObjectPort, Write } from "../../src/core/commit/object-port.ts";
import {
  type ObjectEvent,
  type ObjectRequest,
  type ObjectState,
  wakeObject,
} from "../../src/core/commit/object-state.ts";
import { stepObject } from "../../src/core/commit/step-object.ts";
import type { ResolveReply, Txid, ValidateMessage } from "../../src/core/commit/transaction-message.ts";
import type { FaultData } from "../../src/core/fault.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import {
  type Disk,
  EMPTY_DISK,
  isCurrent,
  isInRange,
  readFootprint,
  runWork,
  type Seen,
  seenOf,
  valuesOf,
  type Work,
  withChanges,
} from "./model-disk.ts";

export interface ReadRequest {
  readonly kind: "read";
  readonly list: string;
}

/** A single write, with the key under which it is repeated. */
export interface WriteRequest {
  readonly kind: "write";
  readonly key: string;
  readonly work: Work;
}

export type AnyRequest = ObjectRequest<Work> | ValidateMessage<Work> | ReadRequest | WriteRequest;

export interface ReadReply {
  readonly values: readonly number[];
  readonly seen: Seen;
}

export type WriteReply =
  | { readonly kind: "done"; readonly result: readonly unknown[] }
  | { readonly kind: "fault"; readonly fault: FaultData };

/** Who is told: an actor by number, or one instance of an object. `tag` comes back with the reply. */
export interface Caller {
  readonly actor: string;
  readonly instance: number;
  readonly tag: string;
}

export type Envelope =
  | { readonly kind: "request"; readonly to: ObjectName; readonly caller: Caller; readonly request: AnyRequest }
  | { readonly kind: "reply"; readonly from: ObjectName; readonly caller: Caller; readonly reply: unknown };

type OpenCall =
  | { readonly kind: "transaction"; readonly caller: Caller }
  | {
      readonly kind: "read";
      readonly caller: Caller;
      readonly request: ReadRequest | ValidateMessage<Work>;
      readonly sinceMs: number;
      readonly result: unknown;
    }
  | { readonly kind: "write"; readonly caller: Caller; readonly request: WriteRequest; readonly sinceMs: number };

interface TailTurn {
  readonly disk: Disk;
  readonly said: readonly Envelope[];
  readonly steps: readonly string[];
  readonly ended: readonly Txid[];
}

export class SimObject {
  readonly name: ObjectName;
  instance = 1;
  durable: Disk = EMPTY_DISK;
  disk: Disk = EMPTY_DISK;
  tail: readonly TailTurn[] = [];
  state: ObjectState<Work> = wakeObject([], []);
  calls: Map<number, OpenCall> = new Map();
  lastCall = 0;
  /** Whether the turn under way has looked at storage, or written: a replaced instance ends there. */
  hasTouched = false;
  /** Not part of the object: transactions that came to their end here, durably. None may be promised again. */
  ended: ReadonlySet<Txid> = new Set();
  #ended: Txid[] = [];
  #said: Envelope[] = [];
  #steps: string[] = [];
  #nowMs = 0;

  constructor(name: ObjectName) {
    this.name = name;
  }

  clone(): SimObject {
    const copy = new SimObject(this.name);
    copy.instance = this.instance;
    copy.durable = this.durable;
    copy.disk = this.disk;
    copy.tail = this.tail;
    copy.state = this.state;
    copy.calls = new Map(this.calls);
    copy.lastCall = this.lastCall;
    copy.ended = this.ended;
    return copy;
  }

  /** One turn. Returns what may leave at once; the rest leaves with `flush`. */
  receive(envelope: Envelope, nowMs: number): readonly Envelope[] {
    return this.#turn(nowMs, () => {
      if (envelope.kind === "reply") this.#takeReply(envelope);
      else this.#serve(envelope.caller, envelope.request);
    });
  }

  timer(nowMs: number): readonly Envelope[] {
    return this.#turn(nowMs, () => this.#step({ kind: "timer" }));
  }

  /** Makes the oldest `count` turns durable and lets go what they said. */
  flush(count: number): readonly Envelope[] {
    const turns = this.tail.slice(0, count);
    this.tail = this.tail.slice(count);
    this.durable = turns.at(-1)?.disk ?? this.durable;
    const ended = turns.flatMap((turn) => turn.ended);
    if (ended.length > 0) this.ended = new Set([...this.ended, ...ended]);
    return turns.flatMap((turn) => turn.said);
  }

  /** Names of the steps that a crash at this moment would lose. */
  unflushedSteps(): readonly string[] {
    return this.tail.flatMap((turn) => turn.steps);
  }

  crash(): void {
    this.disk = this.durable;
    this.tail = [];
    this.calls = new Map();
    this.instance += 1;
    const unsettled = [...this.disk.decided.values()].flatMap((each) =>
      each.kind === "committed" && each.pending.length > 0 ? [each] : [],
    );
    this.state = wakeObject([...this.disk.prepared.values()], unsettled);
  }

  #turn(nowMs: number, work: () => void): readonly Envelope[] {
    const before = this.disk;
    this.#said = [];
    this.#steps = [];
    this.#ended = [];
    this.#nowMs = nowMs;
    this.hasTouched = false;
    work();
    const said = this.#said;
    if (this.disk === before && this.tail.length === 0 && this.#ended.length === 0) return said;
    this.tail = [...this.tail, { disk: this.disk, said, steps: this.#steps, ended: this.#ended }];
    return [];
  }

  #serve(caller: Caller, request: AnyRequest): void {
    const call = ++this.lastCall;
    switch (request.kind) {
      case "read":
      case "validate":
        this.#read(call, { kind: "read", caller, request, sinceMs: this.#nowMs, result: null }, "first");
        return;
      case "write":
        this.#write(call, { kind: "write", caller, request, sinceMs: this.#nowMs });
        return;
      default:
        if (request.kind === "abort") this.#ended.push(request.txid);
        this.calls.set(call, { kind: "transaction", caller });
        this.#step({ kind: "request", call, message: request });
    }
  }

  #takeReply({ from, caller, reply }: Extract<Envelope, { kind: "reply" }>): void {
    if (caller.instance !== this.instance) return;
    const [kind, txid = ""] = caller.tag.split(" ");
    if (kind === "commit") this.#step({ kind: "confirmed", txid, object: from });
    else if (kind === "resolve") this.#step({ kind: "resolved", txid, reply: reply as ResolveReply });
  }

  #read(call: number, open: Extract<OpenCall, { kind: "read" }>, mode: "first" | "ask"): void {
    this.hasTouched = true;
    const { request, sinceMs } = open;
    const lists = request.kind === "read" ? [request.list] : request.work.seen.map((seen) => seen.list);
    const result =
      request.kind === "read"
        ? { values: valuesOf(this.disk, request.list), seen: seenOf(this.disk, request.list) }
        : { isCurrent: request.work.seen.every((seen) => isCurrent(this.disk, seen)) };
    this.calls.set(call, { ...open, result });
    if (isFreeForReads(this.state)) {
      this.#reply(call, result);
      return;
    }
    const touched = lists.map(readFootprint);
    const footprint = {
      reads: touched.flatMap((each) => each.reads),
      ranges: touched.flatMap((each) => each.ranges),
      changes: [],
      uniques: [],
    };
    this.#step({ kind: "read", call, mode, sinceMs, footprint });
  }

  #write(call: number, open: Extract<OpenCall, { kind: "write" }>): void {
    this.hasTouched = true;
    this.calls.set(call, open);
    const { key, work } = open.request;
    const known = this.disk.replies.get(key);
    if (known !== undefined) {
      this.#reply(call, known.reply);
      return;
    }
    const run = runWork(this.disk, work);
    if (!mayWrite(this.state, run.footprint, isInRange, this.#nowMs)) {
      this.#step({ kind: "write", call, sinceMs: open.sinceMs, footprint: run.footprint });
      return;
    }
    if (run.kind !== "done") {
      this.#reply(call, { kind: "fault", fault: run.kind === "fault" ? run.fault : { slug: "internal-error" } });
      return;
    }
    const reply = { kind: "done", result: run.result as never };
    const disk = withChanges(this.disk, run.footprint.changes, { txid: null, parts: [] });
    this.disk = { ...disk, replies: new Map(disk.replies).set(key, { fingerprint: "", reply }) };
    this.#steps.push("single write");
    this.#reply(call, reply);
  }

  #step(event: ObjectEvent<Work>): void {
    const turn = stepObject(this.state, event, this.#nowMs, this.#port());
    this.state = turn.state;
    for (const write of turn.writes) this.#apply(write);
    for (const { to, message } of turn.sends) {
      const caller = { actor: this.name, instance: this.instance, tag: `${message.kind} ${message.txid}` };
      this.#said.push({ kind: "request", to, caller, request: message });
    }
    for (const { call, reply } of turn.replies) this.#reply(call, reply);
    for (const order of turn.calls) {
      const open = this.calls.get(order.call);
      if (open === undefined) continue;
      if (order.kind === "refuse") this.#reply(order.call, { kind: "refused" });
      else if (open.kind === "read") {
        if (order.kind === "answer") this.#reply(order.call, open.result);
        else this.#read(order.call, open, order.mode);
      } else if (open.kind === "write") this.#write(order.call, open);
    }
  }

  #reply(call: number, reply: unknown): void {
    const open = this.calls.get(call);
    this.calls.delete(call);
    if (open !== undefined) this.#said.push({ kind: "reply", from: this.name, caller: open.caller, reply });
  }

  #apply(write: Write): void {
    this.hasTouched = true;
    const { disk } = this;
    switch (write.kind) {
      case "put-prepared":
        if (this.ended.has(write.row.txid)) throw new Error(`${this.name} promises ${write.row.txid} after its end`);
        this.disk = { ...disk, prepared: new Map(disk.prepared).set(write.row.txid, write.row) };
        this.#steps.push("prepared");
        return;
      case "drop-prepared":
        // A part without changes leaves no trace: promised again by a late message, it holds some keys until it has asked.
        if ((disk.prepared.get(write.txid)?.footprint.changes.length ?? 0) > 0) this.#ended.push(write.txid);
        this.disk = { ...disk, prepared: without(disk.prepared, write.txid) };
        this.#steps.push("let go");
        return;
      case "put-decision":
        this.disk = { ...disk, decided: new Map(disk.decided).set(write.decision.txid, write.decision) };
        this.#steps.push(write.decision.kind === "committed" ? "decided" : "fenced");
        return;
      case "settle-decision": {
        const found = disk.decided.get(write.txid);
        if (found?.kind !== "committed") throw new Error(`${write.txid} is settled without having been decided`);
        this.disk = { ...disk, decided: new Map(disk.decided).set(write.txid, { ...found, pending: [] }) };
        this.#steps.push("settled");
        return;
      }
      case "put-reply": {
        const { key, fingerprint } = write.idempotency;
        this.disk = { ...disk, replies: new Map(disk.replies).set(key, { fingerprint, reply: write.reply }) };
        return;
      }
    }
  }

  #port(): ObjectPort<Work> {
    const touch = <T>(value: T): T => {
      this.hasTouched = true;
      return value;
    };
    return {
      isInRange,
      run: (work, verdict) => {
        const run = touch(runWork(this.disk, work));
        const tag = run.kind === "done" ? verdict(run) : null;
        if (tag !== null) this.disk = withChanges(this.disk, run.footprint.changes, tag);
        return run;
      },
      apply: (row, tag) => {
        touch(null);
        this.#steps.push("applied");
        this.disk = withChanges(this.disk, row.footprint.changes, tag);
        return row.footprint.changes.length > 0 ? this.disk.log.length : null;
      },
      composeReply: (reply) => reply as never,
      refusal: () => null,
      findDecision: (txid) => touch(this.disk.decided.get(txid) ?? null),
      findApplied: (txid) => touch(this.disk.log.find((entry) => entry.txid === txid)?.seq ?? null),
      findReply: (key) => touch(this.disk.replies.get(key) ?? null),
    };
  }
}

function without<V>(map: ReadonlyMap<Txid, V>, txid: Txid): ReadonlyMap<Txid, V> {
  const copy = new Map(map);
  copy.delete(txid);
  return copy;
}
