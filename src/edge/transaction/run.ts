/**
 * One run of a transaction through the Worker ([TP3]): steps are added one by one, each made ready with what is known; where a later step
 * needs what an object computes, the steps so far are tried out, rolled back, and remembered like a read; then all is submitted
 * at once. Nothing is held in between. When something that was seen has changed, the whole begins anew in another run.
 */

import { decidingObject } from "../../core/commit/deciding-object.ts";
import { Fault } from "../../core/fault.ts";
import type { ObjectName, RowId } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type {
  Look,
  NamedEffect,
  Seen,
  StepOutcome,
  TransactionFacts,
  TransactionStep,
  Tried,
} from "../../core/protocol/transaction-call.ts";
import { holds, parseCondition } from "../../core/transaction/condition.ts";
import { limitExceeded, TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { Isolation, Operation } from "../../core/transaction/operation.ts";
import { operationAt, type StepResult, valueAt } from "../../core/transaction/results.ts";
import type { Lookup, Path } from "../../core/transaction/template.ts";
import { readObject } from "../call-object.ts";
import { expectAnswer, type ObjectAnswer } from "../endpoints/answer.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import type { WriteKey } from "../idempotency.ts";
import { hasBeforeHook, isFailing, type MadeAction, makeAction, refusal } from "./make-action.ts";
import { openOperation } from "./open-operation.ts";
import type { Target } from "./open-target.ts";
import type { Origin } from "./origin.ts";
import { watchRun } from "./refusal.ts";
import { type Plan, submit } from "./submit.ts";

/** What all runs of a transaction have in common. */
export interface RunFrame {
  readonly origin: Origin;
  readonly facts: TransactionFacts;
  readonly key: WriteKey;
  /** In whose object the reply under the key lies; null: the key is the Worker's own. */
  readonly keeper: Target | null;
  readonly isolation: Isolation;
  /** ms since 1970. */
  readonly deadlineMs: number;
  /** The id of a row that an operation creates: the same in every run. */
  readonly newId: (index: number) => string;
}

export interface Step {
  readonly target: Target;
  readonly wire: TransactionStep;
  /** What was thrown where it was refused. */
  readonly error?: unknown;
}

/** The stored reply of an earlier request with the same key, found on the way. */
export class Replay extends Error {
  readonly answer: ObjectAnswer;

  constructor(answer: ObjectAnswer) {
    super("replay");
    this.answer = answer;
  }
}

export interface Submission {
  readonly effects: readonly NamedEffect[];
  readonly shown: { readonly [index: string]: Json };
  readonly value: Json | null;
}

export const PLAIN: Submission = { effects: [], shown: {}, value: null };

export class TransactionRun {
  readonly frame: RunFrame;
  readonly steps: Step[] = [];
  /** Objects known from the list, where it is known: then one alone may fill references itself. */
  readonly #objects: ReadonlySet<ObjectName> | null;
  #isSubmitted = false;
  #outcomes: StepOutcome[] = [];
  #seen = new Map<ObjectName, Seen>();
  readonly #answers = new WeakSet<object>();
  /** The request of the step that is being made: what its hook looks at is in that object. */
  #making: TableRequest | null = null;

  constructor(frame: RunFrame, objects: ReadonlySet<ObjectName> | null) {
    this.frame = frame;
    this.#objects = objects;
    watchRun(frame, () => this.#plan(PLAIN));
  }

  #plan(submission: Submission): Plan {
    const { frame, steps } = this;
    return { frame, steps, seen: this.#seen, submission, objects: this.#objects, isSubmitted: this.#isSubmitted };
  }

  /** Whether no step can follow: one is certain to fail. */
  get isFailing(): boolean {
    const last = this.steps.at(-1);
    return last !== undefined && isFailing(last.wire.action);
  }

  /** Whether every step so far was tried out. */
  get isTried(): boolean {
    return this.#outcomes.length === this.steps.length;
  }

  /** What a step came to, as far as it was tried. */
  outcomeOf(index: number): StepOutcome | undefined {
    return this.#outcomes[index];
  }

  /** Id of the row that a step is about, known before it ran. */
  idOf(index: number): RowId | null {
    const action = this.steps[index]?.wire.action;
    if (action?.kind !== "ready") return null;
    if (action.work.kind === "write") return action.work.write.intent.id;
    return action.work.kind === "upsert" || action.work.kind === "read" ? action.work.id : null;
  }

  /** Adds a step whose conditions are settled, or texts. */
  async add(target: Target, operation: Operation, settled: { readonly isSkipped: boolean } = { isSkipped: false }) {
    checkTime(this.frame);
    const index = this.steps.length;
    this.#making = target.request;
    const names = [...this.steps.map(({ wire }) => wire.as), operation.as];
    const isAlone = this.#objects?.size === 1;
    let { when, require } = operation;
    // Whoever runs a hook, or fills a reference, must know that the step is not passed over; elsewhere the object decides.
    if (when !== undefined && !settled.isSkipped && (!isAlone || needsWorker(target))) {
      if (!(await this.#holds(when, names))) return this.#push(target, operation, { action: { kind: "skipped" } });
      when = undefined;
    }
    if (require !== undefined && !isAlone && !settled.isSkipped) {
      if (!(await this.#holds(require, names)))
        return this.#push(
          target,
          operation,
          refusal(new Fault({ slug: "precondition-failed", reason: "require" }), target),
        );
      require = undefined;
    }
    if (settled.isSkipped) return this.#push(target, operation, { action: { kind: "skipped" } });
    let made: MadeAction;
    try {
      const open = openOperation(this.frame.origin, target, operation, this.frame.newId(index));
      made = await makeAction(target, open, {
        isAlone,
        lookup: (needed) => this.#lookup(needed, names),
        look: async (look) => (await this.#try(look)).looked,
        isAnswer: (error) =>
          error instanceof Replay || (typeof error === "object" && error !== null && this.#answers.has(error)),
      });
    } catch (error) {
      if (!(error instanceof Fault) || this.#answers.has(error)) throw error;
      made = refusal(error, target);
    }
    return this.#push(target, { ...operation, when, require }, made);
  }

  /** Adds a step that server code refused. */
  refuse(target: Target, operation: Operation, error: unknown): void {
    this.#push(target, operation, refusal(error, target));
  }

  /** Tries out all steps so far; a step that fails rejects. */
  async tryOut(): Promise<void> {
    if (this.#outcomes.length < this.steps.length) await this.#try(null);
  }

  async commit(submission: Submission): Promise<ObjectAnswer> {
    checkTime(this.frame);
    try {
      this.#isSubmitted = true;
      return await submit(this.#plan(submission));
    } catch (error) {
      const last = this.steps.at(-1);
      // The object gave back what was refused here; then the first error says it better.
      const isOwn = last?.error !== undefined && error instanceof Fault && error.data.index === last.wire.index;
      throw isOwn ? last.error : error;
    }
  }

  #push(target: Target, operation: Operation, { action, error }: MadeAction): void {
    const { place, request, scopes, op, limitUnconfirmed } = target;
    const wire: TransactionStep = {
      index: place.index,
      as: place.as,
      table: request.entry.resource.name,
      resource: request.entry.path,
      op,
      scopes,
      when: operation.when ?? null,
      require: operation.require ?? null,
      expect: operation.expect ?? null,
      action,
      drawn: null,
      ...(limitUnconfirmed === null ? {} : { limitUnconfirmed }),
    };
    this.steps.push({ target, wire, ...(error === undefined ? {} : { error }) });
    const objects = new Set(this.steps.map((step) => step.target.request.object));
    const max = TRANSACTION_LIMITS.objects;
    if (objects.size > max) throw limitExceeded("objects", objects.size, max);
    if (this.steps.length > TRANSACTION_LIMITS.operations)
      throw limitExceeded("operations", this.steps.length, TRANSACTION_LIMITS.operations);
  }

  async #holds(text: string, names: readonly string[]): Promise<boolean> {
    await this.tryOut();
    return holds(parseCondition(text, "when", null), names, this.#results());
  }

  async #lookup(needed: readonly Path[], names: readonly string[]): Promise<Lookup> {
    const known: Lookup = (path) => this.#known(path, names);
    if (needed.every((path) => known(path) !== undefined)) return known;
    // What a step came to is not changed by later ones, so one trial serves all that refer to it.
    if (needed.some(([name = ""]) => this.#outcomes[operationAt(name, names) ?? -1] === undefined)) await this.tryOut();
    const results = this.#results();
    return (path) => valueAt(path, names, results);
  }

  /** The id of a row is known as soon as its step is. */
  #known([name = "", member, ...deeper]: Path, names: readonly string[]): Json | undefined {
    const index = operationAt(name, names);
    const step = index === null ? undefined : this.steps[index];
    if (step === undefined || index === null || deeper.length > 0) return undefined;
    if (step.wire.when !== null || member !== step.target.request.entry.resource.spec.primaryKey) return undefined;
    return this.idOf(index) ?? undefined;
  }

  #results(): StepResult[] {
    return this.#outcomes.map(({ status, value }) => ({ isSkipped: status === "skipped", value }));
  }

  async #try(look: Look | null): Promise<{ readonly looked: Tried["looked"] }> {
    checkTime(this.frame);
    const byObject = new Map<ObjectName, Step[]>();
    for (const step of this.steps) {
      const { object } = step.target.request;
      byObject.set(object, [...(byObject.get(object) ?? []), step]);
    }
    const lookRequest = look === null ? null : this.#making;
    if (lookRequest !== null && !byObject.has(lookRequest.object)) byObject.set(lookRequest.object, []);
    let looked: Tried["looked"] = [];
    const outcomes: StepOutcome[] = [];
    for (const [object, steps] of byObject) {
      const request = steps[0]?.target.request ?? lookRequest;
      if (request === null) continue;
      const isLooking = lookRequest?.object === object;
      const tried = await this.#call(request, steps, this.#seen.get(object) ?? null, isLooking ? look : null);
      this.#seen.set(object, tried.seen);
      if (isLooking) looked = tried.looked;
      steps.forEach((step, position) => {
        const outcome = tried.outcomes[position];
        if (outcome === undefined) return;
        outcomes[step.wire.index] = outcome;
        this.steps[step.wire.index] = { ...step, wire: { ...step.wire, drawn: outcome.drawn } };
      });
    }
    this.#outcomes = outcomes;
    return { looked };
  }

  async #call(request: TableRequest, steps: readonly Step[], seen: Seen | null, look: Look | null): Promise<Tried> {
    const { facts, key, isolation } = this.frame;
    const decider = this.#objects === null ? this.steps[0]?.target.request.object : decidingObject([...this.#objects]);
    const isDecider = this.steps.length === 0 || request.object === decider;
    try {
      const reply = await readObject(request, {
        ...callHeader(request),
        ...(isolation === "committed" ? { consistency: "committed" } : {}),
        op: "trial",
        facts,
        steps: steps.map(({ wire }) => wire),
        seen: isolation === "committed" ? null : seen,
        look,
        idempotency: isDecider ? key.idempotency : null,
      });
      if (reply.kind === "tried") return reply;
      throw new Replay(expectAnswer(reply));
    } catch (error) {
      if (typeof error === "object" && error !== null) this.#answers.add(error);
      throw error;
    }
  }
}

/** Whether the Worker makes the step ready itself whatever it holds. */
function needsWorker(target: Target): boolean {
  return hasBeforeHook(target) || target.request.entry.resource.config.schema !== undefined;
}

export function checkTime({ deadlineMs }: RunFrame): void {
  if (Date.now() > deadlineMs)
    throw new Fault({ slug: "timeout", detail: "The transaction took longer than 10 s; nothing was written" });
}
