/**
 * What a server has read for a page that it renders, handed over to the browser: the rows of each watch with the position they stand at, and the
 * answers of queries, as JSON. Both sides make the first snapshots of their handles of it, so that a page is taken up as it was rendered,
 * and the browser's watches go on from there. What was taken up once is not begun with again.
 */

import { isJsonObject, type Json } from "../../core/json.ts";
import type { KeptWatch } from "./row-storage.ts";
import type { Beginning } from "./shared-handle.ts";

/** Of `store.dehydrate()`: JSON, and nobody's to look into. */
export interface DehydratedStore {
  readonly v: 1;
  readonly watches: Readonly<Record<string, KeptWatch>>;
  readonly queries: Readonly<Record<string, Answer>>;
}

export interface Answer {
  readonly data: Json;
}

type Part = "watches" | "queries";

const NOTHING: DehydratedStore = { v: 1, watches: {}, queries: {} };

export class Handover {
  #state = NOTHING;
  readonly #taken = new Set<string>();

  /** What has another form, e.g. of a page that an older server has rendered, is nothing. */
  receive(state: DehydratedStore | null): void {
    this.#taken.clear();
    this.#state = isJsonObject(state) && state.v === 1 ? state : NOTHING;
  }

  /** Null: there is none, or it was taken before. */
  take<P extends Part>(part: P, key: string): DehydratedStore[P][string] | null {
    const found = this.#taken.has(key) ? null : this.#find(part, key);
    if (found !== null) this.#taken.add(key);
    return found;
  }

  /** With what a handle begins; `show` makes its snapshot, once. */
  beginning<P extends Part, S>(
    part: P,
    key: string,
    nothing: S,
    show: (found: DehydratedStore[P][string]) => S,
  ): Beginning<S> {
    let made: { readonly of: object; readonly snapshot: S } | null = null;
    const onServer = () => {
      const found = this.#find(part, key);
      if (found === null) return nothing;
      if (made?.of !== found) made = { of: found, snapshot: show(found) };
      return made.snapshot;
    };
    return { onServer, here: () => (this.#taken.has(key) ? nothing : onServer()) };
  }

  #find<P extends Part>(part: P, key: string): DehydratedStore[P][string] | null {
    const all: DehydratedStore[P] = this.#state[part];
    return Object.hasOwn(all, key) ? (all[key] as DehydratedStore[P][string]) : null;
  }
}
