/** Work that many events ask for: once for a burst of them, one run after the other, and who has to know can wait until none is left. */

export interface InTurn {
  ask(): void;
  /** Resolves once nothing is asked for and nothing runs. */
  settled(): Promise<void>;
  /** What has not begun will not. */
  end(): void;
}

/** A burst is over once nobody has asked for `quietMs`. Asking while the work runs has it run once more. */
export function inTurn(quietMs: number, work: () => Promise<void>): InTurn {
  let timer: NodeJS.Timeout | null = null;
  let isRunning = false;
  let isWanted = false;
  let waiting: (() => void)[] = [];
  const run = async () => {
    timer = null;
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      await work();
    }
    isRunning = false;
    release();
  };
  const release = () => {
    if (timer !== null || isRunning) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  const stopTimer = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    ask() {
      stopTimer();
      timer = setTimeout(() => void run(), quietMs);
    },
    settled: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        release();
      }),
    end() {
      stopTimer();
      release();
    },
  };
}
