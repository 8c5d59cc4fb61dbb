/**
 * The object's host of the transaction protocol (`src/core/commit/step-object.ts`): brings it messages, reads and timers, carries out
 * what a turn says in one storage transaction, and lets messages and answers go. Those who wait (votes, reads, single writes) wait here.
 * The memory of it is a cache of three tables: after a failed turn nothing has moved.
 */

import { type Footprint, NOTHING_TOUCHED } from "../../src/core/commit/footprint.ts";
import { isFreeForReads, isFreeForWrites, mayWrite } from "../../src/core/commit/lock-check.ts";
import type { ObjectPort, Write } from "../../src/core/commit/object-port.ts";
import {
  type CallOrder,
  type ObjectEvent,
  type ObjectRequest,
  type ObjectState,
  type Outgoing,
  refusalFault,
  wakeObject,
} from "../../src/core/commit/object-state.ts";
import { nextAlarm, nextTimer } from "../../src/core/commit/object-timers.ts";
import { stepObject } from "../../src/core/commit/step-object.ts";
import type { ResolveReply } from "../../src/core/commit/transaction-message.ts";
import { Fault } from "../../src/core/fault.ts";
import type { PartWork } from "../../src/core/transaction/part-work.ts";
import { Blocked, type KeyGate } from "./key-gate.ts";
import { logLine } from "./log-line.ts";
import type { Store } from "./store.ts";
import { readPrepared, readUnsettled } from "./transaction-tables.ts";
import { writeTurn } from "./write-turn.ts";

/** How long a confirmed decision waits for a turn that writes. */
const SETTLE_AFTER_MS = 1_000;

/** What the host needs of the object's class. */
export interface HostPorts {
  /** Asks another object; rejects when it is lost. */
  readonly send: (message: Outgoing) => Promise<unknown>;
  readonly setAlarm: (atMs: number) => void;
  /** Every promise has its outcome: a migration that waited for that may go on. */
  readonly onSettled: () => void;
  readonly port: ObjectPort<PartWork>;
}

/** A read as the host runs it, maybe several times; `footprint` null: `run` tells it. */
export interface HostedRead<R> {
  readonly footprint: Footprint | null;
  readonly run: (note: (footprint: Footprint) => void) => R;
}

type Waiting =
  | { readonly kind: "message"; readonly resolve: (reply: unknown) => void; readonly reject: (error: unknown) => void }
  | {
      readonly kind: "read";
      readonly resolve: (reply: unknown) => void;
      readonly reject: (error: unknown) => void;
      readonly read: HostedRead<unknown>;
      readonly sinceMs: number;
      settle: () => void;
    }
  | { readonly kind: "write"; readonly resolve: (reply: unknown) => void; readonly reject: (error: unknown) => void };

export class TransactionHost implements KeyGate {
  readonly #store: Store;
  readonly #ports: HostPorts;
  #state: ObjectState<PartWork>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #timer: { readonly atMs: number; readonly id: ReturnType<typeof setTimeout> } | null = null;
  /**
   * That a decision is confirmed everywhere is written with the next turn that writes, or after a while: it costs nobody a flush of its
   * own, and lost, it only has some commits repeated.
   */
  #settled: readonly Extract<Write, { kind: "settle-decision" }>[] = [];
  /** The alarm that this instance has set; null: none that it knows of. */
  #alarmAtMs: number | null = null;

  constructor(store: Store, ports: HostPorts) {
    this.#store = store;
    this.#ports = ports;
    this.#state = wakeObject(readPrepared(store.sql), readUnsettled(store.sql));
  }

