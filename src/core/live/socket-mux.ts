/**
 * One socket to an object, shared by the tabs of a browser: each has a port, behind which an ordinary `ClientSession` sees a socket of its own.
 * Gives ids and `prev` to each port as that port counts them, acknowledges for all, and strikes a port that takes nothing more. Ports
 * come only from tabs of one person with one sign-in, since all see through the same rights. No I/O; `SocketHost` carries out.
 */

import type { JsonObject } from "../json.ts";
import { readClientFrame, type WatchFrame } from "./client-frames.ts";
import { SOCKET_LIMITS } from "./client-limits.ts";
import { ReceivedFrames } from "./received-frames.ts";
import {
  type CommitFrame,
  readServerFrame,
  type ServerFrame,
  type SnapshotFrame,
  type WatchNews,
} from "./server-frames.ts";
import { CLOSE } from "./wire-schema.ts";

export interface MuxPort {
  /** Opens the socket, with the address, and so the ticket, of a port. */
  readonly open: (url: string) => void;
  readonly close: (code: number) => void;
  readonly send: (text: string) => void;
  readonly opened: (port: string) => void;
  readonly tell: (port: string, text: string) => void;
  /** The port is gone; `full`: the socket has no room for its watches. */
  readonly closed: (port: string, code: number, why: "lost" | "full") => void;
}

/** A frame with a position. */
type Placed = Extract<ServerFrame, { readonly seq: number }>;

interface Port {
  readonly key: string;
  /** Ids on the socket, by the port's own. */
  readonly ids: Map<number, number>;
  isGreeted: boolean;
  /** Position of the last frame it was told; null before the first. */
  received: number | null;
  /** Frames told, and of those acknowledged. */
  told: number;
  acked: number;
}

export class SocketMux {
  readonly #port: MuxPort;
  readonly #ports = new Map<string, Port>();
  readonly #owners = new Map<number, { readonly port: Port; readonly id: number; readonly resource: string }>();
  /** The kinds of columns by table, which the object tells once a socket. */
  readonly #kinds = new Map<string, JsonObject>();
  /** Who asked about a transaction, in order. */
  readonly #askers = new Map<string, string[]>();
  #phase: "idle" | "connecting" | "greeting" | "open" = "idle";
  /** Hello was said; once a socket. */
  #hasGreeted = false;
  #welcome = "";
  #received = new ReceivedFrames();
  #nextId = 1;

  constructor(port: MuxPort) {
    this.#port = port;
  }

