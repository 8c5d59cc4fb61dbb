/**
 * One watch of the live client as the store follows it: joins it, keeps its rows in the core, and knows how it stands. Several handles may have
 * sources of the same watch; the server is asked once.
 */

import type { JsonObject } from "../../core/json.ts";
import type { WatchRequest } from "../../core/live/client-session.ts";
import type { LiveView, ViewStep } from "../../core/live/live-view.ts";
import { parseSince } from "../../core/live/position.ts";
import type { ReadingPlace } from "../../core/offline/overlay.ts";
import type { Filter } from "../../core/query/tree.ts";
import type { StoreCore, WatchFacts } from "../../core/store/store-core.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { LiveHub } from "../live/live-hub.ts";
import type { LiveStatus } from "../live/live-types.ts";
import type { LiveWatch, WatchListener } from "../live/live-watch.ts";
import type { LivePlace } from "../live/request-ticket.ts";
import { filterTest } from "./filter-test.ts";

export interface WatchHost {
  readonly hub: LiveHub;
  readonly core: StoreCore;
  readonly isOnline: () => boolean;
  /** Something of this source is another. */
  readonly changed: () => void;
  /** The server has told of a commit. */
  readonly committed: () => void;
}

/** What is watched. */
export interface Watched {
  readonly place: LivePlace;
  readonly request: WatchRequest;
  /** Null: its filter cannot be told here. */
  readonly filter: Filter | null;
}

export class WatchSource implements WatchListener {
  /** In the core. */
  readonly key: string;
  readonly watched: Watched;
  readonly #host: WatchHost;
  readonly #watch: LiveWatch;
  #error: LedgeError | null = null;
  #facts: WatchFacts | null = null;
  /** What the facts were made of. */
  #of: { readonly view: LiveView; readonly kinds: JsonObject } | null = null;

  constructor(key: string, watched: Watched, host: WatchHost) {
    this.key = key;
    this.watched = watched;
    this.#host = host;
    this.#join();
    this.#watch = host.hub.subscribe(watched.place, watched.request, this, null);
  }

  get error(): LedgeError | null {
    return this.#error;
  }

  /** As a person sees it. */
  get standing(): LiveStatus {
    if (this.#error !== null) return "error";
    const { status } = this.#watch;
    return this.#host.isOnline() || status === "live" ? status : "offline";
  }

  get isReady(): boolean {
    return this.#watch.view !== null;
  }

  get seq(): number {
    return this.#watch.seq;
  }

  get view(): LiveView | null {
    return this.#watch.view;
  }

  get rowKey(): string {
    return this.#watch.rowKey;
  }

  rows(): readonly JsonObject[] | null {
    return this.#host.core.rows(this.key);
  }

  get pending(): number {
    return this.#host.core.pending(this.key);
  }

  place(): ReadingPlace["at"] {
    const since = parseSince(this.#host.hub.positionOf(this.#watch.key) ?? "");
    return since === null ? null : { epoch: since.epoch, seq: since.seq };
  }

  close(): void {
    this.#host.hub.leave(this.#watch, this);
    this.#host.core.remove(this.key);
  }

  /** What its watch shows already. */
  begin(): void {
    const { view, seq } = this.#watch;
    if (view !== null && this.#facts === null) this.shown([{ kind: "replaced", seq, after: view }], null, this.#watch);
  }

  shown(steps: readonly ViewStep[], _before: LiveView | null, watch: LiveWatch): void {
    this.#error = null;
    this.#facts = watch.view === null ? null : this.#factsOf(watch, watch.view);
    this.#host.core.took(this.key, steps, this.#facts);
    this.#host.changed();
    if (steps.some((step) => step.kind === "commit" && step.changes.length > 0)) this.#host.committed();
  }

  failed(error: LedgeError): void {
    this.#error = error;
    // What it shows no longer moves: no write may wait for it.
    this.#host.core.remove(this.key);
    this.#facts = null;
    this.#host.changed();
  }

  connected(): void {
    if (this.#error !== null) this.#join();
    this.#error = null;
    this.#host.changed();
  }

  status(): void {
    this.#host.changed();
  }

  // These show as its status.
  disconnected(): void {}
  timedOut(): void {}
  closed(): void {}
  invalidated(): void {}

  #join(): void {
    const { place, request } = this.watched;
    if (request.aggregate !== undefined) return;
    this.#host.core.add({
      key: this.key,
      table: place.resource,
      partition: place.partition,
      limit: request.limit ?? null,
      isWhole: request.select === undefined,
    });
  }

  #factsOf({ rowKey, compare, kinds }: LiveWatch, view: LiveView): WatchFacts {
    const held = this.#facts;
    const isSame = held?.compare === compare && held.rowKey === rowKey && this.#of?.view === view;
    if (held !== null && isSame && this.#of?.kinds === kinds) return held;
    this.#of = { view, kinds };
    return {
      rowKey,
      compare,
      takes: filterTest(this.watched.filter, kinds),
      rows: () => [...view.rows.values()].map(({ row }) => row),
      rowOf: (id) => view.rows.get(id)?.row,
    };
  }
}
