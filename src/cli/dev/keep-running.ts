/**
 * Keeps a server up while its sources are edited. workerd ends when the application refuses to start (a `ConfigError`, a thrown
 * import), and a mistake that somebody is about to mend must not end `ledge dev` with it: the server starts again after the next
 * edit that is sound. One that never came up the first time is not waited for.
 */

export interface Server {
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** Edits that can be started from, counted. */
export interface Edits {
  count(): number;
  /** Resolves once more than `seen` were counted. */
  beyond(seen: number): Promise<void>;
}

export interface KeepRunning {
  readonly start: () => Server;
  readonly edits: Edits;
  /** Resolves when the person wants no more. */
  readonly stopped: Promise<unknown>;
  readonly onReady: () => void;
  readonly onCrash: () => void;
}

/** How it came to an end. */
export async function keepRunning(options: KeepRunning): Promise<"stopped" | "never-ready"> {
  const { start, edits, stopped, onReady, onCrash } = options;
  let wasReady = false;
  for (;;) {
    const seen = edits.count();
    const server = start();
    void server.ready.then(() => {
      wasReady = true;
      onReady();
    });
    const end = await Promise.race([
      server.ended.then(() => "crashed" as const),
      stopped.then(() => "stopped" as const),
    ]);
    await server.stop();
    if (end === "stopped") return "stopped";
    if (!wasReady) return "never-ready";
    onCrash();
    const next = await Promise.race([
      edits.beyond(seen).then(() => "edited" as const),
      stopped.then(() => "stopped" as const),
    ]);
    if (next === "stopped") return "stopped";
  }
}

/** A count of edits, and what raises it. */
export function countEdits(): Edits & { readonly add: () => void } {
  let count = 0;
  let waiting: { readonly seen: number; readonly resolve: () => void }[] = [];
  return {
    count: () => count,
    beyond: (seen) =>
      new Promise((resolve) => {
        if (count > seen) resolve();
        else waiting.push({ seen, resolve });
      }),
    add: () => {
      count += 1;
      for (const { resolve } of waiting.filter(({ seen }) => count > seen)) resolve();
      waiting = waiting.filter(({ seen }) => count <= seen);
    },
  };
}