  get isEmpty(): boolean {
    return this.#ports.size === 0;
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  attach(key: string, url: string): void {
    if (this.#ports.has(key)) return;
    this.#ports.set(key, { key, ids: new Map(), isGreeted: false, received: null, told: 0, acked: 0 });
    if (this.#phase === "greeting" || this.#phase === "open") this.#port.opened(key);
    if (this.#phase !== "idle") return;
    this.#phase = "connecting";
    this.#port.open(url);
  }

  /** The port left, or its tab did. The socket stays only for others. */
  detach(key: string): void {
    const port = this.#ports.get(key);
    if (port === undefined) return;
    this.#forget(port);
    if (!this.isEmpty || this.#phase === "idle") return;
    this.#reset();
    this.#port.close(CLOSE.normal);
  }

  opened(): void {
    this.#phase = "greeting";
    for (const key of [...this.#ports.keys()]) this.#port.opened(key);
  }

  /** The socket is gone: every port is, and comes back by itself, from what it shows. */
  closed(code: number): void {
    this.#reset();
    const keys = [...this.#ports.keys()];
    this.#ports.clear();
    for (const key of keys) this.#port.closed(key, code, "lost");
  }

  fromPort(key: string, text: string): void {
    const port = this.#ports.get(key);
    const read = readClientFrame(text);
    if (port === undefined || !read.ok) return;
    const { frame } = read;
    switch (frame.type) {
      case "hello":
        port.isGreeted = true;
        if (this.#welcome !== "") this.#tell(port, this.#welcome);
        else if (!this.#hasGreeted) {
          this.#hasGreeted = true;
          this.#port.send(text);
        }
        break;
      case "watch":
        this.#watch(port, frame);
        break;
      case "unwatch": {
        const id = port.ids.get(frame.id);
        port.ids.delete(frame.id);
        if (id === undefined) break;
        this.#owners.delete(id);
        this.#port.send(JSON.stringify({ ...frame, id }));
        break;
      }
      case "ack":
        port.acked = frame.n;
        break;
      case "sync":
        if (frame.txid !== undefined) this.#askers.set(frame.txid, [...(this.#askers.get(frame.txid) ?? []), key]);
        this.#port.send(text);
        break;
      case "auth":
        this.#port.send(text);
        break;
    }
  }

  receive(text: string): void {
    const frame = readServerFrame(text);
    if (frame === null || (frame !== "ignored" && !this.#received.isNext(frame))) {
      this.#port.close(CLOSE.normal);
      this.closed(CLOSE.goingAway);
      return;
    }
    this.#received.count(text);
    if (frame !== "ignored") this.#deal(frame, text);
    const ack = this.#phase === "open" ? this.#received.takeAck() : null;
    if (ack !== null) this.#port.send(JSON.stringify(ack));
  }

  #watch(port: Port, frame: WatchFrame): void {
    if (this.#owners.size >= SOCKET_LIMITS.watches && this.#ports.size > 1) {
      this.#forget(port);
      this.#port.closed(port.key, CLOSE.goingAway, "full");
      return;
    }
    const id = this.#nextId++;
    port.ids.set(frame.id, id);
    this.#owners.set(id, { port, id: frame.id, resource: frame.resource });
    this.#port.send(JSON.stringify({ ...frame, id }));
  }

  #deal(frame: ServerFrame, text: string): void {
    switch (frame.type) {
      case "welcome":
        this.#phase = "open";
        this.#welcome = text;
        for (const port of this.#greeted()) this.#tell(port, text);
        break;
      case "snapshot":
        this.#dealSnapshot(frame, text);
        break;
      case "resumed": {
        const owner = this.#owners.get(frame.id);
        if (owner !== undefined) this.#tellAt(owner.port, { ...frame, id: owner.id });
        break;
      }
      case "commit":
        if (frame.replay === undefined) this.#dealCommit(frame, text);
        else this.#dealReplay(frame, frame.replay);
        break;
      case "at": {
        const asker = frame.txid === undefined ? undefined : this.#askerOf(frame.txid);
        for (const port of this.#greeted()) if (asker === undefined || asker === port.key) this.#tellAt(port, frame);
        break;
      }
      case "reset":
      case "error": {
        const owner = frame.id === undefined ? undefined : this.#owners.get(frame.id);
        if (owner !== undefined) {
          if (frame.type === "error") this.#drop(owner.port, owner.id);
          this.#tell(owner.port, JSON.stringify({ ...frame, id: owner.id }));
        } else if (frame.id === undefined) for (const port of this.#greeted()) this.#tell(port, text);
        break;
      }
      case "bye":
        for (const port of this.#greeted()) this.#tell(port, text);
        break;
    }
  }

  /** `kinds` to each port, where the object told another: they are read from the last part. */
  #dealSnapshot(frame: SnapshotFrame, text: string): void {
    const owner = this.#owners.get(frame.id);
    if (owner === undefined) return;
    const { port, id, resource } = owner;
    if (frame.kinds !== undefined) this.#kinds.set(resource, frame.kinds);
    const kinds = frame.last ? this.#kinds.get(resource) : undefined;
    const isSame = id === frame.id && kinds === frame.kinds;
    this.#tellAt(port, { ...frame, id, ...(kinds !== undefined && { kinds }) }, isSame ? text : null);
  }

  /** To each port what concerns it; what concerns none of its watches it is not told. */
  #dealCommit(frame: CommitFrame, text: string): void {
    const byPort = new Map<Port, WatchNews[]>();
    for (const news of frame.watches) {
      const owner = this.#owners.get(news.id);
      if (owner === undefined) continue;
      const held = byPort.get(owner.port) ?? [];
      held.push({ ...news, id: owner.id });
      byPort.set(owner.port, held);
    }
    for (const [port, watches] of byPort) {
      const isSame =
        watches.length === frame.watches.length && watches.every(({ id }, index) => id === frame.watches[index]?.id);
      this.#tellAt(port, { ...frame, watches }, isSame ? text : null);
    }
  }

  #dealReplay(frame: CommitFrame, replay: number): void {
    const owner = this.#owners.get(replay);
    if (owner === undefined) return;
    const watches = frame.watches.filter(({ id }) => id === replay).map((news) => ({ ...news, id: owner.id }));
    this.#tell(owner.port, JSON.stringify({ ...frame, replay: owner.id, watches }));
  }

  /** A frame with a position, in the port's own row of them; `text`: the same as it came, where nothing but `prev` may differ. */
  #tellAt(port: Port, frame: Placed, text: string | null = null): void {
    const { prev: given, ...rest } = frame;
    const prev = port.received;
    port.received = frame.seq;
    const isSame = text !== null && (given ?? null) === prev;
    this.#tell(port, isSame ? text : JSON.stringify({ ...rest, ...(prev !== null && { prev }) }));
  }

  #tell(port: Port, text: string): void {
    if (!this.#ports.has(port.key)) return;
    port.told++;
    this.#port.tell(port.key, text);
    // Far more than the object itself lets a socket have.
    if (port.told - port.acked <= SOCKET_LIMITS.unackedFrames * 8 || !this.#ports.has(port.key)) return;
    this.#forget(port);
    this.#port.closed(port.key, CLOSE.goingAway, "lost");
  }

  #askerOf(txid: string): string | undefined {
    const [asker, ...others] = this.#askers.get(txid) ?? [];
    if (others.length > 0) this.#askers.set(txid, others);
    else this.#askers.delete(txid);
    return asker;
  }

  #greeted(): Port[] {
    return [...this.#ports.values()].filter(({ isGreeted }) => isGreeted);
  }

  #drop(port: Port, own: number): void {
    const id = port.ids.get(own);
    port.ids.delete(own);
    if (id !== undefined) this.#owners.delete(id);
  }

  #forget(port: Port): void {
    this.#ports.delete(port.key);
    for (const id of port.ids.values()) {
      this.#owners.delete(id);
      if (this.#phase === "open") this.#port.send(JSON.stringify({ type: "unwatch", id }));
    }
  }

  #reset(): void {
    this.#phase = "idle";
    this.#owners.clear();
    this.#askers.clear();
    this.#kinds.clear();
    this.#hasGreeted = false;
    this.#welcome = "";
    this.#received = new ReceivedFrames();
    this.#nextId = 1;
  }
}
