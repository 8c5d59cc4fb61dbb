/**
 * One watch of the live client as the store follows it: joins it, keeps its rows in the core, and knows how it stands. Several handles may have
 * sources of the same watch; the server is asked once.
 */

import type { RowId } from "../../core/ids.ts";
import { canonicalJson, type Json, type JsonObject } from "../../core/json.ts";
import type { WatchRequest } from "../../core/live/client-session.ts";
import { type LiveView, openView, type ViewStep } from "../../core/live/live-view.ts";
import { parseSince } from "../../core/live/position.ts";
import type { PlaceQuestion, ReadingPlace } from "../../core/offline/overlay.ts";
import type { Filter } from "../../core/query/tree.ts";
import type { StoreCore, WatchFacts } from "../../core/store/store-core.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { LiveHub } from "../live/live-hub.ts";
import type { LiveStatus } from "../live/live-types.ts";
import type { KeptView, LiveWatch, WatchListener } from "../live/live-watch.ts";
import { type LivePlace, placePath } from "../live/request-ticket.ts";
import { tagRow } from "../live/tag-rows.ts";
import { filterTest } from "./filter-test.ts";
import type { RowKeeper } from "./row-keeper.ts";
import type { KeptWatch } from "./row-storage.ts";

export interface WatchHost {
  readonly hub: LiveHub;
  readonly core: StoreCore;
  /** Null: nothing is kept. */
  readonly keeper: RowKeeper | null;
  /** What a server has read of it for this page; null without, and once it was taken. */
  readonly handedOver: (kept: string) => KeptWatch | null;
  readonly isOnline: () => boolean;
  /** Something of this source is another. */
  readonly changed: () => void;
  /** The server has told of a commit. */
  readonly committed: () => void;
  /** Rows were withdrawn from the person. */
  readonly withdrawn: () => void;
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
  /** Null while what was kept of it is being read. */
  #watch: LiveWatch | null = null;
  #isClosed = false;
  #error: LedgeError | null = null;
  #facts: WatchFacts | null = null;
  /** What the facts were made of. */
  #of: { readonly view: LiveView; readonly kinds: JsonObject } | null = null;

  constructor(key: string, watched: Watched, host: WatchHost) {
    this.key = key;
    this.watched = watched;
    this.#host = host;
    this.#join();
  }

  get error(): LedgeError | null {
    return this.#error;
  }

  /** As a person sees it. */
  get standing(): LiveStatus {
    if (this.#error !== null) return "error";
    const status = this.#watch?.status ?? "loading";
    return this.#host.isOnline() || status === "live" ? status : "offline";
  }

  get isReady(): boolean {
    return this.view !== null;
  }

  get seq(): number {
    return this.#watch?.seq ?? 0;
  }

  get view(): LiveView | null {
    return this.#watch?.view ?? null;
  }

  get rowKey(): string {
    return this.#watch?.rowKey ?? "id";
  }

  /** The last row that the server shows; null without one. */
  get lastRow(): JsonObject | null {
    return this.#watch?.rows().at(-1) ?? null;
  }

  rows(): readonly JsonObject[] | null {
    return this.#host.core.rows(this.key);
  }

  glimpse(id: RowId): ReturnType<StoreCore["glimpse"]> {
    return this.#host.core.glimpse(this.key, id);
  }

  get pending(): number {
    return this.#host.core.writes(this.key).length;
  }

  place(): ReadingPlace["at"] {
    const since = parseSince(this.#position ?? "");
    return since === null ? null : { epoch: since.epoch, seq: since.seq };
  }

  get keptKey(): string {
    return keptKeyOf(this.watched);
  }

  /** Rows, in the order of the list, and position of this very moment; null while nothing is shown. */
  toKeep(): KeptWatch | null {
    const watch = this.#isClosed ? null : this.#watch;
    const position = this.#position;
    if (watch?.view == null || position === null) return null;
    const { view, rowKey, kinds, place, compare } = watch;
    const rows = [...view.rows.values()];
    if (compare !== null) rows.sort((a, b) => compare(a.row, b.row));
    return { path: placePath(place), position, rows, aggregate: view.aggregate, hasMore: view.hasMore, rowKey, kinds };
  }

  ask(question: PlaceQuestion): void {
    if (this.#watch !== null) this.#host.hub.ask(this.#watch, question);
  }

  close(): void {
    void this.#host.keeper?.flush();
    this.#isClosed = true;
    if (this.#watch !== null) this.#host.hub.leave(this.#watch, this);
    this.#host.core.remove(this.key);
  }

  /** Joins its watch; one that nobody follows yet begins with what was kept of it, and goes on from there. */
  open(): void {
    const { hub, keeper } = this.#host;
    const { place, request } = this.watched;
    const handed = this.#host.handedOver(this.keptKey);
    if (handed !== null || keeper === null || hub.find(place, request) !== undefined) this.#follow(handed);
    else void keeper.load(this.keptKey).then((kept) => this.#isClosed || this.#follow(kept));
  }

  #follow(kept: KeptWatch | null): void {
    const { hub, core } = this.#host;
    const { place, request } = this.watched;
    const start = hub.find(place, request) === undefined ? kept : null;
    this.#watch = hub.subscribe(place, request, this, start?.position ?? null, start && keptView(start));
    this.begin();
    if (start !== null) core.resumed(this.key);
  }

  /** What its watch shows already. */
  begin(): void {
    const watch = this.#watch;
    if (watch?.view != null && this.#facts === null)
      this.shown([{ kind: "replaced", seq: watch.seq, after: watch.view }], null, watch);
  }

  shown(steps: readonly ViewStep[], _before: LiveView | null, watch: LiveWatch): void {
    this.#error = null;
    this.#facts = watch.view === null ? null : this.#factsOf(watch, watch.view);
    this.#host.core.took(this.key, steps, this.#facts);
    this.#host.changed();
    const changes = steps.flatMap((step) => (step.kind === "commit" ? step.changes : []));
    if (changes.some(({ why }) => why === "scope")) this.#host.withdrawn();
    else this.keep();
    if (changes.length > 0) this.#host.committed();
  }

  keep(): void {
    this.#host.keeper?.changed(this.keptKey, this.view?.rows.size ?? 0, () => this.toKeep());
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

  get #position(): string | null {
    return this.#watch === null ? null : this.#host.hub.positionOf(this.#watch.key);
  }

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
    const { filter, request } = this.watched;
    const test = filterTest(filter, kinds);
    return {
      rowKey,
      compare,
      takes: (row) => (request.row === undefined || `${row[rowKey]}` === request.row) && test(row),
      rows: () => [...view.rows.values()].map(({ row }) => row),
      rowOf: (id) => view.rows.get(id)?.row,
    };
  }
}

/** Names what is watched, for whatever is kept of it. */
export function keptKeyOf({ place, request }: Pick<Watched, "place" | "request">): string {
  return canonicalJson({ ...place, ...request } as unknown as Json);
}

function keptView({ position, rows, aggregate, hasMore, rowKey, kinds }: KeptWatch): KeptView {
  rows.forEach(tagRow);
  const more = { ...(aggregate !== null && { aggregate }), ...(hasMore !== null && { hasMore }) };
  const seq = parseSince(position)?.seq ?? 0;
  return { view: openView({ rows, ...more }, (row) => row[rowKey] as RowId), seq, rowKey, kinds };
}
