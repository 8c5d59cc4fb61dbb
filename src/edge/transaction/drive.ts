/**
 * The Worker's host of the driver (`src/core/commit/step-driver.ts`): sends its messages, brings it what comes back and the time, and
 * keeps running when the client hangs up, so that nothing stays held. One for all tries of a request.
 */

import type {
  DriverAnswer,
  DriverEffect,
  DriverEvent,
  DriverRequest,
  DriverState,
  Evaluation,
} from "../../core/commit/driver-state.ts";
import { newDriver } from "../../core/commit/driver-state.ts";
import { stepDriver } from "../../core/commit/step-driver.ts";
import { unreachable } from "../../core/fault.ts";
import type { ObjectName } from "../../core/ids.ts";
import { errorFields } from "../../core/log.ts";
import type { PartWork } from "../../core/transaction/part-work.ts";
import type { Exchange } from "../exchange.ts";
import { mintId } from "../idempotency.ts";
import { mannerFor, noteContention } from "./contention.ts";

type SendEffect = Extract<DriverEffect<PartWork>, { kind: "send" }>;

export class TransactionDrive {
  readonly #exchange: Exchange;
  #state: DriverState<PartWork>;
  #finish: ((answer: DriverAnswer | null) => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #maxPauseMs = 0;

  constructor(exchange: Exchange, request: Omit<DriverRequest, "manner">, objects: readonly ObjectName[]) {
    this.#exchange = exchange;
    this.#state = newDriver({ ...request, manner: mannerFor(objects, request.decider, Date.now()) });
  }

  get decider(): ObjectName {
    return this.#state.request.decider;
  }

  /** After a try that is to be begun anew. */
  get maxPauseMs(): number {
    return this.#maxPauseMs;
  }

  /** The present try, for whoever asks objects what became of it. */
  get txid(): string {
    return this.#state.txid;
  }

  /** One try. Null: the whole is to begin anew, after a pause. */
  submit(evaluation: Evaluation<PartWork>): Promise<DriverAnswer | null> {
    const answer = new Promise<DriverAnswer | null>((resolve) => {
      this.#finish = resolve;
    });
    this.#exchange.lifetime.waitUntil(answer);
    this.#step({ kind: this.#state.tries === 0 ? "start" : "resume" });
    this.#step({ kind: "evaluated", txid: mintId(Date.now()), evaluation });
    return answer;
  }

  #step(event: DriverEvent<PartWork>): void {
    const turn = stepDriver(this.#state, event, Date.now());
    this.#state = turn.state;
    for (const effect of turn.effects) this.#perform(effect);
    this.#arm();
  }

  #perform(effect: DriverEffect<PartWork>): void {
    switch (effect.kind) {
      case "evaluate":
        return;
      case "send":
        this.#exchange.lifetime.waitUntil(this.#send(effect));
        return;
      case "pause":
        this.#maxPauseMs = effect.maxMs;
        noteContention(
          this.#state.works.map(({ object }) => object),
          this.#state.manner === "in-queue" ? this.decider : null,
          Date.now(),
        );
        this.#end(null);
        return;
      case "answer":
        this.#end(effect.answer);
        return;
      default:
        unreachable(effect);
    }
  }

  #end(answer: DriverAnswer | null): void {
    this.#finish?.(answer);
    this.#finish = null;
  }

  async #send({ to, message, txid }: SendEffect): Promise<void> {
    const { env, log } = this.#exchange;
    let reply: unknown;
    try {
      reply = JSON.parse(await env.LEDGE_TABLES.getByName(to).agree(JSON.stringify(message)));
    } catch (error) {
      log.warn("transaction message lost", { object: to, op: message.kind, txid, ...errorFields(error) });
      this.#step({ kind: "lost", txid, to, message: message.kind });
      return;
    }
    const event = eventOf(message.kind, txid, to, reply);
    if (event !== null) this.#step(event);
  }

  /** One timer, for the time that the machine waits until; none while user code runs, or at the end. */
  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { phase, timerAtMs } = this.#state;
    if (this.#finish === null || phase.kind === "evaluating" || timerAtMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#step({ kind: "timer" }), Math.max(timerAtMs - Date.now(), 0));
  }
}

function eventOf(
  kind: SendEffect["message"]["kind"],
  txid: string,
  from: ObjectName,
  reply: unknown,
): DriverEvent<PartWork> | null {
  switch (kind) {
    case "prepare":
    case "queue":
      return { kind: "vote", txid, from, vote: reply as never };
    case "decide":
      return { kind: "decided", txid, reply: reply as never };
    case "resolve":
      return { kind: "resolved", txid, outcome: (reply as { readonly outcome: never }).outcome };
    case "review":
      return { kind: "reviewed", txid, reply: reply as never };
    case "validate":
      return { kind: "validated", txid, from, reply: reply as never };
    case "commit":
    case "abort":
      return null;
    default:
      return unreachable(kind);
  }
}
