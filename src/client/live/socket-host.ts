/**
 * The tab that holds the socket which tabs share: carries out what `SocketMux` decides, proves that the socket lives, and strikes the ports
 * of a tab whose lock falls free, since then the tab is gone.
 */

import { SOCKET_MESSAGE_VERSION, type SocketMessage } from "../../core/live/socket-message.ts";
import { SocketMux } from "../../core/live/socket-mux.ts";
import { CLOSE, SUBPROTOCOL } from "../../core/live/wire-schema.ts";
import type { TabPlatform } from "../offline/tab-platform.ts";
import type { SocketLike } from "./live-platform.ts";
import type { LiveWiring } from "./live-wiring.ts";

const v = SOCKET_MESSAGE_VERSION;
/** The socket was lost, as browsers say it. */
const LOST = 1006;

export interface HostWiring {
  readonly host: string;
  readonly wiring: LiveWiring;
  readonly tabs: TabPlatform;
  readonly post: (message: SocketMessage) => void;
}

export class SocketHost {
  readonly #given: HostWiring;
  readonly #mux: SocketMux;
  /** Ports by tab, and what ends the waiting for the tab's lock. */
  readonly #tabs = new Map<string, { readonly ports: Set<string>; readonly forget: () => void }>();
  #socket: SocketLike | null = null;
  #cancelPing = (): void => {};

  constructor(given: HostWiring) {
    this.#given = given;
    const { host, post } = given;
    this.#mux = new SocketMux({
      open: (url) => this.#open(url),
      close: (code) => this.#close(code),
      send: (text) => this.#socket?.send(text),
      opened: (port) => post({ v, type: "ready", host, port }),
      tell: (port, text) => post({ v, type: "told", host, port, text }),
      closed: (port, code, why) => {
        this.#leave(port);
        post({ v, type: "closed", host, port, code, why });
      },
    });
  }

  get isEmpty(): boolean {
    return this.#mux.isEmpty;
  }

  hear(message: SocketMessage): void {
    const { host, post } = this.#given;
    if (message.type === "open") {
      this.#join(message.tab, message.port);
      post({ v, type: "joined", host, port: message.port });
      // A socket that died unnoticed is noticed before its next question would come.
      if (this.#mux.isOpen) this.#ask();
      this.#mux.attach(message.port, message.url);
    } else if (message.type === "end") {
      this.#leave(message.port);
      this.#mux.detach(message.port);
    } else if (message.type === "said" && message.host === host) {
      if (message.text === "ping") post({ v, type: "told", host, port: message.port, text: "pong" });
      else this.#mux.fromPort(message.port, message.text);
    }
  }

  end(): void {
    this.#close(CLOSE.normal);
    this.#mux.closed(CLOSE.goingAway);
  }

  #join(tab: string, port: string): void {
    const present = this.#tabs.get(tab);
    if (present !== undefined) {
      present.ports.add(port);
      return;
    }
    const ports = new Set([port]);
    const forget = this.#given.tabs.lead(tabLock(tab), () => {
      for (const each of [...ports]) this.hear({ v, type: "end", port: each });
    });
    this.#tabs.set(tab, { ports, forget });
  }

  #leave(port: string): void {
    for (const [tab, { ports, forget }] of this.#tabs) {
      if (!ports.delete(port) || ports.size > 0) continue;
      this.#tabs.delete(tab);
      forget();
    }
  }

  #open(url: string): void {
    const { makeSocket } = this.#given.wiring.platform;
    let socket: SocketLike | undefined;
    try {
      socket = makeSocket?.(url, SUBPROTOCOL);
    } catch {
      // As one that is lost at once.
    }
    if (socket === undefined) {
      this.#mux.closed(LOST);
      return;
    }
    this.#socket = socket;
    const onEnd = (code: number) => {
      if (socket !== this.#socket) return;
      this.#forget();
      this.#mux.closed(code);
    };
    socket.addEventListener("open", () => {
      if (socket === this.#socket) this.#mux.opened();
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket || typeof data !== "string") return;
      this.#heard();
      if (data !== "pong") this.#mux.receive(data);
    });
    socket.addEventListener("close", ({ code = LOST }) => onEnd(code));
    socket.addEventListener("error", () => onEnd(LOST));
  }

  #heard(): void {
    const { platform, timings } = this.#given.wiring;
    this.#cancelPing();
    this.#cancelPing = platform.after(timings.pingMs, () => this.#ask());
  }

  #ask(): void {
    const { platform, timings } = this.#given.wiring;
    this.#cancelPing();
    this.#cancelPing = platform.after(timings.pongMs, () => {
      this.#close(CLOSE.normal);
      this.#mux.closed(LOST);
    });
    this.#socket?.send("ping");
  }

  #close(code: number): void {
    const socket = this.#socket;
    this.#forget();
    socket?.close(code);
  }

  #forget(): void {
    this.#socket = null;
    this.#cancelPing();
  }
}

/** The lock that a tab holds as long as it lives. */
export function tabLock(tab: string): string {
  return `ledge-tab:${tab}`;
}
