/**
 * When listeners are told: of all that changed in one time together, at most once a frame. The first change after a pause is told once this very turn
 * is over, later ones when the frame is; what a person does here is not kept waiting.
 */

export interface FrameWiring {
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly frameMs: number;
}

/** Reads anew, and gives the listeners that are to be told. */
export interface Told {
  update(): readonly (() => void)[];
}

export class FrameTeller {
  readonly #wiring: FrameWiring;
  readonly #dirty = new Set<Told>();
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isScheduled = false;
  #cancel = (): void => {};
  /** How often somebody was told something. */
  flushes = 0;

  constructor(wiring: FrameWiring) {
    this.#wiring = wiring;
  }

  touch(told: Told): void {
    this.#dirty.add(told);
    this.schedule("soon");
  }

  schedule(when: "now" | "soon"): void {
    const { now, after, frameMs } = this.#wiring;
    const waitMs = when === "now" ? 0 : Math.min(frameMs, this.#toldAtMs + frameMs - now());
    if (this.#isScheduled && when === "soon") return;
    this.#cancel();
    this.#isScheduled = true;
    if (waitMs > 0) {
      this.#cancel = after(waitMs, () => this.#flush());
      return;
    }
    let isCancelled = false;
    this.#cancel = () => {
      isCancelled = true;
    };
    void Promise.resolve().then(() => isCancelled || this.#flush());
  }

  /** Everything is read first, then the listeners are told: whoever looks at several things sees one moment. */
  #flush(): void {
    this.#isScheduled = false;
    this.#cancel = () => {};
    this.#toldAtMs = this.#wiring.now();
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const listeners = dirty.flatMap((told) => told.update());
    if (listeners.length > 0) this.flushes++;
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        // Its own matter: the others go on.
        void Promise.resolve().then(() => {
          throw error;
        });
      }
    }
  }
}
