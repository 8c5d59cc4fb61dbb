/**
 * One socket at the client, as a state machine without I/O: says hello, watches, takes frames apart, proves by `prev` that it missed
 * nothing ([WS4]), acknowledges ([WS10]), and comes back ([WS17]). A frame out of place ends the socket: the next one resumes from
 * what was shown. Tells events to `ClientPicture`; its actions are the shell's to carry out.
 */

import type { ObjectName } from "../ids.ts";
import type { PlaceQuestion } from "../offline/overlay.ts";
import { backoffMs } from "./backoff.ts";
import { type ClientCommit, type ClientEvent, clientCommit } from "./client-event.ts";
import type { WatchFrame } from "./client-frames.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import { ReceivedFrames } from "./received-frames.ts";
import {
  type AtFrame,
  type CommitFrame,
  type ResumedFrame,
  readServerFrame,
  type ServerFrame,
  type ShownRow,
  type SnapshotFrame,
} from "./server-frames.ts";
import { CLOSE, FINAL_CODES, WIRE_VERSION } from "./wire-schema.ts";

export type WatchRequest = Omit<WatchFrame, "type" | "id" | "since">;

export type ClientAction =
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "close"; readonly code: number }
  | { readonly kind: "connect"; readonly afterMs: number };

export interface ClientSessionPort {
  /** Random id of this instance of the client. */
  readonly client: string;
  readonly act: (action: ClientAction) => void;
  readonly tell: (event: ClientEvent) => void;
  /** `epoch:seq:tag` of what is shown; null: nothing is. */
  readonly sinceOf: (watch: string) => string | null;
  readonly random: () => number;
  /** The object knows who asks; until when that holds, in ms since 1970. */
  readonly greeted?: (untilMs: number | null) => void;
}

interface Watch {
  readonly key: string;
  readonly request: WatchRequest;
  /** On this socket. */
  id: number | null;
  /** Parts of a snapshot, or of a replay, that are taken together. */
  rows: ShownRow[];
  replay: { readonly head: ResumedFrame; readonly commits: ClientCommit[] } | null;
}

export class ClientSession {
  readonly #port: ClientSessionPort;
  readonly #watches = new Map<string, Watch>();
  #byId = new Map<number, Watch>();
  #phase: "idle" | "connecting" | "greeting" | "open" | "ended" = "idle";
  #object: ObjectName | null = null;
  #received = new ReceivedFrames();
  #nextId = 1;
  #attempt = 0;
  #retryAfterMs = 0;
  /** What was asked by whoever waits for a write, and is not answered. */
  #inquired = new Set<string>();

  constructor(port: ClientSessionPort) {
    this.#port = port;
  }

