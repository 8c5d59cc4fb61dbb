/** What the parts of one run share: time, chance, how hard it is made, and what is noted of it. */

import { type Random, seeded } from "../../crash/random.ts";
import { EventQueue, type Queued } from "../event-queue.ts";
import type { OfflineInterval } from "./offline-intervals.ts";

export interface Faults {
  readonly drop: number;
  readonly slow: number;
  readonly repeat: number;
  readonly trouble: number;
  /** Share of values that the server refuses. */
  readonly bad: number;
  readonly socket: number;
}

export class SimWorld {
  readonly random: Random;
  /** Of the stories that only some runs tell: the others go as they would without. */
  readonly stories: Random;
  readonly faults: Faults;
  readonly hits = new Map<OfflineInterval, number>();
  readonly trace: string[] = [];
  readonly #isTraced: boolean;
  readonly #queue = new EventQueue<() => void>();
  /** What was taken from the queue too early; put back, it would come after others of the same moment. */
  #early: Queued<() => void> | undefined;
  #nextId = 1;
  nowMs = 0;
  /** Nothing goes wrong any more. */
  isCalm = false;
  /** The clock of the server is ahead of the simulation's, by the days that passed. */
  daysMs = 1_750_000_000_000;
  /** Counts the days: what was under way when one passed is gone. */
  day = 0;

  constructor(seed: number, isTraced: boolean) {
    const random = seeded(seed);
    this.random = random;
    this.stories = seeded(seed, 1);
    this.#isTraced = isTraced;
    const isMild = random.chance(0.15);
    const some = (values: readonly number[]) => (isMild ? 0 : random.pick(values));
    this.faults = {
      drop: some([0, 0.05, 0.25]),
      slow: some([0, 0.1, 0.4]),
      repeat: some([0, 0.1]),
      trouble: some([0, 0.05, 0.15]),
      bad: some([0, 0.05, 0.2]),
      socket: some([0, 0.02]),
    };
  }

  get serverMs(): number {
    return this.daysMs + this.nowMs;
  }

  nextId(): number {
    return this.#nextId++;
  }

  at(ms: number, run: () => void): void {
    this.#queue.add(ms, run);
  }

  /** Until the time has come, or there is no need to go on. */
  runUntil(endMs: number, isOver: () => boolean): void {
    while (!isOver()) {
      const next = this.#early ?? this.#queue.take();
      this.#early = next;
      if (next === undefined || next.at > endMs) break;
      this.#early = undefined;
      this.nowMs = Math.max(this.nowMs, next.at);
      next.what();
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  isFaulty(chance: number): boolean {
    return !this.isCalm && this.random.chance(chance);
  }

  hit(interval: OfflineInterval): void {
    this.hits.set(interval, (this.hits.get(interval) ?? 0) + 1);
  }

  note(text: string): void {
    if (this.#isTraced) this.trace.push(`${this.nowMs} ${text}`);
  }
}
