/**
 * A client of the simulation: a picture over one socket an object, with the very modules that applications run. After each step it is
 * judged: every list equals the query at the position shown, and no transaction is half to be seen.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import type { ClientEvent } from "../../../src/core/live/client-event.ts";
import { ClientPicture } from "../../../src/core/live/client-picture.ts";
import { ClientSession, type WatchRequest } from "../../../src/core/live/client-session.ts";
import type { LiveView, Shown } from "../../../src/core/live/live-view.ts";

export interface Wires {
  readonly connect: (object: ObjectName, afterMs: number) => void;
  readonly send: (object: ObjectName, text: string) => void;
  readonly close: (object: ObjectName) => void;
  readonly random: () => number;
  readonly shown: (watches: Shown) => void;
  /** An object has said where it has what it was asked for by name. */
  readonly told?: (name: string, position: string) => void;
  /** The server has ended a watch. */
  readonly ended?: () => void;
  /** Rows were withdrawn by a frame that cannot be shown yet. */
  readonly withdrawn?: () => void;
}

export class SimWatcher {
  readonly name: string;
  readonly picture: ClientPicture;
  readonly sessions = new Map<ObjectName, ClientSession>();
  readonly requests = new Map<string, { readonly object: ObjectName; readonly request: WatchRequest }>();
  readonly consistency: "transaction" | "object";
  isStalled = false;
  purged = 0;
  readonly #refused: typeof this.requests = new Map();
  /** Rows that a change of scope took from a watch, and nothing received since has brought back. */
  readonly #withdrawn = new Map<string, Set<unknown>>();

  constructor(name: string, consistency: "transaction" | "object", objects: readonly ObjectName[], wires: Wires) {
    this.name = name;
    this.consistency = consistency;
    this.picture = new ClientPicture({
      consistency,
      sync: (object, question) => this.sessions.get(object)?.sync(question) === true,
      idOf: (_watch, row) => row.id as string,
      shown: (watches) => wires.shown(watches),
      reopen: (object) => this.sessions.get(object)?.restart(),
    });
    for (const object of objects) {
      const session = new ClientSession({
        client: name,
        act: (action) => {
          if (action.kind === "send") wires.send(object, action.text);
          else if (action.kind === "connect") wires.connect(object, action.afterMs);
          else wires.close(object);
        },
        tell: (event) => {
          if (event.kind === "reset" && event.purge) this.purged++;
          if (event.kind === "error" && event.watch !== undefined) {
            this.requests.delete(event.watch);
            wires.ended?.();
          }
          this.#noteWithdrawn(event);
          this.picture.take(event);
          if (event.kind === "commit" && [...event.commit.news.keys()].some((key) => this.isWithdrawn(key)))
            wires.withdrawn?.();
          if (event.kind === "at" && event.name !== undefined)
            wires.told?.(event.name, `${this.picture.epochOf(event.object)}:${event.txSeq ?? event.seq}`);
        },
        sinceOf: (watch) => this.picture.sinceOf(watch),
        random: wires.random,
      });
      this.sessions.set(object, session);
    }
  }

  /** `start`: a position up to which its rows are held, in `view`. */
  watch(
    key: string,
    object: ObjectName,
    request: WatchRequest,
    start: string | null = null,
    view: LiveView | null = null,
  ): void {
    this.requests.set(key, { object, request });
    this.picture.add(key, start, view);
    this.sessions.get(object)?.watch(key, request);
  }

  unwatch(key: string): void {
    const held = this.requests.get(key);
    this.requests.delete(key);
    if (held !== undefined) this.sessions.get(held.object)?.unwatch(key);
    this.picture.remove(key);
  }

  /** Its socket there ends for good: what it watches there is judged no more, until it asks again. */
  refuse(object: ObjectName): void {
    for (const [key, held] of this.requests)
      if (held.object === object) {
        this.requests.delete(key);
        this.#refused.set(key, held);
      }
  }

  /** Asks again for what was refused, as from the beginning. */
  readmit(): void {
    for (const [key, { object, request }] of this.#refused) {
      this.sessions.get(object)?.unwatch(key);
      this.picture.remove(key);
      this.#withdrawn.delete(key);
      this.watch(key, object, request);
    }
    this.#refused.clear();
  }

  /** What is shown lacks rows that were withdrawn by a frame which waits: it is of no scope. */
  isWithdrawn(key: string): boolean {
    return this.picture.sinceOf(key)?.endsWith(":00000000") === true;
  }

  /** Rows that are shown though they were withdrawn. */
  phantoms(): readonly string[] {
    return [...this.#withdrawn].flatMap(([key, ids]) =>
      [...(this.picture.viewOf(key)?.rows.keys() ?? [])].filter((id) => ids.has(id)).map((id) => `${key} ${id}`),
    );
  }

  #noteWithdrawn(event: ClientEvent): void {
    if (event.kind === "snapshot") for (const { row } of event.rows) this.#withdrawn.get(event.watch)?.delete(row.id);
    const commits = event.kind === "commit" ? [event.commit] : event.kind === "replayed" ? event.commits : [];
    for (const [key, { changes }] of commits.flatMap(({ news }) => [...news])) {
      const ids = this.#withdrawn.get(key) ?? new Set();
      this.#withdrawn.set(key, ids);
      for (const { row, rowId, why } of changes)
        if (why === "scope") ids.add(rowId);
        else if (row !== undefined) ids.delete(row.id);
    }
  }
}
