/**
 * One run of the simulator: a seed makes objects, clients, a network that loses, repeats, delays and reorders, crashes with the tail
 * lost, instances that run on after they were replaced. When the clients are done the weather calms, and everything must come to
 * rest. The same seed gives the same run.
 */

import { DEFAULT_TRIES } from "../../src/core/commit/commit-limits.ts";
import type { DriverAnswer } from "../../src/core/commit/driver-state.ts";
import { nextTimer } from "../../src/core/commit/object-timers.ts";
import { COMMIT_VERSION } from "../../src/core/commit/transaction-message.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { type Random, seeded } from "../crash/random.ts";
import { type CrashInterval, intervalsOf } from "./crash-steps.ts";
import { EventQueue } from "./event-queue.ts";
import type { HistoryEntry, MicroOp } from "./history.ts";
import { judge } from "./judge.ts";
import {
  entriesOfAnswer,
  entryOfWrite,
  missingOperations,
  type OpenRequest,
  type Refused,
  refusalOf,
} from "./sim-client.ts";
import { type DriverSpeech, SimDriver } from "./sim-driver.ts";
import { type Caller, type Envelope, type ReadReply, SimObject, type WriteReply } from "./sim-object.ts";
import { drawWeather, type Weather } from "./weather.ts";
import { makeRequest, OBJECT_NAMES, objectOf, SYSTEM_DECIDER } from "./workload.ts";

export interface RunReport {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly hits: ReadonlyMap<CrashInterval, number>;
  readonly committed: number;
  readonly entries: readonly HistoryEntry[];
  readonly trace: readonly string[];
}

type Happening =
  | { readonly kind: "deliver"; readonly envelope: Envelope }
  | { readonly kind: "lost"; readonly caller: Caller; readonly to: ObjectName }
  | { readonly kind: "flush"; readonly object: ObjectName; readonly instance: number }
  /** One that another has taken the place of does nothing. */
  | { readonly kind: "object-timer"; readonly object: ObjectName; readonly plannedAt: number }
  | { readonly kind: "second-timer"; readonly object: ObjectName }
  | { readonly kind: "zombie-timer"; readonly object: ObjectName }
  | { readonly kind: "crash"; readonly object: ObjectName }
  | { readonly kind: "driver-timer"; readonly actor: string }
  | { readonly kind: "resume"; readonly actor: string }
  | { readonly kind: "driver-crash"; readonly actor: string }
  | { readonly kind: "request"; readonly client: number }
  | { readonly kind: "attempt"; readonly request: OpenRequest }
  | { readonly kind: "client-timeout"; readonly request: OpenRequest };

/** After this the weather calms whatever clients still do. */
const STORM_MS = 60_000;
/** From calm to rest: the deadline, a question after it, some waiting. */
const REST_MS = 60_000;
const MAX_ATTEMPTS = 4;
const MAX_STEPS = 20_000;
/** Fractions of a millisecond do not come back exactly from a clock that is ahead. */
const ROUNDING_MS = 0.001;

export function simulate(seed: number, options: { readonly isTraced?: boolean } = {}): RunReport {
  return new Run(seed, options.isTraced === true).finish();
}

class Run {
  readonly #seed: number;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #queue = new EventQueue<Happening>();
  readonly #objects = new Map<ObjectName, SimObject>();
  readonly #zombies = new Map<ObjectName, SimObject>();
  readonly #skew = new Map<string, number>();
  readonly #timerAt = new Map<string, number>();
  readonly #drivers = new Map<string, { readonly driver: SimDriver; readonly request: OpenRequest }>();
  readonly #open = new Map<string, OpenRequest>();
  readonly #left: number[];
  readonly #entries: HistoryEntry[] = [];
  readonly #refused: Refused[] = [];
  readonly #hits = new Map<CrashInterval, number>();
  readonly #trace: string[] = [];
  readonly #isTraced: boolean;
  readonly #problems: string[] = [];
  #nowMs = 1_000;
  #crashesLeft: number;
  #isCalm = false;
  #values = 0;
  #requests = 0;
  #committed = 0;

