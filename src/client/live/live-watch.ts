/**
 * One watch of a client, shared by all subscriptions that ask the same ([CI3]): its state, what it shows, and who is told. Knows no
 * connection; `LiveHub` moves it.
 */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { WatchRequest } from "../../core/live/client-session.ts";
import type { LiveView, ViewStep } from "../../core/live/live-view.ts";
import { viewComparator } from "../../core/live/view-order.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { Channel, ChannelState, LiveStatus } from "./live-types.ts";
import { type LivePlace, placePath } from "./request-ticket.ts";

/** Rows that were kept from an earlier time, and what is needed to show them. */
export interface KeptView {
  readonly view: LiveView;
  /** Where it stands. */
  readonly seq: number;
  readonly rowKey: string;
  readonly kinds: JsonObject;
}

/** Who is told what happens to a watch. */
export interface WatchListener {
  /** The steps of one moment; `before` is what was shown, as it stands after the commits among them. */
  shown(steps: readonly ViewStep[], before: LiveView | null, watch: LiveWatch): void;
  /** What is shown already, to one that came later. */
  begin(watch: LiveWatch): void;
  connected(seq: number, key: string): void;
  invalidated(reason: string): void;
  disconnected(): void;
  timedOut(): void;
  closed(): void;
  failed(error: LedgeError): void;
  status(status: LiveStatus): void;
}

export class LiveWatch {
  readonly key: string;
  readonly place: LivePlace;
  readonly request: WatchRequest;
  readonly subscribers = new Set<WatchListener>();
  state: ChannelState = "CONNECTING";
  subscribedAt: number | null = null;
  /** Column by which its rows are known. */
  rowKey = "id";
  kinds: JsonObject = {};
  /** What is shown; null while nothing is. */
  view: LiveView | null = null;
  seq = 0;
  /** Why it has not begun, where it is asked again all the same. */
  refusal: LedgeError | null = null;
  #status: LiveStatus = "loading";
  #compare: ((a: JsonObject, b: JsonObject) => number) | null = null;
  cancelTimer = (): void => {};

  constructor(key: string, place: LivePlace, request: WatchRequest) {
    this.key = key;
    this.place = place;
    this.request = request;
  }

  get channel(): Channel {
    const { key, place, request, state, subscribedAt } = this;
    const type = request.aggregate === undefined ? "rows" : "aggregate";
    return { key, channel: placePath(place).slice(1), type, state, subscribedAt };
  }

  get status(): LiveStatus {
    return this.#status;
  }

  idOf(row: JsonObject): RowId {
    return row[this.rowKey] as RowId;
  }

  /** The order that was asked for, of a page otherwise that of the key; null: there is none. */
  get compare(): ((a: JsonObject, b: JsonObject) => number) | null {
    const { orderBy = "", limit } = this.request;
    if (orderBy === "" && limit === undefined) return null;
    this.#compare ??= viewComparator({ orderBy, key: this.rowKey, kinds: this.kinds });
    return this.#compare;
  }

  /** The rows in the order that was asked for. */
  rows(): readonly JsonObject[] {
    const rows = [...(this.view?.rows.values() ?? [])].map(({ row }) => row);
    return this.compare === null ? rows : rows.sort(this.compare);
  }

  restore({ view, seq, rowKey, kinds }: KeptView): void {
    this.view = view;
    this.seq = seq;
    this.learn(rowKey, kinds);
  }

  learn(rowKey: string, kinds: JsonObject | undefined): void {
    const isNew = rowKey !== this.rowKey || (kinds !== undefined && kinds !== this.kinds);
    this.rowKey = rowKey;
    this.kinds = kinds ?? this.kinds;
    if (isNew) this.#compare = null;
  }

  shown(steps: readonly ViewStep[], after: LiveView | null): void {
    const before = this.view;
    this.view = after;
    this.seq = steps.at(-1)?.seq ?? this.seq;
    for (const subscriber of [...this.subscribers]) subscriber.shown(steps, before, this);
  }

  become(state: ChannelState, error?: LedgeError): void {
    const was = this.state;
    this.state = state;
    for (const subscriber of [...this.subscribers]) {
      if (error !== undefined) subscriber.failed(error);
      else if (state === "TIMED_OUT") subscriber.timedOut();
      else if (state === "CLOSED") subscriber.closed();
      else if (state === "CONNECTING" && was === "SUBSCRIBED") subscriber.disconnected();
    }
  }

  /** The server has answered. */
  answered(seq: number, nowMs: number): void {
    this.cancelTimer();
    this.seq = seq;
    this.refusal = null;
    if (this.state === "SUBSCRIBED") return;
    this.become("SUBSCRIBED");
    this.subscribedAt ??= nowMs;
    for (const subscriber of [...this.subscribers]) subscriber.connected(seq, this.key);
  }

  tell(status: LiveStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    for (const subscriber of [...this.subscribers]) subscriber.status(status);
  }
}
