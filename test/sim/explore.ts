/**
 * A small model explored exhaustively: a few requests on two or three objects, and every order in which messages can arrive, up to so many
 * of them lost or doubled, up to so many crashes at every moment (with and without the last turn), and time that may pass
 * while messages are under way. States already seen are not entered again. Each end is judged like a run of the simulator.
 */

import { DEFAULT_TRIES } from "../../src/core/commit/commit-limits.ts";
import { nextTimer } from "../../src/core/commit/object-timers.ts";
import { COMMIT_VERSION } from "../../src/core/commit/transaction-message.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { seeded } from "../crash/random.ts";
import type { HistoryEntry, MicroOp } from "./history.ts";
import { judge } from "./judge.ts";
import { entriesOfAnswer, type OpenRequest, possibleAppends, type Refused, refusalOf } from "./sim-client.ts";
import { type DriverSpeech, SimDriver } from "./sim-driver.ts";
import { type Envelope, type ReadReply, SimObject } from "./sim-object.ts";
import { objectOf, type RequestSpec } from "./workload.ts";

export interface Scenario {
  readonly name: string;
  readonly objects: readonly ObjectName[];
  readonly requests: readonly RequestSpec[];
  /** Requests of one number are the same request, sent twice with one key. */
  readonly keys?: readonly number[];
}

export interface Bounds {
  readonly crashes: number;
  readonly drops: number;
  readonly duplicates: number;
  /** How often time may pass while messages are under way. */
  readonly earlyTicks: number;
  readonly maxStates: number;
}

export interface Exploration {
  readonly states: number;
  readonly ends: number;
  /** Everything within the bounds was seen. */
  readonly isComplete: boolean;
  readonly problems: readonly string[];
}

interface World {
  readonly objects: readonly SimObject[];
  readonly drivers: readonly (SimDriver | null)[];
  readonly messages: readonly Envelope[];
  readonly pauses: readonly number[];
  readonly entries: readonly HistoryEntry[];
  readonly refused: readonly Refused[];
  readonly left: Pick<Bounds, "crashes" | "drops" | "duplicates" | "earlyTicks">;
  readonly nowMs: number;
  readonly step: number;
}

interface Choice {
  readonly name: () => string;
  readonly apply: (world: Draft) => void;
}

interface Path {
  readonly last: Choice;
  readonly before: Path | null;
}

type Draft = { -readonly [K in keyof World]: World[K] };

export function explore(scenario: Scenario, bounds: Bounds): Exploration {
  const seen = new Set<string>();
  const problems: string[] = [];
  let ends = 0;
  let isComplete = true;
  const stack: { readonly world: World; readonly path: Path | null }[] = [
    { world: begin(scenario, bounds), path: null },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { world, path } = next;
    const key = fingerprint(world);
    if (seen.has(key)) continue;
    if (seen.size >= bounds.maxStates) {
      isComplete = false;
      break;
    }
    seen.add(key);
    const choices = choicesOf(world, scenario);
    if (choices.length === 0) {
      ends++;
      const found = judgeEnd(world, scenario);
      if (found.length > 0) problems.push(`${scenario.name}: ${found.join("; ")}\n    ${wayOf(path).join("\n    ")}`);
      if (problems.length >= 3) break;
      continue;
    }
    for (const choice of choices) {
      const draft: Draft = { ...world, step: world.step + 1 };
      choice.apply(draft);
      stack.push({ world: draft, path: { last: choice, before: path } });
    }
  }
  return { states: seen.size, ends, isComplete, problems };
}

function wayOf(path: Path | null): string[] {
  const names: string[] = [];
  for (let at = path; at !== null; at = at.before) names.unshift(at.last.name());
  return names;
}

