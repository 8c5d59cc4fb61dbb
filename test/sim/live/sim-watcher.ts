/**
 * A client of the simulation: a picture over one socket an object, with the very modules that applications run. After each step it is
 * judged: every list equals the query at the position shown, and no transaction is half to be seen.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import { ClientPicture, type Shown } from "../../../src/core/live/client-picture.ts";
import { ClientSession, type WatchRequest } from "../../../src/core/live/client-session.ts";
import type { LiveView } from "../../../src/core/live/live-view.ts";

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
}

export class SimWatcher {
  readonly name: string;
  readonly picture: ClientPicture;
  readonly sessions = new Map<ObjectName, ClientSession>();
  readonly requests = new Map<string, { readonly object: ObjectName; readonly request: WatchRequest }>();
  readonly consistency: "transaction" | "object";
  isStalled = false;
  purged = 0;

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
          this.picture.take(event);
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
}
