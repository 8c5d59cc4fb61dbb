/**
 * Frames of one watch → the text of an event stream ([SS2]–[SS10]): unnamed events of one line of JSON, an `id:` only where resuming
 * loses nothing, `ready` at the end of a snapshot or a replay. Pure; the Worker feeds it what comes from the object.
 */

import type { JsonObject } from "../json.ts";
import { printSince } from "./position.ts";
import type { CommitFrame, ServerFrame, ShownRow, WireChange } from "./server-frames.ts";

export interface SseOptions {
  readonly subscriptionId: string;
  /** The position asked for was none that resumes ([SS5]): what the client holds is to be deleted. */
  readonly isPurging: boolean;
}

export class SseText {
  readonly #options: SseOptions;
  #epoch = "";
  #tag = "";
  #isConnected = false;
  /** The seq of a replay's end. */
  #connectedSeq = 0;
  #reset: { readonly reason: string; readonly purge: boolean } | null = null;
  /** Of the event told last: what no commit caused goes on counting where the position stays. */
  #seq = 0;
  #index = 0;

  constructor(options: SseOptions) {
    this.#options = options;
  }

  /** The text of a frame, maybe none. `nowMs` stands where no commit gives a time. */
  take(frame: ServerFrame, nowMs: number): string {
    switch (frame.type) {
      case "snapshot": {
        const head = this.#connect(frame, false) + this.#invalidated(nowMs);
        if (frame.aggregate !== undefined) return `${head}${this.#aggregate(frame.aggregate, frame.seq)}`;
        const rows = (frame.rows ?? []).map((row) => this.#existing(row, frame.seq, nowMs));
        return `${head}${rows.join("")}${frame.last ? this.#ready(frame.seq, frame.kinds) : ""}`;
      }
      case "resumed":
        return this.#connect(frame, true) + (frame.last === true ? this.#ready(frame.seq) : "");
      case "commit":
        return this.#commit(frame);
      case "at":
        return this.#at(frame.seq);
      case "reset": {
        this.#reset = { reason: frame.purge ? "scope" : "gap", purge: frame.purge };
        return this.#isConnected ? this.#invalidated(nowMs) : "";
      }
      case "error":
        return `event: error\ndata: ${JSON.stringify({ error: frame.problem.detail ?? frame.problem.title, code: frame.problem.code })}\n\n`;
      default:
        return "";
    }
  }

  /** Told before the end ([SS10] [SS12]). */
  invalidate(reason: string, nowMs: number): string {
    return this.#event(0, { type: "invalidate", timestamp: nowMs, reason });
  }

  #connect(
    { seq, epoch, tag, key, object }: Extract<ServerFrame, { type: "snapshot" | "resumed" }>,
    resumed: boolean,
  ): string {
    this.#epoch = epoch;
    this.#tag = tag;
    if (this.#isConnected) return "";
    this.#isConnected = true;
    this.#connectedSeq = seq;
    return `event: connected\ndata: ${JSON.stringify({ seq, epoch, object, tag, key, resumed })}\n\n`;
  }

  /** An empty `id:`, so that a break before `ready` starts afresh ([SS7]). */
  #invalidated(nowMs: number): string {
    if (this.#reset === null) return "";
    const { reason, purge } = this.#reset;
    this.#reset = null;
    const meta = { reset: true, ...(purge || this.#options.isPurging ? { purge: true } : {}) };
    return `id:\n${this.#event(0, { type: "invalidate", timestamp: nowMs, reason, meta })}`;
  }

  #existing({ row, v }: ShownRow, seq: number, nowMs: number): string {
    return this.#event(seq, { type: "existing", timestamp: nowMs, object: row, meta: { v } });
  }

  #commit(frame: CommitFrame): string {
    const [news] = frame.watches;
    const isLastOfReplay = frame.replay !== undefined && frame.last === true;
    const end = isLastOfReplay ? this.#ready(this.#connectedSeq) : "";
    if (news === undefined) return end;
    if (news.aggregate !== undefined) return this.#aggregate(news.aggregate, frame.seq);
    if (news.tag !== undefined) this.#tag = news.tag;
    // Where the scope has changed and nothing with it, the position is told alone: it has another tag.
    if (news.changes.length === 0 && news.tag !== undefined) return this.#at(frame.seq) + end;
    const texts = news.changes.map((change, index) => {
      const isLast = index === news.changes.length - 1;
      const more = isLast && news.hasMore !== undefined ? { hasMore: news.hasMore } : {};
      return `${isLast ? this.#id(frame.seq) : ""}${this.#event(frame.seq, this.#change(change, frame, more))}`;
    });
    return texts.join("") + end;
  }

  #change({ op, row, v, rowId, why, optimisticId }: WireChange, frame: CommitFrame, more: object): object {
    const meta = {
      ...(v === undefined ? {} : { v }),
      ...(why === undefined ? {} : { why }),
      ...(optimisticId === undefined ? {} : { optimisticId }),
      ...(frame.txid === undefined ? {} : { txid: frame.txid }),
      ...(frame.parts === undefined ? {} : { parts: frame.parts }),
      ...more,
    };
    const about = op === "removed" ? { objectId: rowId } : { object: row };
    return { type: op, timestamp: frame.at, ...about, ...(Object.keys(meta).length === 0 ? {} : { meta }) };
  }

  #aggregate(data: JsonObject, seq: number): string {
    return `event: aggregate\n${this.#id(seq)}data: ${JSON.stringify({ data, seq })}\n\n`;
  }

  /** `kinds`: of the columns, so that a client can put rows in order. */
  #ready(seq: number, kinds?: JsonObject): string {
    return `event: ready\n${this.#id(seq)}data: ${JSON.stringify({ seq, kinds })}\n\n`;
  }

  #at(seq: number): string {
    return `event: at\n${this.#id(seq)}data: {"seq":${seq}}\n\n`;
  }

  #event(seq: number, members: object): string {
    const { subscriptionId } = this.#options;
    if (seq !== 0 && seq !== this.#seq) {
      this.#seq = seq;
      this.#index = 0;
    }
    return `data: ${JSON.stringify({ id: `${seq}:${this.#index++}`, subscriptionId, seq, ...members })}\n\n`;
  }

  #id(seq: number): string {
    return `id: ${printSince({ epoch: this.#epoch, seq, tag: this.#tag })}\n`;
  }
}