function begin(scenario: Scenario, bounds: Bounds): World {
  const draft: Draft = {
    objects: scenario.objects.map((name) => new SimObject(name)),
    drivers: [],
    messages: [],
    pauses: [],
    entries: [],
    refused: [],
    left: bounds,
    nowMs: 1_000,
    step: 0,
  };
  scenario.requests.forEach((spec, index) => {
    const actor = `r${index}`;
    if (spec.kind === "read" || spec.kind === "write") {
      draft.drivers = [...draft.drivers, null];
      const caller = { actor, instance: 0, tag: "direct" };
      if (spec.kind === "read")
        send(draft, [{ kind: "request", to: objectOf(spec.list), caller, request: { kind: "read", list: spec.list } }]);
      return;
    }
    const key = scenario.keys?.[index];
    const driver = new SimDriver(
      actor,
      spec,
      {
        id: actor,
        idempotency: { key: `key ${key ?? actor}`, fingerprint: "", ttlMs: 1 },
        keyFrom: key === undefined ? "worker" : "client",
        decider: spec.decider,
        startedAtMs: 1_000 + index,
        maxTries: Math.min(2, DEFAULT_TRIES),
        manner: "at-once",
      },
      COMMIT_VERSION,
    );
    draft.drivers = [...draft.drivers, driver];
    hear(draft, scenario, index, driver, driver.step({ kind: "start" }, draft.nowMs));
  });
  return draft;
}

function choicesOf(world: World, scenario: Scenario): Choice[] {
  const choices: Choice[] = [];
  const { left, messages } = world;
  const distinct = new Set<string>();
  messages.forEach((envelope, index) => {
    const text = textOf(envelope);
    if (distinct.has(text)) return;
    distinct.add(text);
    const name = () => envelopeName(envelope);
    choices.push({ name: () => `deliver ${name()}`, apply: (draft) => deliver(draft, scenario, index, "whole") });
    if (left.crashes > 0 && targetOf(world, envelope) !== null)
      choices.push({
        name: () => `deliver and crash ${name()}`,
        apply: (draft) => deliver(draft, scenario, index, "lost"),
      });
    if (left.drops > 0) choices.push({ name: () => `drop ${name()}`, apply: (draft) => drop(draft, index) });
    if (left.duplicates > 0)
      choices.push({ name: () => `double ${name()}`, apply: (draft) => double(draft, envelope) });
  });
  for (const index of world.pauses)
    choices.push({ name: () => `r${index} goes on`, apply: (draft) => resume(draft, scenario, index) });
  if (left.crashes > 0) {
    world.objects.forEach((object, index) => {
      if (object.calls.size === 0 && object.state.held.size === 0 && object.state.unsettled.size === 0) return;
      choices.push({ name: () => `crash ${object.name}`, apply: (draft) => crash(draft, index) });
    });
    world.drivers.forEach((driver, index) => {
      if (driver !== null)
        choices.push({ name: () => `lose r${index}`, apply: (draft) => loseDriver(draft, scenario, index) });
    });
  }
  const isQuiet = messages.length === 0 && world.pauses.length === 0;
  if ((isQuiet || left.earlyTicks > 0) && nextTime(world) !== null)
    choices.push({ name: () => "time passes", apply: (draft) => tick(draft, scenario, isQuiet) });
  return choices;
}

function deliver(draft: Draft, scenario: Scenario, index: number, turn: "whole" | "lost"): void {
  const envelope = draft.messages[index];
  if (envelope === undefined) return;
  draft.messages = draft.messages.filter((_each, at) => at !== index);
  const target = targetOf(draft, envelope);
  if (target !== null) {
    const object = changeObject(draft, target);
    const said = object.receive(envelope, draft.nowMs);
    if (turn === "whole") send(draft, [...said, ...object.flush(object.tail.length)]);
    else {
      object.crash();
      draft.left = { ...draft.left, crashes: draft.left.crashes - 1 };
    }
    return;
  }
  if (envelope.kind !== "reply") return;
  const at = Number(envelope.caller.actor.slice(1));
  if (scenario.requests[at]?.kind === "read") {
    const { seen, values } = envelope.reply as ReadReply;
    const ops: MicroOp[] = seen === undefined ? [] : [{ kind: "read", list: seen.list, values }];
    draft.entries = [
      ...draft.entries,
      { name: `r${at}`, outcome: "ok", invokedAt: 0, completedAt: Number.POSITIVE_INFINITY, ops },
    ];
    return;
  }
  stepDriver(draft, scenario, at, (driver) => driver.receive(envelope, draft.nowMs));
}

