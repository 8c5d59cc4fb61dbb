/**
 * What the tabs of one browser have in common besides the storage: a lock that says which of them leads, a channel between them, and whether
 * there is a network. Where these do not exist (Node, React Native) a program is its only tab, leads, and thinks itself online.
 */

export interface TabPlatform {
  /** Calls once this tab leads, maybe never. The function given back lets go, also of waiting. */
  readonly lead: (name: string, begin: () => void, how?: Leading) => () => void;
  readonly channel: (name: string, hear: (message: unknown) => void) => TabChannel;
  readonly isOnline: () => boolean;
  /** Whether tabs find each other, so that they may share a socket; absent: they do not. */
  readonly areFound?: () => boolean;
  /** Gives the function that ends it. */
  readonly onOnline: (listener: (isOnline: boolean) => void) => () => void;
}

export interface Leading {
  /** At once, in the place of whoever leads. */
  readonly steal?: boolean;
  /** Another has taken the place. */
  readonly lost?: () => void;
}

export interface TabChannel {
  tell(message: unknown): void;
  close(): void;
}

interface ChannelLike {
  postMessage(message: unknown): void;
  close(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

interface Globals {
  readonly navigator?: {
    readonly onLine?: boolean;
    readonly locks?: {
      request(
        name: string,
        options: { readonly signal: unknown } | { readonly steal: true },
        run: () => Promise<void>,
      ): Promise<unknown>;
    };
  };
  readonly document?: unknown;
  readonly BroadcastChannel?: new (name: string) => ChannelLike;
  readonly AbortController: new () => { readonly signal: unknown; abort(): void };
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

const globals = globalThis as unknown as Globals;

export const TAB_PLATFORM: TabPlatform = {
  lead: (name, begin, { steal, lost } = {}) => {
    const locks = globals.navigator?.locks;
    let isHeld = false;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    if (locks === undefined) {
      void Promise.resolve().then(begin);
      return letGo;
    }
    const controller = new globals.AbortController();
    const run = (): Promise<void> => {
      isHeld = true;
      begin();
      return held;
    };
    // Rejects when it is given up while it waits, and when it is stolen.
    locks.request(name, steal ? { steal } : { signal: controller.signal }, run).catch(() => isHeld && lost?.());
    return () => {
      isHeld = false;
      controller.abort();
      letGo();
    };
  },
  channel: (name, hear) => {
    const { BroadcastChannel, document } = globals;
    // In Node a channel would keep the process alive, and there are no other tabs.
    if (BroadcastChannel === undefined || document === undefined) return { tell: () => {}, close: () => {} };
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => hear(data);
    return { tell: (message) => channel.postMessage(message), close: () => channel.close() };
  },
  areFound: () =>
    globals.navigator?.locks !== undefined && globals.BroadcastChannel !== undefined && globals.document !== undefined,
  isOnline: () => globals.navigator?.onLine !== false,
  onOnline: (listener) => {
    const on = () => listener(true);
    const off = () => listener(false);
    globals.addEventListener?.("online", on);
    globals.addEventListener?.("offline", off);
    return () => {
      globals.removeEventListener?.("online", on);
      globals.removeEventListener?.("offline", off);
    };
  },
};
