/** The requests that simulated clients make, from a seed: single writes, plain reads, transactions of several forms. */

import type { ObjectName } from "../../src/core/ids.ts";
import type { Random } from "../crash/random.ts";
import type { Operation } from "./model-disk.ts";

export interface TransactionSpec {
  readonly kind: "transaction";
  /** Lists read by user code before it submits. */
  readonly early: readonly string[];
  readonly operations: readonly Operation[];
  /** Operations of this index and later are left out when the first early list has an even number of values. */
  readonly skipFrom: number;
  /** The code refuses when the first early list has this many values or more. */
  readonly refuseFrom: number;
  readonly decider: ObjectName;
}

export type RequestSpec =
  | TransactionSpec
  | { readonly kind: "read-only"; readonly early: readonly string[]; readonly decider: ObjectName }
  | { readonly kind: "write"; readonly operations: readonly Operation[] }
  | { readonly kind: "read"; readonly list: string };

const LETTERS = ["a", "b", "c", "d"] as const;
export const OBJECT_NAMES = LETTERS.map((letter) => `t/sim/${letter}` as ObjectName);
export const SYSTEM_DECIDER = "t/sim/_tx/7" as ObjectName;

/** `ka0` → the object of `a` */
export function objectOf(list: string): ObjectName {
  return `t/sim/${list[1]}` as ObjectName;
}

/** Few lists, so that requests meet. */
export function makeRequest(
  random: Random,
  { objects, readers }: { readonly objects: number; readonly readers: number },
  nextValue: () => number,
): RequestSpec {
  const letter = () => LETTERS[random.between(0, objects - 1)] ?? "a";
  const list = (at: string) => `${random.chance(0.7) ? "k" : "g"}${at}${random.chance(0.75) ? 0 : 1}`;
  const operation = (at: string): Operation => {
    const dice = random.next();
    if (dice < 0.1) return { op: "claim", list: `s${at}0`, value: nextValue() };
    if (dice < 0.3) return { op: "read", list: list(at) };
    if (dice < 0.36) return { op: "require", list: list(at), below: random.between(1, 8) };
    const chosen = list(at);
    return { op: chosen.startsWith("k") ? "append" : "insert", list: chosen, value: nextValue() };
  };
  const dice = random.chance(readers) ? random.next() * 0.17 : random.next();
  if (dice < 0.17) return { kind: "read", list: random.chance(0.2) ? `s${letter()}0` : list(letter()) };
  if (dice < 0.37) return { kind: "write", operations: [operation(letter())] };
  const first = letter();
  const others = LETTERS.slice(0, objects).filter((each) => each !== first);
  const second = random.pick(others);
  if (dice < 0.46) {
    const early = [list(first), list(second)];
    return { kind: "read-only", early, decider: objectOf(`k${first}0`) };
  }
  const letters = random.chance(0.3) ? [first, second, ...others.filter((each) => each !== second)] : [first, second];
  const operations = letters.flatMap((at) => (random.chance(0.25) ? [operation(at), operation(at)] : [operation(at)]));
  const early = random.chance(0.5) ? [list(first), ...(random.chance(0.5) ? [list(second)] : [])] : [];
  const declared = [...new Set([...operations.map((each) => objectOf(each.list)), ...early.map(objectOf)])].sort();
  return {
    kind: "transaction",
    early,
    operations,
    skipFrom: early.length > 0 && random.chance(0.4) ? random.between(0, operations.length - 1) : operations.length,
    refuseFrom: early.length > 0 && random.chance(0.25) ? random.between(1, 6) : Number.POSITIVE_INFINITY,
    decider: random.chance(0.15) ? SYSTEM_DECIDER : (declared[0] as ObjectName),
  };
}

/** Which operations the user's code submits, given what it read first; null: it refuses. */
export function evaluateSpec(
  spec: TransactionSpec,
  firstEarly: readonly number[],
): readonly (Operation & { readonly index: number })[] | null {
  if (firstEarly.length >= spec.refuseFrom) return null;
  const operations = spec.operations.map((operation, index) => ({ ...operation, index }));
  return spec.early.length > 0 && firstEarly.length % 2 === 0 ? operations.slice(0, spec.skipFrom) : operations;
}
