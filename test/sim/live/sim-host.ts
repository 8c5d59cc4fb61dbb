/**
 * An object with its sockets as the shell runs them: a `LiveServer` in memory that may be dropped at any time, attachments that survive, a
 * queue of actions sent in slices. What a crash loses is what the platform would lose.
 */

import type { UsedKey } from "../../../src/core/live/live-scopes.ts";
import { type LiveAction, LiveServer } from "../../../src/core/live/live-server.ts";
import { newSocketState, type SocketRights, type SocketState } from "../../../src/core/live/socket-state.ts";
import type { UsedAnswer } from "../../../src/core/protocol/used-rows.ts";
import type { ModelObject } from "./model-object.ts";
import { SimMembers } from "./sim-members.ts";

export interface HostSocket {
  readonly deliver: (text: string) => void;
  readonly closed: (code: number) => void;
}

export class SimHost {
  readonly object: ModelObject;
  readonly #sockets = new Map<number, HostSocket>();
  readonly #attachments = new Map<number, string>();
  readonly #queries = new Map<string, number>();
  readonly defects: unknown[] = [];
  #actions: LiveAction<number>[] = [];
  #dirty = new Set<number>();
  #server: LiveServer<number> | null = null;
  readonly #users = new Map<number, string | null>();
  readonly #members: SimMembers;
  /** Counts its memories: what was asked in one is not answered in the next. */
  life = 0;

  constructor(object: ModelObject, members = new SimMembers("here")) {
    this.object = object;
    this.#members = members;
  }

  learn(key: UsedKey, answer: UsedAnswer, nowMs: number, nth?: number): boolean {
    return this.#sockets.size > 0 && this.#wake(nowMs).learn(key, answer, nowMs, nth);
  }

  unlearned(key: UsedKey, nowMs: number, nth: number): void {
    this.#server?.unlearned(key, nowMs, nth);
  }

  get isAwake(): boolean {
    return this.#server !== null;
  }

  get isIdle(): boolean {
    return this.#actions.length === 0;
  }

  get sockets(): number {
    return this.#sockets.size;
  }

  accept(id: number, socket: HostSocket, rights: SocketRights, who: string | null, nowMs: number): void {
    const server = this.#wake(nowMs);
    this.#sockets.set(id, socket);
    this.#users.set(id, who);
    const opening = {
      session: `s${id}`,
      who,
      person: { roles: [], claims: {} },
      credential: null,
      exp: null,
      renewAtMs: null,
      rights,
      objects: ["t/app/a", "t/app/b", "t/app/c"],
    };
    server.accept(id, newSocketState(opening, this.object.epoch, nowMs), nowMs);
    this.#persist(id);
  }

  receive(id: number, text: string, nowMs: number): void {
    if (!this.#sockets.has(id)) return;
    this.#wake(nowMs).receive(id, text, nowMs);
    this.#dirty.add(id);
  }

  gone(id: number, nowMs: number): void {
    if (!this.#sockets.has(id)) return;
    this.#wake(nowMs).gone(id);
    this.#forget(id);
  }

  /** Before anything is written. */
  wake(nowMs: number): void {
    if (this.#sockets.size > 0) this.#wake(nowMs);
  }

  advance(nowMs: number): void {
    if (this.#sockets.size > 0) this.#wake(nowMs).advance(nowMs);
  }

  /** Sends some of what waits; attachments follow once all of it is out. */
  flush(count: number): void {
    for (const action of this.#actions.splice(0, count)) {
      const socket = this.#sockets.get(action.socket);
      this.#dirty.add(action.socket);
      if (action.kind === "send") socket?.deliver(action.text);
      else {
        socket?.closed(action.code);
        this.#server?.gone(action.socket);
        this.#forget(action.socket);
      }
    }
    if (this.#actions.length > 0) return;
    for (const id of this.#sockets.keys()) this.#persist(id);
    this.#dirty.clear();
  }

  /** All is sent and remembered, and nothing is asked: an object that waits for an answer does not sleep. */
  get isClean(): boolean {
    return this.isIdle && this.#dirty.size === 0 && !this.#members.isAsked(this);
  }

  hibernate(): boolean {
    if (!this.isClean) return false;
    this.#server = null;
    this.life++;
    return true;
  }

  /** Memory is lost in the middle of anything; sockets survive, or not. */
  crash(survives: (id: number) => boolean): void {
    this.#server = null;
    this.life++;
    this.#actions = [];
    this.#dirty.clear();
    for (const [id, socket] of [...this.#sockets]) {
      if (survives(id)) continue;
      socket.closed(1006);
      this.#forget(id);
    }
  }

  #wake(nowMs: number): LiveServer<number> {
    if (this.#server !== null) return this.#server;
    const server = new LiveServer<number>({
      source: this.object,
      queries: {
        keyOf: (text) => {
          const known = this.#queries.get(text) ?? this.#queries.size + 1;
          this.#queries.set(text, known);
          return known;
        },
        textOf: (key) => [...this.#queries].find(([, each]) => each === key)?.[0] ?? null,
      },
      allowedOperators: () => undefined,
      scopes: this.#members.portOf(this),
      act: (action) => {
        if (action.kind === "send") this.#members.judge(this, this.#users.get(action.socket) ?? "", action.text);
        this.#actions.push(action);
      },
      readTicket: () => {},
      defect: (error) => void this.defects.push(error),
    });
    this.#server = server;
    for (const id of this.#sockets.keys())
      server.restore(id, JSON.parse(this.#attachments.get(id) ?? "") as SocketState);
    server.resume(nowMs);
    return server;
  }

  #persist(id: number): void {
    const state = this.#server?.stateOf(id);
    if (state !== null && state !== undefined) this.#attachments.set(id, JSON.stringify(state));
  }

  #forget(id: number): void {
    this.#sockets.delete(id);
    this.#attachments.delete(id);
  }
}
