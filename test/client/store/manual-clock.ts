/** Time that moves when a test says so: timers fire in order, and all that follows from each has happened before the next. */

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualClock {
  nowMs = Date.parse("2026-11-01T00:00:00Z");
  #timers: Timer[] = [];

  readonly now = (): number => this.nowMs;

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.nowMs + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  /** Until nothing more happens by itself. */
  async settle(): Promise<void> {
    await this.advance(0);
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      const next = this.#timers.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = untilMs;
  }
}