function drop(draft: Draft, index: number): void {
  draft.messages = draft.messages.filter((_each, at) => at !== index);
  draft.left = { ...draft.left, drops: draft.left.drops - 1 };
}

function double(draft: Draft, envelope: Envelope): void {
  draft.messages = [...draft.messages, envelope];
  draft.left = { ...draft.left, duplicates: draft.left.duplicates - 1 };
}

function resume(draft: Draft, scenario: Scenario, index: number): void {
  draft.pauses = draft.pauses.filter((each) => each !== index);
  stepDriver(draft, scenario, index, (driver) => driver.step({ kind: "resume" }, draft.nowMs));
}

function crash(draft: Draft, index: number): void {
  changeObject(draft, index).crash();
  draft.left = { ...draft.left, crashes: draft.left.crashes - 1 };
}

function loseDriver(draft: Draft, scenario: Scenario, index: number): void {
  draft.drivers = draft.drivers.map((driver, at) => (at === index ? null : driver));
  draft.left = { ...draft.left, crashes: draft.left.crashes - 1 };
  draft.pauses = draft.pauses.filter((each) => each !== index);
  record(draft, scenario, index, null);
}

/** To the next timer of anybody; all that are due then fire. */
function tick(draft: Draft, scenario: Scenario, isQuiet: boolean): void {
  draft.nowMs = nextTime(draft) ?? draft.nowMs;
  if (!isQuiet) draft.left = { ...draft.left, earlyTicks: draft.left.earlyTicks - 1 };
  draft.objects.forEach((each, index) => {
    const at = nextTimer(each.state);
    if (at === null || at > draft.nowMs) return;
    const object = changeObject(draft, index);
    send(draft, [...object.timer(draft.nowMs), ...object.flush(object.tail.length)]);
  });
  draft.drivers.forEach((driver, index) => {
    if (driver !== null && driver.state.timerAtMs <= draft.nowMs)
      stepDriver(draft, scenario, index, (each) => each.step({ kind: "timer" }, draft.nowMs));
  });
}

function nextTime({ objects, drivers }: Pick<World, "objects" | "drivers">): number | null {
  const times = objects.map((object) => nextTimer(object.state) ?? Number.POSITIVE_INFINITY);
  for (const driver of drivers) if (driver !== null) times.push(driver.state.timerAtMs);
  const next = Math.min(...times);
  return next === Number.POSITIVE_INFINITY ? null : next;
}

function stepDriver(draft: Draft, scenario: Scenario, index: number, work: (driver: SimDriver) => DriverSpeech): void {
  const driver = draft.drivers[index]?.clone();
  if (driver === undefined) return;
  draft.drivers = draft.drivers.map((each, at) => (at === index ? driver : each));
  hear(draft, scenario, index, driver, work(driver));
}

function hear(draft: Draft, scenario: Scenario, index: number, driver: SimDriver, speech: DriverSpeech): void {
  send(draft, speech.envelopes);
  if (speech.pauseMs !== null) draft.pauses = [...draft.pauses, index];
  if (speech.answer === null) return;
  const isSure = speech.answer.kind === "committed" || speech.answer.kind === "read";
  // With a shared key the other attempt may still take effect.
  const isInDoubt = scenario.keys?.[index] !== undefined && !isSure;
  record(draft, scenario, index, { driver, answer: speech.answer, isInDoubt });
  draft.drivers = draft.drivers.map((each, at) => (at === index ? null : each));
}

