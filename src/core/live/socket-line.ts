/**
 * The way out to one socket: frames leave in order, within flow control ([WS10]), and only while the proof of who listens holds ([RV4]
 * [RV6]). What flow control holds back of a snapshot waits here. Once it has ended nothing leaves. No clock, no I/O; `LiveSession` says what
 * is sent.
 */

import type { FaultData } from "../fault.ts";
import { byeText, faultText } from "./frame-text.ts";
import { maySend, noteAck, noteSent, type SentSizes, type SocketState } from "./socket-state.ts";
import { CLOSE } from "./wire-schema.ts";

export interface LinePort {
  readonly nowMs: () => number;
  readonly send: (text: string) => void;
  readonly close: (code: number, reason: string) => void;
}

export class SocketLine {
  readonly #state: SocketState;
  readonly #port: LinePort;
  readonly #onEnd: () => void;
  readonly #sizes: SentSizes = [];
  #held: string[] = [];
  isClosed = false;

  /** `onEnd`: nothing more can be sent. */
  constructor(state: SocketState, port: LinePort, onEnd: () => void) {
    this.#state = state;
    this.#port = port;
    this.#onEnd = onEnd;
  }

  /** Whether a frame could be sent now. */
  get isFree(): boolean {
    return !this.isClosed && this.#held.length === 0 && maySend(this.#state);
  }

  get heldBytes(): number {
    return this.#held.reduce((sum, text) => sum + text.length, 0);
  }

  /** In place of what is held: frames of one snapshot, which leave by `flush`. */
  hold(texts: string[]): void {
    this.#held = texts;
  }

  /** Sends what is held; false: flow control stops it. */
  flush(): boolean {
    while (this.#held.length > 0 && !this.isClosed) {
      if (!maySend(this.#state)) return false;
      this.send(this.#held.shift() as string);
    }
    return true;
  }

  ack(frames: number): void {
    noteAck(this.#state, this.#sizes, frames, this.#port.nowMs());
  }

  send(text: string): void {
    const { exp, renewAtMs, session } = this.#state;
    if (this.isClosed) return;
    if (exp !== null && this.#port.nowMs() >= exp) {
      this.#port.send(faultText({ slug: "unauthorized", reason: "expired" }, session));
      this.end(CLOSE.unauthenticated, "expired");
      return;
    }
    if (renewAtMs !== null && this.#port.nowMs() >= renewAtMs) {
      this.end(CLOSE.restart, "rights are to be looked up again");
      return;
    }
    noteSent(this.#state, this.#sizes, text.length);
    this.#port.send(text);
  }

  problem(fault: FaultData, id?: number): void {
    this.send(faultText(fault, this.#state.session, id));
  }

  end(code: number, reason: string, retryAfterMs?: number): void {
    if (this.isClosed) return;
    if (code < 4000) this.#port.send(byeText(code, retryAfterMs));
    this.#port.close(code, reason);
    this.cut();
  }

  /** The socket is gone. */
  cut(): void {
    this.isClosed = true;
    this.#onEnd();
  }
}
