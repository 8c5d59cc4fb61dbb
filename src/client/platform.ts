/**
 * What the client needs of the place it runs in: fetch, a timer, chance, a clock, and signals that abort. Declared here as the
 * parts that are used, so that browsers, React Native, Node and Workers all fit and none is required ([SDK10]). Tests put
 * their own in their place.
 */

/** The part of AbortSignal that is used. */
export interface SignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface ControllerLike {
  readonly signal: SignalLike;
  abort(reason?: unknown): void;
}

/** The part of RequestInit that is used. Loose, so that every platform's own type is one of these. */
export interface RequestLike {
  readonly method?: string;
  readonly headers?: object;
  readonly body?: unknown;
  readonly credentials?: string | undefined;
  readonly signal?: SignalLike | null;
  /** Carries it out in place of the platform's own; a fetch that was given to the client need not heed it. */
  readonly fetch?: FetchLike | undefined;
}

export interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

interface Fetcher {
  // A method, not a function type: methods are compared both ways, so a `fetch` with richer parameters fits.
  // `init` is optional because theirs are; it is always given.
  fetch(url: string, init?: RequestLike): Promise<ResponseLike>;
}
export type FetchLike = Fetcher["fetch"];

export interface Platform {
  readonly fetch: FetchLike;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** ms since 1970. */
  readonly now: () => number;
  /** Runs once after that many ms, unless the function it returns is called before. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** An Idempotency-Key that nobody has used. */
  readonly makeKey: () => string;
  readonly makeController: () => ControllerLike;
}

interface Globals {
  readonly fetch: FetchLike;
  readonly AbortController: new () => ControllerLike;
  readonly crypto?: { readonly randomUUID?: () => string };
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
}

const globals = globalThis as unknown as Globals;

/** Looked up when called, so that whoever replaces a global later is heard. */
export const PLATFORM: Platform = {
  fetch: (url, init) => (init?.fetch ?? globals.fetch)(url, init),
  random: Math.random,
  now: Date.now,
  after: (ms, run) => {
    const timer = globals.setTimeout(run, ms);
    return () => globals.clearTimeout(timer);
  },
  // React Native has no crypto; a key must only differ from the caller's own others of the last day.
  makeKey: () => globals.crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random()}${Math.random()}`,
  makeController: () => new globals.AbortController(),
};
