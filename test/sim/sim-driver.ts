/**
 * A simulated Worker with one request: the host of the very machine that drives transactions (src/core/commit/step-driver.ts). It runs the user's
 * code (reads first, then a list of operations that depends on them) and keeps nothing: lost, it is lost.
 */

import type {
  DriverAnswer,
  DriverEvent,
  DriverRequest,
  DriverState,
  Evaluation,
  ObjectWork,
} from "../../src/core/commit/driver-state.ts";
import { newDriver } from "../../src/core/commit/driver-state.ts";
import { stepDriver } from "../../src/core/commit/step-driver.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { Seen, Work } from "./model-disk.ts";
import type { Envelope, ReadReply } from "./sim-object.ts";
import { evaluateSpec, objectOf, type RequestSpec } from "./workload.ts";

export interface DriverSpeech {
  readonly envelopes: readonly Envelope[];
  readonly pauseMs: number | null;
  readonly answer: DriverAnswer | null;
}

type DrivenSpec = Extract<RequestSpec, { kind: "transaction" | "read-only" }>;

export class SimDriver {
  readonly actor: string;
  readonly spec: DrivenSpec;
  /** What it puts into `prepare` and `decide`; another than the objects know is a Worker of another release. */
  readonly version: number;
  state: DriverState<Work>;
  /** Answers to the early reads of this try. */
  early: ReadonlyMap<string, ReadReply> = new Map();

  constructor(actor: string, spec: DrivenSpec, request: DriverRequest, version: number) {
    this.actor = actor;
    this.spec = spec;
    this.version = version;
    this.state = newDriver(request);
  }

  clone(): SimDriver {
    const copy = new SimDriver(this.actor, this.spec, this.state.request, this.version);
    copy.state = this.state;
    copy.early = this.early;
    return copy;
  }

  receive(envelope: Extract<Envelope, { kind: "reply" }>, nowMs: number): DriverSpeech {
    const { from, reply, caller } = envelope;
    const [kind = "", txid = ""] = caller.tag.split(" ");
    if (kind === "read") return this.#takeRead(txid, reply as ReadReply | { readonly kind: "refused" }, nowMs);
    // A read that validated may be refused, like any other: it counts as not answered.
    if ((reply as { kind?: string } | null)?.kind === "refused") return SILENCE;
    const event = readReply(kind, txid, from, reply);
    return event === null ? SILENCE : this.step(event, nowMs);
  }

  lost(tag: string, to: ObjectName, nowMs: number): DriverSpeech {
    const [kind = "", txid = ""] = tag.split(" ");
    if (kind === "read") {
      const isOpen = this.state.phase.kind === "evaluating" && txid === String(this.state.tries);
      return isOpen ? this.step({ kind: "failed", answer: { kind: "unavailable" } }, nowMs) : SILENCE;
    }
    return this.step({ kind: "lost", txid, to, message: kind as "prepare" }, nowMs);
  }

  step(event: DriverEvent<Work>, nowMs: number): DriverSpeech {
    const turn = stepDriver(this.state, event, nowMs);
    this.state = turn.state;
    const envelopes: Envelope[] = [];
    let pauseMs: number | null = null;
    let answer: DriverAnswer | null = null;
    for (const effect of turn.effects) {
      if (effect.kind === "send") {
        const isVersioned = ["prepare", "queue", "decide"].includes(effect.message.kind);
        const request = isVersioned ? { ...effect.message, v: this.version } : effect.message;
        envelopes.push({
          kind: "request",
          to: effect.to,
          caller: this.#caller(`${request.kind} ${effect.txid}`),
          request,
        });
      } else if (effect.kind === "pause") pauseMs = effect.maxMs;
      else if (effect.kind === "answer") answer = effect.answer;
      else {
        this.early = new Map();
        if (this.spec.early.length === 0) return this.#evaluated(nowMs);
        for (const list of new Set(this.spec.early)) {
          const caller = this.#caller(`read ${this.state.tries} ${list}`);
          envelopes.push({ kind: "request", to: objectOf(list), caller, request: { kind: "read", list } });
        }
      }
    }
    return { envelopes, pauseMs, answer };
  }

  #takeRead(tryNumber: string, reply: ReadReply | { readonly kind: "refused" }, nowMs: number): DriverSpeech {
    if (this.state.phase.kind !== "evaluating" || tryNumber !== String(this.state.tries)) return SILENCE;
    if (!("seen" in reply)) return this.step({ kind: "failed", answer: { kind: "unavailable" } }, nowMs);
    this.early = new Map(this.early).set(reply.seen.list, reply);
    return this.early.size < new Set(this.spec.early).size ? SILENCE : this.#evaluated(nowMs);
  }

  #evaluated(nowMs: number): DriverSpeech {
    const txid = `${this.actor}.${this.state.tries}`;
    return this.step({ kind: "evaluated", txid, evaluation: this.#evaluation() }, nowMs);
  }

  #evaluation(): Evaluation<Work> {
    const { spec } = this;
    if (spec.kind === "read-only") return { kind: "read-only", works: this.#works([]), results: null };
    const operations = evaluateSpec(spec, this.early.get(spec.early[0] ?? "")?.values ?? []);
    if (operations === null)
      return { kind: "refused", works: this.#works([]), fault: { slug: "precondition-failed", reason: "early" } };
    return { kind: "submit", works: this.#works(operations) };
  }

  #works(operations: Work["operations"]): ObjectWork<Work>[] {
    const seen: Seen[] = [...this.early.values()].map((each) => each.seen);
    const objects = [
      ...new Set([...operations.map((each) => objectOf(each.list)), ...seen.map((each) => objectOf(each.list))]),
    ];
    return objects.map((object) => ({
      object,
      work: {
        operations: operations.filter((each) => objectOf(each.list) === object),
        seen: seen.filter((each) => objectOf(each.list) === object),
      },
    }));
  }

  #caller(tag: string) {
    return { actor: this.actor, instance: 0, tag };
  }
}

const SILENCE: DriverSpeech = { envelopes: [], pauseMs: null, answer: null };

function readReply(kind: string, txid: string, from: ObjectName, reply: unknown): DriverEvent<Work> | null {
  switch (kind) {
    case "prepare":
    case "queue":
      return { kind: "vote", txid, from, vote: reply as never };
    case "decide":
      return { kind: "decided", txid, reply: reply as never };
    case "resolve":
      return { kind: "resolved", txid, outcome: (reply as { outcome: never }).outcome };
    case "review":
      return { kind: "reviewed", txid, reply: reply as never };
    case "validate":
      return { kind: "validated", txid, from, reply: reply as never };
    default:
      return null;
  }
}