  isFree(): boolean {
    return isFreeForWrites(this.#state);
  }

  isFreeForReads(): boolean {
    return isFreeForReads(this.#state);
  }

  admit(footprint: Footprint): void {
    if (!mayWrite(this.#state, footprint, this.#ports.port.isInRange, this.#store.clock()))
      throw new Blocked(footprint);
  }

  /** Promises that are held, for operators ([TX47]). */
  held() {
    return [...this.#state.held.values()].map(({ row }) => row);
  }

  take(message: ObjectRequest<PartWork>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.#wait({ kind: "message", resolve, reject });
      this.#turn({ kind: "request", call, message }, call);
    });
  }

  /** Runs a read at once, and again as often as what it meets demands ([TP12]). */
  read<R>(read: HostedRead<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const sinceMs = this.#store.clock();
      const done = resolve as (reply: unknown) => void;
      const call = this.#wait({ kind: "read", resolve: done, reject, read, sinceMs, settle: () => {} });
      this.#turn(() => this.#runRead(call, "first"), call);
    });
  }

  /** Waits until what a single write touched is free; rejects after two seconds ([TX32]). */
  waitForKeys(footprint: Footprint, sinceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = resolve as (reply: unknown) => void;
      const call = this.#wait({ kind: "write", resolve: done, reject });
      this.#turn({ kind: "write", call, sinceMs, footprint }, call);
    });
  }

  onAlarm(): void {
    this.#alarmAtMs = null;
    this.#turn({ kind: "timer" }, null);
  }

  /** When the protocol needs the alarm (ms); the other timers of the object may need it sooner. */
  nextAlarmMs(): number {
    return nextAlarm(this.#state) ?? Number.POSITIVE_INFINITY;
  }

  #wait(waiting: Waiting): number {
    this.#calls += 1;
    this.#waiting.set(this.#calls, waiting);
    return this.#calls;
  }

  /** One event and all that follows from it in the same turn. A failure of storage fails the caller; nothing has moved. */
  #turn(first: ObjectEvent<PartWork> | (() => ObjectEvent<PartWork>), call: number | null): void {
    const store = this.#store;
    const { head } = store;
    const before = this.#state;
    const after: (() => void)[] = [];
    const sends: Outgoing[] = [];
    const settled = [...this.#settled];
    let hasWritten = false;
    try {
      store.sql.transaction(() => {
        const events = [typeof first === "function" ? first() : first];
        for (let event = events.shift(); event !== undefined; event = events.shift()) {
          const turn = stepObject(this.#state, event, store.clock(), this.#ports.port);
          const key = event.kind === "request" && event.message.kind === "decide" ? event.message.idempotency : null;
          for (const write of turn.writes) {
            if (write.kind === "settle-decision") {
              settled.push(write);
              continue;
            }
            hasWritten = true;
            writeTurn(store, write, key);
          }
          // Within the transaction later events of the turn see it; it goes back when the transaction does.
          this.#state = turn.state;
          sends.push(...turn.sends);
          for (const { call: answered, reply } of turn.replies) after.push(() => this.#settle(answered, reply));
          for (const order of turn.calls) events.push(...this.#carryOut(order, after));
        }
        if (hasWritten) for (const write of settled) writeTurn(store, write, null);
      });
    } catch (error) {
      this.#state = before;
      store.head = head;
      if (call === null)
        logLine("error", "a turn of transactions failed", { object: store.name, error: String(error) });
      else this.#fail(call, error);
      return;
    }
    store.failPoint?.("agree.released");
    this.#settled = hasWritten ? [] : settled;
    this.#plan();
    for (const each of after) each();
    if (sends.length > 0) setTimeout(() => this.#deliverAll(sends), 0);
    if (before.held.size > 0 && this.#state.held.size === 0) this.#ports.onSettled();
  }

  /** Events that follow at once, in the same turn. */
  #carryOut(order: CallOrder, after: (() => void)[]): ObjectEvent<PartWork>[] {
    const waiting = this.#waiting.get(order.call);
    if (waiting === undefined) return [];
    if (order.kind === "refuse") {
      const fault = new Fault(
        waiting.kind === "write"
          ? { slug: "transaction-conflict", retryable: true, tries: 1, retryAfter: 1 }
          : refusalFault(order.reason),
      );
      after.push(() => this.#fail(order.call, fault));
      return [];
    }
    if (waiting.kind === "read") {
      if (order.kind === "rerun") return [this.#runRead(order.call, order.mode)];
      const { settle } = waiting;
      after.push(settle);
      return [];
    }
    // A write runs in a turn of its own, among the others.
    after.push(() => this.#settle(order.call, undefined));
    return [];
  }

  #runRead(call: number, mode: "first" | "ask"): ObjectEvent<PartWork> {
    const waiting = this.#waiting.get(call);
    if (waiting?.kind !== "read") throw new Error("a read that runs is waited for");
    let { footprint } = waiting.read;
    const note = (told: Footprint) => {
      footprint = told;
    };
    try {
      const result = waiting.read.run(note);
      waiting.settle = () => this.#settle(call, result);
    } catch (error) {
      // A refusal is an answer like any other: it must be true of the moment, too.
      waiting.settle = () => this.#fail(call, error);
    }
    // A trial that was refused before it looked at anything has told nothing.
    return { kind: "read", call, mode, sinceMs: waiting.sinceMs, footprint: footprint ?? NOTHING_TOUCHED };
  }

  #settle(call: number, reply: unknown): void {
    this.#waiting.get(call)?.resolve(reply);
    this.#waiting.delete(call);
  }

  #fail(call: number, error: unknown): void {
    this.#waiting.get(call)?.reject(error);
    this.#waiting.delete(call);
  }

  /** In a turn of their own: a caller's answer is on its way before the work that it caused elsewhere begins. Lost, timers send them again. */
  #deliverAll(sends: readonly Outgoing[]): void {
    this.#store.failPoint?.("agree.before-sending");
    for (const message of sends) void this.#deliver(message);
  }

  async #deliver(outgoing: Outgoing): Promise<void> {
    const { to, message } = outgoing;
    let reply: unknown;
    try {
      reply = await this.#ports.send(outgoing);
    } catch {
      // It is sent again by its timer.
      return;
    }
    this.#store.failPoint?.("agree.answered");
    if (message.kind === "commit") this.#turn({ kind: "confirmed", txid: message.txid, object: to }, null);
    else this.#turn({ kind: "resolved", txid: message.txid, reply: reply as ResolveReply }, null);
  }

  /** The alarm for what must survive this instance, in the turn that made it necessary; a timer for those who wait here. */
  #plan(): void {
    const store = this.#store;
    const alarm = nextAlarm(this.#state);
    if (alarm !== null && (this.#alarmAtMs === null || alarm < this.#alarmAtMs)) {
      this.#alarmAtMs = alarm;
      const others = store.sql.all("SELECT min(at) AS at FROM _timers", [])[0]?.at;
      if (typeof others !== "number" || alarm < others) this.#ports.setAlarm(alarm);
    }
    const { prepares, writes, readers, reservations } = this.#state;
    const isWaitedFor = prepares.length + writes.length + readers.length + reservations.length > 0;
    const forCallers = isWaitedFor || this.#waiting.size > 0 ? nextTimer(this.#state) : null;
    const forSettled = this.#settled.length > 0 ? store.clock() + SETTLE_AFTER_MS : null;
    const next = earlier(forCallers, forSettled);
    if (next === null || (this.#timer !== null && this.#timer.atMs <= next)) return;
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    const id = setTimeout(() => this.#onTimer(), Math.max(next - store.clock(), 0));
    this.#timer = { atMs: next, id };
  }

  #onTimer(): void {
    this.#timer = null;
    this.#store.sql.transaction(() => {
      for (const write of this.#settled) writeTurn(this.#store, write, null);
    });
    this.#settled = [];
    this.#turn({ kind: "timer" }, null);
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