function record(
  draft: Draft,
  scenario: Scenario,
  index: number,
  told: {
    readonly driver: SimDriver;
    readonly answer: NonNullable<DriverSpeech["answer"]>;
    readonly isInDoubt: boolean;
  } | null,
): void {
  const spec = scenario.requests[index] as RequestSpec;
  // Of a request that was sent twice one entry is enough, that of the attempt that knows most.
  const key = scenario.keys?.[index];
  const name = key === undefined ? `r${index}` : `k${key}`;
  const request: OpenRequest = {
    name,
    client: index,
    spec,
    invokedAt: 0,
    hasClientKey: key !== undefined,
    attempt: 1,
    isInDoubt: told?.isInDoubt ?? true,
  };
  const early = [...(told?.driver.early.values() ?? [])].map(
    ({ seen, values }): MicroOp => ({ kind: "read", list: seen.list, values }),
  );
  const made: HistoryEntry[] =
    told === null
      ? [{ name, outcome: "info", invokedAt: 0, completedAt: Number.POSITIVE_INFINITY, ops: possibleAppends(spec) }]
      : entriesOfAnswer(request, told.answer, early, draft.step);
  const rest = draft.entries.filter((entry) => entry.name !== name);
  const earlier = draft.entries.filter((entry) => entry.name === name);
  draft.entries = earlier.some((entry) => entry.outcome === "ok") ? draft.entries : [...rest, ...made];
  if (told?.answer.kind === "fault") {
    const refused = refusalOf(request, told.answer.fault, draft.step);
    if (refused !== null && told.answer.fault.index !== undefined) draft.refused = [...draft.refused, refused];
  }
}

function judgeEnd(world: World, scenario: Scenario): string[] {
  const { objects, entries, refused } = world;
  const unknown: HistoryEntry[] = scenario.requests.flatMap((spec, index) =>
    world.drivers[index] === null || spec.kind === "read"
      ? []
      : [{ name: `r${index}`, outcome: "info", invokedAt: 0, completedAt: 9e15, ops: possibleAppends(spec) }],
  );
  return judge({ objects, entries: [...entries, ...unknown], refused, random: seeded(1) });
}

function send(draft: Draft, envelopes: readonly Envelope[]): void {
  if (envelopes.length > 0) draft.messages = [...draft.messages, ...envelopes];
}

function changeObject(draft: Draft, index: number): SimObject {
  const copy = (draft.objects[index] as SimObject).clone();
  draft.objects = draft.objects.map((each, at) => (at === index ? copy : each));
  return copy;
}

/** Index of the object that an envelope is for; null: a driver or a client. */
function targetOf({ objects }: Pick<World, "objects">, envelope: Envelope): number | null {
  const name = envelope.kind === "request" ? envelope.to : envelope.caller.actor;
  const index = objects.findIndex((object) => object.name === name);
  return index < 0 ? null : index;
}

function envelopeName(envelope: Envelope): string {
  return envelope.kind === "request"
    ? `${envelope.caller.tag || envelope.request.kind} to ${envelope.to}`
    : `reply ${JSON.stringify(envelope.reply)} to [${envelope.caller.tag}] of ${envelope.caller.actor}`;
}

/** The state as a text, hashed: what differs in it may differ in what follows. */
function fingerprint(world: World): string {
  const { objects, drivers, messages, pauses, entries, left, nowMs } = world;
  const text = [
    ...objects.flatMap(({ instance, disk, state, calls }) => [instance, textOf(disk), textOf(state), plainText(calls)]),
    ...drivers.map((driver) => driver && textOf(driver.state) + textOf(driver.early)),
    ...messages.map(textOf).sort(),
    pauses.join(),
    ...entries.map((entry) => `${entry.name} ${entry.outcome} ${textOf(entry.ops)}`),
    left.crashes,
    left.drops,
    left.duplicates,
    left.earlyTicks,
    nowMs,
  ].join("\n");
  let a = 0x811c9dc5;
  let b = 0x1234567;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) + (b >>> 15);
  }
  return `${a >>> 0}.${b >>> 0}.${text.length}`;
}

const texts = new WeakMap<object, string>();
const numbers = new Map<string, string>();

/** Of what never changes once it is made: equal values have equal numbers. */
function textOf(value: object): string {
  let text = texts.get(value);
  if (text === undefined) {
    const whole = plainText(value);
    text = numbers.get(whole) ?? String(numbers.size);
    numbers.set(whole, text);
    texts.set(value, text);
  }
  return text;
}

function plainText(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    each instanceof Map || each instanceof Set ? [...each] : each,
  );
}
