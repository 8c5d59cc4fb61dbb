/**
 * What came on one socket, at the client: its position, proved frame by frame to have missed nothing ([WS4]), and how much of it has been
 * acknowledged ([WS10]). A new socket begins with a new one. Used by `ClientSession` and `SocketMux`.
 */

import { CLIENT_LIMITS } from "./client-limits.ts";
import type { ServerFrame } from "./server-frames.ts";

export class ReceivedFrames {
  /** Position of the last frame; null before the first. */
  #seq: number | null = null;
  #frames = 0;
  #ackedFrames = 0;
  #unackedBytes = 0;
  /** The object, as it names itself in frames; empty before the first. */
  obj = "";

  count(text: string): void {
    this.#frames++;
    this.#unackedBytes += text.length;
  }

  /** Whether a frame stands on the position that was received; then it is the position. What has none, or is a replay, stands by itself. */
  isNext(frame: ServerFrame): boolean {
    if (!("seq" in frame) || (frame.type === "commit" && frame.replay !== undefined)) return true;
    if (this.#seq === null ? (frame.prev ?? 0) !== 0 : frame.prev !== this.#seq) return false;
    this.#seq = frame.seq;
    this.obj = frame.obj;
    return true;
  }

  /** The frame that acknowledges all that came, as soon as that is much; then nothing is open. */
  takeAck(): object | null {
    const isDue =
      this.#frames - this.#ackedFrames >= CLIENT_LIMITS.ackFrames || this.#unackedBytes >= CLIENT_LIMITS.ackBytes;
    if (!isDue) return null;
    this.#ackedFrames = this.#frames;
    this.#unackedBytes = 0;
    return { type: "ack", obj: this.obj, seq: this.#seq ?? 0, n: this.#frames };
  }
}
