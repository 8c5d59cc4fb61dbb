/**
 * A tab's end of a socket that tabs share, as a state machine without I/O: asks whoever leads, belongs to the host that answers first and leads
 * still, and is gone when another one leads: its session then opens a port there. Where nobody answers in time the tab opens a socket of its own.
 */

import { SOCKET_MESSAGE_VERSION, type SocketMessage } from "./socket-message.ts";
import { CLOSE } from "./wire-schema.ts";

const v = SOCKET_MESSAGE_VERSION;

export interface TabPortWiring {
  readonly port: string;
  readonly tab: string;
  readonly url: string;
  readonly post: (message: SocketMessage) => void;
  readonly opened: () => void;
  readonly tell: (text: string) => void;
  readonly closed: (code: number, why: "lost" | "full") => void;
  /** Nobody leads who answers. */
  readonly alone: () => void;
}

export class TabPort {
  readonly #wiring: TabPortWiring;
  #phase: "asking" | "joined" | "over" = "asking";
  #host = "";
  /** The last that has said that it leads; what an earlier one said may still come. */
  #leader: string | null = null;

  constructor(wiring: TabPortWiring) {
    this.#wiring = wiring;
  }

  ask(): void {
    const { post, port, tab, url } = this.#wiring;
    if (this.#phase === "asking") post({ v, type: "open", port, tab, url });
  }

  say(text: string): void {
    const { post, port } = this.#wiring;
    if (this.#phase === "joined") post({ v, type: "said", port, host: this.#host, text });
  }

  end(): void {
    const { post, port } = this.#wiring;
    if (this.#phase === "over") return;
    this.#phase = "over";
    post({ v, type: "end", port });
  }

  /** It has waited long enough. Whoever answers later is told that the port is gone. */
  giveUp(): void {
    if (this.#phase !== "asking") return;
    this.end();
    this.#wiring.alone();
  }

  hear(message: SocketMessage): void {
    const { opened, tell, port } = this.#wiring;
    if (message.type === "leads") {
      this.#leader = message.host;
      if (this.#phase === "asking") this.ask();
      else if (this.#phase === "joined" && message.host !== this.#host) this.#over(CLOSE.goingAway, "lost");
      return;
    }
    if (!("host" in message) || message.port !== port || message.type === "said") return;
    const isLate = this.#leader !== null && message.host !== this.#leader;
    if (message.type === "joined" && this.#phase === "asking" && !isLate) {
      this.#phase = "joined";
      this.#host = message.host;
    }
    if (this.#phase !== "joined" || message.host !== this.#host) return;
    if (message.type === "ready") opened();
    else if (message.type === "told") tell(message.text);
    else if (message.type === "closed") this.#over(message.code, message.why);
  }

  #over(code: number, why: "lost" | "full"): void {
    this.#phase = "over";
    this.#wiring.closed(code, why);
  }
}
