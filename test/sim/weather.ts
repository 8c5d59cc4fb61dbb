/** How hard one run is made: rates of loss, delay, repetition, crashes. Drawn from the seed, so that calm runs are among the many. */

import type { Random } from "../crash/random.ts";

export interface Weather {
  readonly drop: number;
  readonly duplicate: number;
  /** Chance of a delay of up to `slowMs`. */
  readonly slow: number;
  readonly slowMs: number;
  /** Chance that a `commit` comes late, by up to some seconds, so that what is decided stays held. */
  readonly lateCommit: number;
  /** A turn becomes durable within this time. */
  readonly flushMs: number;
  readonly crashes: number;
  /** Chance that a turn which wrote something is followed by a crash soon. */
  readonly crashAfterTurn: number;
  readonly driverCrash: number;
  /** Chance that a crashed instance runs on without knowing it. */
  readonly zombie: number;
  /** Chance that a timer of an object is early, late or doubled. */
  readonly oddTimers: number;
  /** No timer of an object fires until the weather has calmed: only readers and repetitions resolve. */
  readonly withoutTimers: boolean;
  /** Chance that a Worker is of another release. */
  readonly otherVersion: number;
  /** Clocks of machines differ by up to this. */
  readonly skewMs: number;
  /** Further plain reads, as a share of all requests. */
  readonly readers: number;
  readonly clients: number;
  readonly requestsEach: number;
  readonly objects: number;
}

export function drawWeather(random: Random): Weather {
  const isCalm = random.chance(0.1);
  const some = (chance: number, value: number) => (!isCalm && random.chance(chance) ? value : 0);
  return {
    drop: some(0.4, random.pick([0.02, 0.08, 0.2])),
    duplicate: some(0.4, 0.1),
    slow: some(0.5, random.pick([0.05, 0.2])),
    slowMs: random.pick([60, 400, 3500, 9000]),
    lateCommit: some(0.4, 0.6),
    flushMs: random.pick([1, 5, 30]),
    crashes: some(0.75, random.between(1, 4)),
    crashAfterTurn: random.pick([0.05, 0.15, 0.4]),
    driverCrash: some(0.4, random.pick([0.01, 0.04])),
    zombie: some(0.5, 0.6),
    oddTimers: some(0.5, 0.4),
    withoutTimers: some(0.15, 1) === 1,
    otherVersion: some(0.1, 0.3),
    skewMs: some(0.4, random.pick([5, 300])),
    readers: random.chance(0.3) ? 0.45 : 0,
    clients: random.between(2, 5),
    requestsEach: random.between(2, 4),
    objects: random.between(2, 3),
  };
}
