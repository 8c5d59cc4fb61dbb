/**
 * Something that is shown, as an external store has it: `subscribe` and `getSnapshot` of one identity each, fit for `useSyncExternalStore`. Shared by
 * all who ask for the same key, begun with the first listener, and kept for a while after the last, so that whatever mounts again
 * finds it there. Its snapshot is another only where something in it is.
 */

export interface Source<S> {
  /** The snapshot now; `before` itself where nothing is new. */
  read(before: S): S;
  /** Whether it is kept for a while once nobody listens; without it: it is. */
  isWorthKeeping?(): boolean;
  close(): void;
}

/** What is shown before anything was asked, the same object each time. */
export interface Beginning<S> {
  readonly here: () => S;
  readonly onServer: () => S;
}

export interface HandleHost {
  /** Its source is open, or let go: it is to be found under its key, or no more. */
  readonly opened: (handle: SharedHandle<unknown>) => void;
  readonly closed: (handle: SharedHandle<unknown>) => void;
  /** Runs once after that many ms unless the function it returns is called before. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly keepMs: number;
}

export class SharedHandle<S> {
  readonly key: string;
  readonly #host: HandleHost;
  readonly #open: () => Source<S>;
  readonly #beginning: Beginning<S>;
  readonly #listeners = new Set<{ readonly run: () => void }>();
  #source: Source<S> | null = null;
  /** Null: it has not begun. */
  #snapshot: S | null = null;
  #cancelClose = (): void => {};

  constructor(key: string, beginning: Beginning<S>, open: () => Source<S>, host: HandleHost) {
    this.key = key;
    this.#beginning = beginning;
    this.#open = open;
    this.#host = host;
  }

  get isOpen(): boolean {
    return this.#source !== null;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Gives the function that ends it. The same listener may be there more than once. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const own = { run: listener };
    this.#listeners.add(own);
    this.#cancelClose();
    this.#begin();
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#leave();
    };
  };

  readonly getSnapshot = (): S => this.#snapshot ?? this.#beginning.here();

  /** What a server renders, and the first render of a page that a server has rendered. */
  readonly getServerSnapshot = (): S => this.#beginning.onServer();

  /** Resolves once `isThere` holds of the snapshot; it is begun for that, and kept for a while. */
  until(isThere: (snapshot: S) => boolean): Promise<S> {
    return new Promise((resolve) => {
      let leave = (): void => {};
      let isDone = false;
      const look = () => {
        const snapshot = this.getSnapshot();
        if (isDone || !isThere(snapshot)) return;
        isDone = true;
        resolve(snapshot);
        leave();
      };
      leave = this.subscribe(look);
      if (isDone) leave();
      else look();
    });
  }

  /** Reads anew; the listeners to be told, if it is another. */
  update(): readonly (() => void)[] {
    const before = this.getSnapshot();
    this.#snapshot = this.#source?.read(before) ?? before;
    return this.#snapshot === before ? [] : [...this.#listeners].map(({ run }) => run);
  }

  /** Lets go at once, if nobody listens; begins anew, if somebody does. */
  restart(): void {
    this.#end();
    this.#snapshot = null;
    if (this.#listeners.size > 0) this.#begin();
  }

  #begin(): void {
    if (this.#source !== null) return;
    const before = this.getSnapshot();
    this.#source = this.#open();
    this.#host.opened(this as unknown as SharedHandle<unknown>);
    this.#snapshot = this.#source.read(before);
  }

  #leave(): void {
    this.#cancelClose();
    const keepMs = this.#source?.isWorthKeeping?.() === false ? 0 : this.#host.keepMs;
    this.#cancelClose = this.#host.after(keepMs, () => {
      if (this.#listeners.size === 0) this.#end();
    });
  }

  #end(): void {
    const source = this.#source;
    this.#source = null;
    if (source === null) return;
    source.close();
    this.#host.closed(this as unknown as SharedHandle<unknown>);
  }
}

/** `before`, unless a member of `after` is another. */
export function sameOr<S extends object>(before: S, after: S): S {
  const names = Object.keys(after) as (keyof S)[];
  return names.every((name) => Object.is(before[name], after[name])) ? before : after;
}
