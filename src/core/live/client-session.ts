/**
 * One socket at the client, as a state machine without I/O: says hello, watches, takes frames apart, proves by `prev` that it missed
 * nothing ([WS4]), acknowledges ([WS10]), and comes back ([WS17]). A frame out of place ends the socket: the next one resumes from
 * what was shown. Tells events to `ClientPicture`; its actions are the shell's to carry out. Its lines are one machine's.
 */

import type { ObjectName } from "../ids.ts";
import type { PlaceQuestion } from "../offline/overlay.ts";
import { backoffMs } from "./backoff.ts";
import { type ClientCommit, type ClientEvent, clientCommit } from "./client-event.ts";
import type { WatchFrame } from "./client-frames.ts";
import { CLIENT_LIMITS } from "./live-limits.ts";
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
  #obj = "";
  /** Position of the last frame; null before the first. */
  #received: number | null = null;
  #frames = 0;
  #ackedFrames = 0;
  #unackedBytes = 0;
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
    if (this.#phase !== "open" || this.#obj === "") return false;
    this.#send({ type: "sync", obj: this.#obj, ...question });
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
    this.#received = null;
    this.#frames = 0;
    this.#ackedFrames = 0;
    this.#unackedBytes = 0;
    this.#nextId = 1;
    this.#obj = "";
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
    this.#frames++;
    this.#unackedBytes += text.length;
    const frame = readServerFrame(text);
    if (frame === null || (frame !== "ignored" && !this.#take(frame))) this.#breakOff();
    else this.#acknowledge();
  }

  /** False: the frame does not follow on what was received. */
  #take(frame: ServerFrame): boolean {
    switch (frame.type) {
      case "welcome":
        this.#port.greeted?.(frame.exp ?? null);
        if (this.#phase === "open") return true;
        this.#phase = "open";
        for (const watch of this.#watches.values()) this.#ask(watch);
        return true;
      case "snapshot":
        return this.#follows(frame) && this.#takeSnapshot(frame);
      case "resumed":
        return this.#follows(frame) && this.#takeResumed(frame);
      case "commit":
        if (frame.replay !== undefined) return this.#takeReplay(frame);
        if (!this.#follows(frame)) return false;
        this.#tellCommit(frame);
        return true;
      case "at":
        if (!this.#follows(frame)) return false;
        this.#tellAt(frame);
        return true;
      case "reset": {
        const watch = this.#byId.get(frame.id);
        if (watch === undefined) return true;
        watch.rows = [];
        watch.replay = null;
        this.#port.tell({ kind: "reset", watch: watch.key, reason: frame.reason, purge: frame.purge });
        return true;
      }
      case "error": {
        const watch = frame.id === undefined ? undefined : this.#byId.get(frame.id);
        if (watch !== undefined) this.#watches.delete(watch.key);
        this.#port.tell({
          kind: "error",
          problem: frame.problem,
          ...(watch === undefined ? {} : { watch: watch.key }),
        });
        return true;
      }
      case "bye":
        this.#retryAfterMs = frame.retryAfterMs ?? 0;
        return true;
    }
  }

  /** Whether the frame stands on the position that was received; then it is the position. */
  #follows({ prev, seq, obj }: { readonly prev?: number; readonly seq: number; readonly obj: string }): boolean {
    if (this.#received !== null && prev !== this.#received) return false;
    if (this.#received === null && prev !== undefined && prev !== 0) return false;
    this.#received = seq;
    this.#obj = obj;
    return true;
  }

  #takeSnapshot(frame: SnapshotFrame): boolean {
    this.#object = frame.object as ObjectName;
    const watch = this.#byId.get(frame.id);
    this.#attempt = 0;
    if (watch === undefined) return true;
    watch.rows.push(...(frame.rows ?? []));
    if (!frame.last) return true;
    const { rows } = watch;
    watch.rows = [];
    const { type: _type, id: _id, obj: _obj, last: _last, prev: _prev, key = "id", ...rest } = frame;
    this.#port.tell({ ...rest, key, kind: "snapshot", watch: watch.key, object: this.#object, rows });
    return true;
  }

  #takeResumed(frame: ResumedFrame): boolean {
    this.#object = frame.object as ObjectName;
    const watch = this.#byId.get(frame.id);
    this.#attempt = 0;
    if (watch === undefined) return true;
    watch.replay = { head: frame, commits: [] };
    if (frame.last === true) this.#tellReplay(watch);
    return true;
  }

  #takeReplay(frame: CommitFrame): boolean {
    const watch = this.#byId.get(frame.replay ?? -1);
    if (watch === undefined) return true;
    if (watch.replay === null) return false;
    watch.replay.commits.push(clientCommit(frame, (id) => this.#byId.get(id)?.key));
    if (frame.last === true) this.#tellReplay(watch);
    return true;
  }

  #tellReplay(watch: Watch): void {
    if (watch.replay === null) return;
    const { head, commits } = watch.replay;
    watch.replay = null;
    const { epoch, seq, tag, key = "id" } = head;
    const object = head.object as ObjectName;
    this.#port.tell({ kind: "replayed", watch: watch.key, object, epoch, seq, tag, key, commits });
  }

  #tellCommit(frame: CommitFrame): void {
    if (this.#object === null) return;
    const commit = clientCommit(frame, (id) => this.#byId.get(id)?.key);
    this.#port.tell({ kind: "commit", object: this.#object, commit });
  }

  #tellAt({ seq, txid, txSeq }: AtFrame): void {
    const isAnswer = txid !== undefined && this.#inquired.delete(txid) && txid !== this.#here;
    const about = txid === undefined ? {} : { txid, txSeq: txSeq ?? null, ...(isAnswer && { name: txid }) };
    if (this.#object !== null) this.#port.tell({ kind: "at", object: this.#object, seq, ...about });
  }

  #ask(watch: Watch): void {
    watch.id = this.#nextId++;
    this.#byId.set(watch.id, watch);
    const since = this.#port.sinceOf(watch.key);
    this.#send({ type: "watch", id: watch.id, ...watch.request, ...(since === null ? {} : { since }) });
  }

  #acknowledge(): void {
    const isDue =
      this.#frames - this.#ackedFrames >= CLIENT_LIMITS.ackFrames || this.#unackedBytes >= CLIENT_LIMITS.ackBytes;
    if (!isDue) return;
    this.#ackedFrames = this.#frames;
    this.#unackedBytes = 0;
    this.#send({ type: "ack", obj: this.#obj, seq: this.#received ?? 0, n: this.#frames });
  }

  #breakOff(): void {
    this.#phase = "connecting";
    this.#port.act({ kind: "close", code: CLOSE.normal });
  }

  #send(frame: object): void {
    this.#port.act({ kind: "send", text: JSON.stringify(frame) });
  }
}