  get state(): "connecting" | "connected" | "reconnecting" | "disconnected" {
    if (this.#phase === "open") return "connected";
    if (this.#phase === "idle" || this.#phase === "ended") return "disconnected";
    return this.#attempt > 0 ? "reconnecting" : "connecting";
  }

  watch(key: string, request: WatchRequest): void {
    if (this.#watches.has(key)) return;
    const watch: Watch = { key, request, id: null, rows: [], replay: null };
    this.#watches.set(key, watch);
    if (this.#phase === "open") this.#ask(watch);
    else this.connect();
  }

  unwatch(key: string): void {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    if (watch?.id == null) return;
    this.#byId.delete(watch.id);
    if (this.#phase === "open") this.#send({ type: "unwatch", id: watch.id });
  }

  /** Asks where the object stands; null when that cannot be asked now. */
  sync(question: { readonly seq?: number; readonly txid?: string }): boolean {
    if (this.#phase !== "open" || this.#received.obj === "") return false;
    this.#send({ type: "sync", obj: this.#received.obj, ...question });
    return true;
  }

  /**
   * Has the object say, when it has passed a position, that it has; or where it has the transaction of this name, if any. Whoever waits asks again: one
   * question of a kind is open at a time, and few in all.
   */
  inquire(question: PlaceQuestion): void {
    const txid = "name" in question ? question.name : this.#here;
    if (this.#inquired.has(txid) || this.#inquired.size >= CLIENT_LIMITS.inquiries) return;
    if (this.sync({ ...("seq" in question && question), txid })) this.#inquired.add(txid);
  }

  get #here(): string {
    return `?${this.#port.client}`;
  }

  /** A new proof of the same caller, before the old one is too old. */
  renew(ticket: string): void {
    if (this.#phase === "open") this.#send({ type: "auth", ticket });
  }

  /** Ends the socket; the next one goes on from what is shown. */
  restart(): void {
    if (this.#phase === "open" || this.#phase === "greeting") this.#breakOff();
  }

  connect(): void {
    if (this.#phase === "connecting" || this.#phase === "greeting" || this.#phase === "open") return;
    this.#phase = "connecting";
    this.#port.act({ kind: "connect", afterMs: 0 });
  }

  opened(): void {
    this.#phase = "greeting";
    this.#byId = new Map();
    this.#received = new ReceivedFrames();
    this.#nextId = 1;
    this.#retryAfterMs = 0;
    this.#inquired.clear();
    this.#send({ type: "hello", v: WIRE_VERSION, client: this.#port.client });
  }

  /** `retryAfterMs`: how long not to come back, as a refused opening said. */
  closed(code: number, retryAfterMs = 0): void {
    if (this.#phase === "ended") return;
    for (const watch of this.#watches.values()) {
      watch.id = null;
      watch.rows = [];
      watch.replay = null;
    }
    const isFinal = FINAL_CODES.includes(code);
    this.#phase = isFinal ? "ended" : "connecting";
    const attempt = this.#attempt++;
    this.#port.tell({ kind: "lost", object: this.#object, watches: [...this.#watches.keys()], isFinal });
    if (isFinal) return;
    const afterMs = backoffMs(attempt, this.#port.random(), Math.max(retryAfterMs, this.#retryAfterMs));
    this.#port.act({ kind: "connect", afterMs });
  }

  end(): void {
    this.#phase = "ended";
    this.#port.act({ kind: "close", code: CLOSE.normal });
  }

  receive(text: string): void {
    if (this.#phase !== "greeting" && this.#phase !== "open") return;
    this.#received.count(text);
    const frame = readServerFrame(text);
    if (frame === null || (frame !== "ignored" && !(this.#received.isNext(frame) && this.#take(frame)))) {
      this.#breakOff();
      return;
    }
    const ack = this.#received.takeAck();
    if (ack !== null) this.#send(ack);
  }

  /** False: a frame that nothing came before it allows. */
  #take(frame: ServerFrame): boolean {
    switch (frame.type) {
      case "welcome":
        this.#port.greeted?.(frame.exp ?? null);
        if (this.#phase === "open") break;
        this.#phase = "open";
        for (const watch of this.#watches.values()) this.#ask(watch);
        break;
      case "snapshot":
        this.#takeSnapshot(frame);
        break;
      case "resumed":
        this.#takeResumed(frame);
        break;
      case "commit":
        if (frame.replay !== undefined) return this.#takeReplay(frame, frame.replay);
        if (this.#object !== null)
          this.#port.tell({ kind: "commit", object: this.#object, commit: this.#commitOf(frame) });
        break;
      case "at":
        this.#tellAt(frame);
        break;
      case "reset": {
        const watch = this.#byId.get(frame.id);
        if (watch === undefined) break;
        watch.rows = [];
        watch.replay = null;
        this.#port.tell({ kind: "reset", watch: watch.key, reason: frame.reason, purge: frame.purge });
        break;
      }
      case "error": {
        const watch = this.#byId.get(frame.id ?? -1);
        if (watch !== undefined) this.#watches.delete(watch.key);
        this.#port.tell({ kind: "error", problem: frame.problem, ...(watch && { watch: watch.key }) });
        break;
      }
      case "bye":
        this.#retryAfterMs = frame.retryAfterMs ?? 0;
        break;
    }
    return true;
  }

  #takeSnapshot(frame: SnapshotFrame): void {
    const watch = this.#answered(frame);
    if (watch === undefined) return;
    watch.rows.push(...(frame.rows ?? []));
    if (!frame.last) return;
    const { rows } = watch;
    watch.rows = [];
    const { type: _type, id: _id, obj: _obj, last: _last, prev: _prev, key = "id", object, ...rest } = frame;
    this.#port.tell({ ...rest, key, kind: "snapshot", watch: watch.key, object: object as ObjectName, rows });
  }

  #takeResumed(frame: ResumedFrame): void {
    const watch = this.#answered(frame);
    if (watch === undefined) return;
    watch.replay = { head: frame, commits: [] };
    if (frame.last === true) this.#tellReplay(watch);
  }

  /** The watch to which the object answers. It is there, so the next loss is the first of its row. */
  #answered({ id, object }: SnapshotFrame | ResumedFrame): Watch | undefined {
    this.#object = object as ObjectName;
    this.#attempt = 0;
    return this.#byId.get(id);
  }

  /** A piece of a replay, which a `resumed` of the same watch began. */
  #takeReplay(frame: CommitFrame, id: number): boolean {
    const watch = this.#byId.get(id);
    if (watch === undefined) return true;
    if (watch.replay === null) return false;
    watch.replay.commits.push(this.#commitOf(frame));
    if (frame.last === true) this.#tellReplay(watch);
    return true;
  }

  #commitOf(frame: CommitFrame): ClientCommit {
    return clientCommit(frame, (id) => this.#byId.get(id)?.key);
  }

  #tellReplay(watch: Watch): void {
    if (watch.replay === null) return;
    const { head, commits } = watch.replay;
    watch.replay = null;
    const { epoch, seq, tag, key = "id" } = head;
    const object = head.object as ObjectName;
    this.#port.tell({ kind: "replayed", watch: watch.key, object, epoch, seq, tag, key, commits });
  }

  #tellAt({ seq, txid, txSeq }: AtFrame): void {
    const isAnswer = txid !== undefined && this.#inquired.delete(txid) && txid !== this.#here;
    const about = txid !== undefined && { txid, txSeq: txSeq ?? null, ...(isAnswer && { name: txid }) };
    if (this.#object !== null) this.#port.tell({ kind: "at", object: this.#object, seq, ...about });
  }

  #ask(watch: Watch): void {
    watch.id = this.#nextId++;
    this.#byId.set(watch.id, watch);
    const since = this.#port.sinceOf(watch.key);
    this.#send({ type: "watch", id: watch.id, ...watch.request, ...(since !== null && { since }) });
  }

  #breakOff(): void {
    this.#phase = "connecting";
    this.#port.act({ kind: "close", code: CLOSE.normal });
  }

  #send(frame: object): void {
    this.#port.act({ kind: "send", text: JSON.stringify(frame) });
  }
}
