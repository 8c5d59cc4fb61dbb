/**
 * Sockets that the tabs of a browser share ([O8]): what a link opens is a port of the socket that one tab holds, found by a Web Lock for each object
 * and person. Which tabs may share the server says with the ticket, so whoever sees other rows has another socket. Where nobody answers
 * in time, or a socket has no room, a tab has one of its own.
 */

import { readSocketMessage, SOCKET_MESSAGE_VERSION, type SocketMessage } from "../../core/live/socket-message.ts";
import { TabPort } from "../../core/live/tab-port.ts";
import { SUBPROTOCOL } from "../../core/live/wire-schema.ts";
import { TAB_PLATFORM, type TabChannel, type TabPlatform } from "../offline/tab-platform.ts";
import type { SocketLike } from "./live-platform.ts";
import type { LiveWiring } from "./live-wiring.ts";
import { SocketHost, tabLock } from "./socket-host.ts";

/** How long the tab that leads may take to answer: it may be suspended. */
const ANSWER_MS = 2_000;

type SocketEvent = Parameters<Parameters<SocketLike["addEventListener"]>[1]>[0];

/** For `live` of a client, or of `withLive`: `{ share: shareSockets() }`. Without Web Locks each tab keeps its own sockets. */
export function shareSockets(tabs: TabPlatform = TAB_PLATFORM): (wiring: LiveWiring) => SharedSockets | null {
  return (wiring) => (tabs.areFound?.() === true ? new SharedSockets(wiring, tabs) : null);
}

export class SharedSockets {
  readonly #wiring: LiveWiring;
  readonly #tabs: TabPlatform;
  readonly #tab: string;
  readonly #groups = new Map<string, SocketGroup>();
  /** Shares whose socket had no room for this tab. */
  readonly #alone = new Set<string>();
  readonly #present: Promise<void>;
  #leaveTab = (): void => {};

  constructor(wiring: LiveWiring, tabs: TabPlatform) {
    this.#wiring = wiring;
    this.#tabs = tabs;
    this.#tab = wiring.platform.makeKey();
    // Held before anybody is told of this tab, so that whoever gets the lock knows that it is gone.
    this.#present = new Promise((resolve) => {
      this.#leaveTab = tabs.lead(tabLock(this.#tab), resolve);
    });
  }

  /** `share`: equal for callers who see the same of the same object. */
  open(url: string, share: string): SocketLike | null {
    const { makeSocket } = this.#wiring.platform;
    if (makeSocket === null || this.#alone.has(share)) return makeSocket?.(url, SUBPROTOCOL) ?? null;
    let group = this.#groups.get(share);
    if (group === undefined) {
      group = new SocketGroup(share, this.#wiring, this.#tabs, () => this.#groups.delete(share));
      this.#groups.set(share, group);
    }
    return group.open(url, this.#tab, this.#present, () => this.#alone.add(share));
  }

  close(): void {
    for (const group of [...this.#groups.values()]) group.close();
    this.#leaveTab();
  }
}

/** This tab's part in one shared socket, as long as it has a port there or holds the socket for others. */
class SocketGroup {
  readonly #wiring: LiveWiring;
  readonly #tabs: TabPlatform;
  readonly #ports = new Map<string, TabPort>();
  readonly #channel: TabChannel;
  readonly #leave: () => void;
  readonly #left: () => void;
  #host: SocketHost | null = null;
  #isOver = false;

  constructor(share: string, wiring: LiveWiring, tabs: TabPlatform, left: () => void) {
    this.#wiring = wiring;
    this.#tabs = tabs;
    this.#left = left;
    const name = `ledge-live:${share}`;
    this.#channel = tabs.channel(name, (message) => this.#hear(readSocketMessage(message)));
    this.#leave = tabs.lead(name, () => this.#lead());
  }

  open(url: string, tab: string, present: Promise<void>, onFull: () => void): SocketLike {
    const { platform } = this.#wiring;
    const port = platform.makeKey();
    const listeners: { readonly type: string; readonly run: (event: SocketEvent) => void }[] = [];
    const dispatch = (type: string, event: SocketEvent) => {
      for (const listener of listeners) if (listener.type === type) listener.run(event);
    };
    let own: SocketLike | null = null;
    let cancelWait = () => {};
    const gone = () => {
      cancelWait();
      this.#ports.delete(port);
      this.#check();
    };
    const end = new TabPort({
      port,
      tab,
      url,
      post: (message) => this.#toHost(message),
      opened: () => dispatch("open", {}),
      tell: (data) => dispatch("message", { data }),
      closed: (code, why) => {
        if (why === "full") onFull();
        gone();
        dispatch("close", { code });
      },
      alone: () => {
        gone();
        own = platform.makeSocket?.(url, SUBPROTOCOL) ?? null;
        for (const { type, run } of listeners) own?.addEventListener(type, run);
      },
    });
    this.#ports.set(port, end);
    cancelWait = platform.after(ANSWER_MS, () => end.giveUp());
    void present.then(() => end.ask());
    return {
      send: (text) => (own === null ? end.say(text) : own.send(text)),
      close: (code, reason) => {
        if (own !== null) return own.close(code, reason);
        end.end();
        gone();
      },
      addEventListener: (type, run) => void listeners.push({ type, run }),
    };
  }

  close(): void {
    if (this.#isOver) return;
    this.#host?.end();
    this.#isOver = true;
    this.#channel.close();
    this.#leave();
    this.#left();
  }

  #lead(): void {
    if (this.#isOver) return;
    const host = this.#wiring.platform.makeKey();
    this.#host = new SocketHost({
      host,
      wiring: this.#wiring,
      tabs: this.#tabs,
      post: (message) => this.#toPort(message),
    });
    const leads: SocketMessage = { v: SOCKET_MESSAGE_VERSION, type: "leads", host };
    this.#tell(leads);
    for (const port of [...this.#ports.values()]) port.hear(leads);
  }

  #hear(message: SocketMessage | null): void {
    if (message === null || this.#isOver) return;
    for (const port of [...this.#ports.values()]) port.hear(message);
    this.#host?.hear(message);
    this.#check();
  }

  #toHost(message: SocketMessage): void {
    if (this.#host === null) this.#tell(message);
    else this.#host.hear(message);
  }

  #toPort(message: SocketMessage): void {
    const port = "port" in message ? this.#ports.get(message.port) : undefined;
    if (port === undefined) this.#tell(message);
    else port.hear(message);
  }

  #tell(message: SocketMessage): void {
    if (!this.#isOver) this.#channel.tell(message);
  }

  /** A group that nobody needs is left, and whoever waits leads; afterwards, so that all of its ports have been told what ended them. */
  #check(): void {
    void Promise.resolve().then(() => {
      if (this.#ports.size === 0 && (this.#host === null || this.#host.isEmpty)) this.close();
    });
  }
}