  constructor(seed: number, isTraced: boolean) {
    this.#seed = seed;
    this.#isTraced = isTraced;
    this.#random = seeded(seed);
    this.#weather = drawWeather(this.#random);
    this.#crashesLeft = this.#weather.crashes;
    for (const name of [...OBJECT_NAMES.slice(0, this.#weather.objects), SYSTEM_DECIDER]) {
      this.#objects.set(name, new SimObject(name));
      this.#skew.set(name, this.#random.between(0, this.#weather.skewMs));
    }
    this.#left = new Array<number>(this.#weather.clients).fill(this.#weather.requestsEach);
    for (let client = 0; client < this.#weather.clients; client++)
      this.#queue.add(this.#nowMs + this.#random.between(0, 20), { kind: "request", client });
  }

  finish(): RunReport {
    const problems = this.#problems;
    let calmAt = Number.POSITIVE_INFINITY;
    let steps = 0;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      if (next.at > calmAt + REST_MS || ++steps > MAX_STEPS) {
        problems.push(`nothing comes to rest: ${JSON.stringify(next.what).slice(0, 200)}`);
        break;
      }
      this.#nowMs = Math.max(this.#nowMs, next.at);
      this.#happen(next.what);
      const isDone = this.#open.size === 0 && this.#left.every((left) => left === 0);
      if (!this.#isCalm && (isDone || this.#nowMs > STORM_MS)) {
        calmAt = this.#nowMs;
        this.#calm();
      }
    }
    for (const request of this.#open.values())
      if (request.spec.kind !== "read" && request.spec.kind !== "read-only")
        this.#entries.push(entryOfWrite({ ...request, isInDoubt: true }, null, this.#nowMs));
    const objects = [...this.#objects.values()];
    problems.push(...judge({ objects, entries: this.#entries, refused: this.#refused, random: this.#random }));
    return {
      seed: this.#seed,
      problems,
      hits: this.#hits,
      committed: this.#committed,
      entries: this.#entries,
      trace: this.#trace,
    };
  }

  #happen(what: Happening): void {
    switch (what.kind) {
      case "deliver":
        this.#deliver(what.envelope);
        return;
      case "lost":
        this.#tellLost(what.caller, what.to);
        return;
      case "flush": {
        const object = this.#object(what.object);
        if (object.instance !== what.instance) return;
        this.#send(object.flush(this.#random.chance(0.7) ? object.tail.length : 1));
        if (object.tail.length > 0) this.#planFlush(object);
        return;
      }
      case "object-timer": {
        const object = this.#object(what.object);
        if (this.#timerAt.get(what.object) !== what.plannedAt) return;
        this.#timerAt.delete(what.object);
        this.#afterTurn(object, object.timer(this.#clock(what.object)));
        return;
      }
      case "second-timer": {
        const object = this.#object(what.object);
        this.#afterTurn(object, object.timer(this.#clock(what.object)));
        return;
      }
      case "zombie-timer":
        this.#zombieTurn(what.object, (zombie) => zombie.timer(this.#clock(what.object)));
        return;
      case "crash":
        this.#crash(what.object);
        return;
      case "driver-timer":
        this.#stepDriver(what.actor, (driver) => driver.step({ kind: "timer" }, this.#nowMs));
        return;
      case "resume":
        this.#stepDriver(what.actor, (driver) => driver.step({ kind: "resume" }, this.#nowMs));
        return;
      case "driver-crash":
        this.#crashDriver(what.actor);
        return;
      case "request":
        this.#begin(what.client);
        return;
      case "attempt":
        this.#attempt(what.request);
        return;
      case "client-timeout":
        if (this.#open.get(what.request.name) === what.request) this.#doubt(what.request);
        return;
    }
  }

  // The network.

  #send(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      if (this.#isTraced) this.#note(`    ${describe(envelope)}`);
      const weather = this.#weather;
      if (!this.#isCalm && this.#random.chance(weather.drop)) {
        const to = envelope.kind === "request" ? envelope.to : envelope.from;
        // The caller of a broken call is told, or is not.
        if (this.#random.chance(0.5))
          this.#queue.add(this.#nowMs + this.#delay(), { kind: "lost", caller: envelope.caller, to });
        continue;
      }
      const isLate =
        !this.#isCalm &&
        envelope.kind === "request" &&
        envelope.request.kind === "commit" &&
        this.#random.chance(weather.lateCommit);
      const delay = isLate ? this.#random.between(50, 2500) : this.#delay();
      this.#queue.add(this.#nowMs + delay, { kind: "deliver", envelope });
      // A single write that was refused is over; only its Worker repeats it, under its key.
      const isWrite = envelope.kind === "request" && envelope.request.kind === "write";
      if (!this.#isCalm && !isWrite && this.#random.chance(weather.duplicate))
        this.#queue.add(this.#nowMs + this.#delay() * 3, { kind: "deliver", envelope });
    }
  }

  #delay(): number {
    const { slow, slowMs } = this.#weather;
    const isSlow = !this.#isCalm && this.#random.chance(slow);
    return isSlow ? this.#random.between(10, slowMs) : this.#random.between(1, 8);
  }

  #deliver(envelope: Envelope): void {
    if (this.#isTraced) this.#note(`-> ${describe(envelope)}`);
    if (envelope.kind === "request") {
      const { to } = envelope;
      if (this.#zombies.has(to) && this.#random.chance(0.4)) {
        this.#zombieTurn(to, (zombie) => zombie.receive(envelope, this.#clock(to)));
        return;
      }
      const object = this.#object(to);
      this.#afterTurn(object, object.receive(envelope, this.#clock(to)));
      return;
    }
    const { caller } = envelope;
    const object = this.#objects.get(caller.actor as ObjectName);
    if (object !== undefined) {
      const zombie = this.#zombies.get(object.name);
      if (zombie?.instance === caller.instance)
        this.#zombieTurn(object.name, (old) => old.receive(envelope, this.#clock(object.name)));
      else this.#afterTurn(object, object.receive(envelope, this.#clock(object.name)));
      return;
    }
    if (this.#drivers.has(caller.actor)) {
      this.#stepDriver(caller.actor, (driver) => driver.receive(envelope, this.#nowMs));
      return;
    }
    this.#takeDirectReply(envelope);
  }

  #tellLost(caller: Caller, to: ObjectName): void {
    if (this.#drivers.has(caller.actor))
      this.#stepDriver(caller.actor, (driver) => driver.lost(caller.tag, to, this.#nowMs));
    else {
      const request = this.#open.get(caller.actor);
      if (request !== undefined && caller.tag === `direct ${request.attempt}`) this.#doubt(request);
    }
  }

  // Objects.

  #object(name: ObjectName): SimObject {
    const object = this.#objects.get(name);
    if (object === undefined) throw new Error(`no object ${name}`);
    return object;
  }

  #clock(name: string): number {
    return this.#nowMs + (this.#skew.get(name) ?? 0);
  }

  #afterTurn(object: SimObject, said: readonly Envelope[]): void {
    this.#send(said);
    if (object.tail.length > 0) {
      this.#planFlush(object);
      if (!this.#isCalm && this.#crashesLeft > 0 && this.#random.chance(this.#weather.crashAfterTurn)) {
        this.#crashesLeft--;
        const within = this.#random.pick([0, this.#weather.flushMs, 50, 4000]);
        this.#queue.add(this.#nowMs + this.#random.between(0, within), { kind: "crash", object: object.name });
      }
    }
    this.#planTimer(object);
  }

  #planFlush(object: SimObject): void {
    const at = this.#nowMs + this.#random.next() * this.#weather.flushMs;
    this.#queue.add(at, { kind: "flush", object: object.name, instance: object.instance });
  }

  #planTimer(object: SimObject): void {
    const wanted = nextTimer(object.state);
    if (wanted === null || (this.#weather.withoutTimers && !this.#isCalm && object.state.readers.length === 0)) return;
    const odd = !this.#isCalm && this.#random.chance(this.#weather.oddTimers);
    const at = Math.max(
      this.#nowMs,
      wanted + ROUNDING_MS - (this.#skew.get(object.name) ?? 0) + (odd ? this.#random.between(-300, 700) : 0),
    );
    const planned = this.#timerAt.get(object.name);
    if (planned !== undefined && planned <= at && planned >= this.#nowMs) return;
    this.#timerAt.set(object.name, at);
    this.#queue.add(at, { kind: "object-timer", object: object.name, plannedAt: at });
    if (odd && this.#random.chance(0.3)) this.#queue.add(at, { kind: "second-timer", object: object.name });
  }

  #crash(name: ObjectName): void {
    const object = this.#object(name);
    for (const interval of intervalsOf(object)) this.#hit(interval);
    if (this.#isTraced) this.#note(`!! ${name} crashes: ${intervalsOf(object).join("; ")}`);
    if (this.#random.chance(this.#weather.zombie)) {
      this.#zombies.set(name, object.clone());
      this.#queue.add(this.#nowMs + this.#random.between(1, 400), { kind: "zombie-timer", object: name });
    }
    const waiting = [...object.calls.values()];
    object.crash();
    for (const { caller } of waiting)
      if (this.#random.chance(0.6)) this.#queue.add(this.#nowMs + this.#delay(), { kind: "lost", caller, to: name });
    this.#planTimer(object);
  }

  /** The old instance does something. Whatever touches storage ends it, and nothing of that turn is heard. */
  #zombieTurn(name: ObjectName, turn: (zombie: SimObject) => readonly Envelope[]): void {
    const zombie = this.#zombies.get(name);
    if (zombie === undefined) return;
    const said = turn(zombie);
    this.#hit("object: an instance was replaced and runs on");
    if (zombie.hasTouched) this.#zombies.delete(name);
    else this.#send(said);
  }

  // Drivers and clients.

  #stepDriver(actor: string, work: (driver: SimDriver) => DriverSpeech): void {
    const found = this.#drivers.get(actor);
    if (found === undefined) return;
    const { driver, request } = found;
    const before = driver.state.timerAtMs;
    const speech = work(driver);
    this.#send(speech.envelopes);
    if (speech.answer !== null) {
      this.#drivers.delete(actor);
      this.#answer(request, driver, speech.answer);
      return;
    }
    if (speech.pauseMs !== null)
      this.#queue.add(this.#nowMs + this.#random.next() * speech.pauseMs, { kind: "resume", actor });
    const { timerAtMs } = driver.state;
    if (timerAtMs !== before && timerAtMs !== Number.POSITIVE_INFINITY)
      this.#queue.add(timerAtMs, { kind: "driver-timer", actor });
    if (!this.#isCalm && this.#random.chance(this.#weather.driverCrash))
      this.#queue.add(this.#nowMs + this.#random.between(0, 12), { kind: "driver-crash", actor });
  }

  #crashDriver(actor: string): void {
    const found = this.#drivers.get(actor);
    if (found === undefined || this.#isCalm) return;
    this.#hit(`driver: ${found.driver.state.phase.kind}` as CrashInterval);
    if (this.#isTraced) this.#note(`!! ${actor} is lost while ${found.driver.state.phase.kind}`);
    this.#drivers.delete(actor);
    if (this.#open.get(found.request.name) === found.request) this.#doubt(found.request);
  }

  #begin(client: number): void {
    if (this.#left[client] === 0 || this.#isCalm) {
      this.#left[client] = 0;
      return;
    }
    this.#left[client] = (this.#left[client] ?? 0) - 1;
    const spec = makeRequest(this.#random, this.#weather, () => ++this.#values);
    const name = `r${++this.#requests}`;
    this.#attempt({
      name,
      client,
      spec,
      invokedAt: this.#nowMs,
      hasClientKey: spec.kind !== "transaction" || this.#random.chance(0.6),
      attempt: 1,
      isInDoubt: false,
    });
  }

  #attempt(request: OpenRequest): void {
    const { name, spec, attempt } = request;
    this.#open.set(name, request);
    if (this.#isTraced) this.#note(`** ${name}/${attempt} ${JSON.stringify(spec)}`);
    // A client hangs up long before or long after its Worker has given up.
    const patience = this.#random.chance(0.1) ? this.#random.between(20, 500) : 15_000;
    this.#queue.add(this.#nowMs + patience, { kind: "client-timeout", request });
    if (spec.kind === "read" || spec.kind === "write") {
      const list = spec.kind === "read" ? spec.list : (spec.operations[0]?.list ?? "");
      const caller = { actor: name, instance: 0, tag: `direct ${attempt}` };
      const work = {
        operations: spec.kind === "write" ? spec.operations.map((each, index) => ({ ...each, index })) : [],
        seen: [],
      };
      const call =
        spec.kind === "read" ? ({ kind: "read", list } as const) : ({ kind: "write", key: name, work } as const);
      this.#send([{ kind: "request", to: objectOf(list), caller, request: call }]);
      return;
    }
    const actor = `${name}/${attempt}`;
    const version = this.#random.chance(this.#weather.otherVersion) ? COMMIT_VERSION + 1 : COMMIT_VERSION;
    const driver = new SimDriver(
      actor,
      spec,
      {
        id: actor,
        idempotency: { key: `key ${request.hasClientKey ? name : actor}`, fingerprint: name, ttlMs: 86_400_000 },
        keyFrom: request.hasClientKey ? "client" : "worker",
        decider: spec.decider,
        startedAtMs: this.#nowMs,
        maxTries: DEFAULT_TRIES,
        manner: this.#nowMs % 3 === 0 ? "in-line" : "at-once",
      },
      version,
    );
    this.#drivers.set(actor, { driver, request });
    this.#stepDriver(actor, (each) => each.step({ kind: "start" }, this.#nowMs));
  }

  #answer(request: OpenRequest, driver: SimDriver, answer: DriverAnswer): void {
    if (this.#isTraced) this.#note(`== ${driver.actor} ${JSON.stringify(answer)}`);
    if (answer.kind === "committed") {
      this.#committed++;
      this.#problems.push(...missingOperations(request, answer.reply as never));
    }
    // The client had hung up, or a later attempt is under way.
    if (this.#open.get(request.name) !== request) return;
    if (answer.kind === "unknown") {
      this.#doubt(request);
      return;
    }
    const early = [...driver.early.values()].map(
      ({ seen, values }): MicroOp => ({ kind: "read", list: seen.list, values }),
    );
    if (request.spec.kind === "transaction" || answer.kind === "read")
      this.#entries.push(...entriesOfAnswer(request, answer, early, this.#nowMs));
    if (answer.kind === "fault") this.#refuse(request, answer.fault);
    if (answer.kind !== "committed" && answer.kind !== "read") this.#checkKey(request, driver);
    this.#close(request);
  }

  /** A failure was answered, although an earlier attempt under the key had been decided before this one began. */
  #checkKey({ name, hasClientKey }: OpenRequest, driver: SimDriver): void {
    if (!hasClientKey) return;
    for (const object of this.#objects.values()) {
      for (const decision of object.durable.decided.values()) {
        const isEarlier =
          decision.kind === "committed" &&
          decision.txid.startsWith(`${name}/`) &&
          decision.decidedAtMs < driver.state.request.startedAtMs;
        if (isEarlier) this.#problems.push(`${driver.actor} answers a failure, and ${decision.txid} had succeeded`);
      }
    }
  }

  #takeDirectReply({ caller, reply }: Extract<Envelope, { kind: "reply" }>): void {
    const request = this.#open.get(caller.actor);
    if (request === undefined || caller.tag !== `direct ${request.attempt}`) return;
    if (request.spec.kind === "read") {
      if ((reply as { kind?: string }).kind !== "refused") {
        const ops: MicroOp[] = [{ kind: "read", list: request.spec.list, values: (reply as ReadReply).values }];
        const { name, invokedAt } = request;
        this.#entries.push({ name, invokedAt, completedAt: this.#nowMs, outcome: "ok", ops });
      }
    } else {
      this.#entries.push(entryOfWrite(request, reply as WriteReply, this.#nowMs));
      if ((reply as WriteReply).kind === "fault") this.#refuse(request, (reply as { fault: { index?: number } }).fault);
    }
    this.#close(request);
  }

  #refuse(request: OpenRequest, fault: { readonly index?: number; readonly slug?: string }): void {
    if (fault.index === undefined) return;
    const refused = refusalOf(request, fault, this.#nowMs);
    if (refused !== null) this.#refused.push(refused);
  }

  /** The attempt may or may not take effect. With a key the client asks again. */
  #doubt(request: OpenRequest): void {
    const isRead = request.spec.kind === "read" || request.spec.kind === "read-only";
    if (request.hasClientKey && request.attempt < MAX_ATTEMPTS && !isRead) {
      const next = { ...request, attempt: request.attempt + 1, isInDoubt: true };
      this.#open.set(request.name, next);
      this.#queue.add(this.#nowMs + this.#random.between(1, this.#random.pick([30, 1500, 12_000])), {
        kind: "attempt",
        request: next,
      });
      return;
    }
    if (!isRead) this.#entries.push(entryOfWrite({ ...request, isInDoubt: true }, null, this.#nowMs));
    this.#close(request);
  }

  #close(request: OpenRequest): void {
    this.#open.delete(request.name);
    const pause = this.#random.chance(0.1) ? this.#random.between(0, 3000) : this.#random.between(0, 10);
    this.#queue.add(this.#nowMs + pause, { kind: "request", client: request.client });
  }

  #calm(): void {
    this.#isCalm = true;
    if (this.#isTraced) this.#note("~~ the weather calms");
    this.#zombies.clear();
    for (const object of this.#objects.values()) this.#planTimer(object);
  }

  #hit(interval: CrashInterval): void {
    this.#hits.set(interval, (this.#hits.get(interval) ?? 0) + 1);
  }

  #note(text: string): void {
    this.#trace.push(`${this.#nowMs.toFixed(1).padStart(9)} ${text}`);
  }
}

function describe(envelope: Envelope): string {
  const { caller } = envelope;
  return envelope.kind === "request"
    ? `${envelope.to} <- ${caller.actor}: ${JSON.stringify(envelope.request)}`
    : `${caller.actor} <- ${envelope.from} [${caller.tag}]: ${JSON.stringify(envelope.reply)}`;
}
