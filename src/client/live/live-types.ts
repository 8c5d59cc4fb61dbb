/**
 * The types of live queries at the client: what may be asked, what is told, and what a subscription can do. Types only; `subscriber.ts`
 * and `live-hub.ts` are what happens.
 */

import type { RowId } from "../../core/ids.ts";
import type { FilterInput } from "../filter-text.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { CallOptions } from "../send.ts";
import type { AggregateOptions, Group, Groups, Order, Selected } from "../table-types.ts";

type Column<Row> = keyof Row & string;
type ColumnOf<Row, T> = { [N in Column<Row>]: NonNullable<Row[N]> extends T ? N : never }[Column<Row>];

export type ChannelState = "CONNECTING" | "SUBSCRIBED" | "CHANNEL_ERROR" | "TIMED_OUT" | "CLOSED";
export type ConnectionState = "connecting" | "connected" | "reconnecting" | "disconnected";
/** `waiting`: something came that cannot be shown without the rest of its transaction. */
export type LiveStatus = "loading" | "live" | "waiting" | "reconnecting" | "offline" | "error";

export interface SubscribeOptions<Row, Name extends string = Column<Row>> {
  readonly filter?: FilterInput<Row>;
  readonly select?: readonly Name[];
  /** With `limit` a live page: exactly its first rows. Without, the order of `rows`. */
  readonly orderBy?: Order<Row> | readonly Order<Row>[];
  readonly limit?: number;
  /** Kinds that the server tells; default: all. */
  readonly events?: readonly ("added" | "changed" | "removed")[];
  /** Narrows the callbacks `onInsert`, `onUpdate`, `onDelete` and `onAll`. */
  readonly event?: "INSERT" | "UPDATE" | "DELETE" | "*";
  /** Begins without the rows that are there. */
  readonly skipExisting?: boolean;
  /** A position from `handle.position`: only what came after it is told. */
  readonly resumeFrom?: string;
}

/** What a one-shot aggregate asks; how a call is made, and deleted rows, are no matter of a watch. */
export type SubscribeAggregateOptions<
  Row,
  By extends string,
  Count extends boolean,
  Sum extends string,
  Avg extends string,
  Min extends string,
  Max extends string,
> = Omit<AggregateOptions<Row, By, Count, Sum, Avg, Min, Max>, keyof CallOptions | "withDeleted">;

export interface RowChanged<Row> {
  readonly op: "added" | "changed" | "removed";
  readonly id: RowId;
  readonly row?: Row;
  /** What was held. */
  readonly previous?: Row;
}

export interface AnyChange<Row> {
  readonly eventType: "INSERT" | "UPDATE" | "DELETE";
  readonly new: Row | null;
  readonly old: Row | null;
  readonly table: string;
  /** ISO text; null where several commits are told at once. */
  readonly commitTimestamp: string | null;
  readonly seq: number;
}

/** What happens to rows, as changes of a table. */
export interface ChangeCallbacks<Row> {
  readonly onInsert?: (row: Row) => void;
  readonly onUpdate?: (row: Row, previous: Row | undefined) => void;
  readonly onDelete?: (previous: Row | undefined) => void;
  readonly onAll?: (change: AnyChange<Row>) => void;
}

export interface LifecycleCallbacks {
  /** The server has answered; `seq` is where the table stands. */
  readonly onConnected?: (seq: number) => void;
  readonly onSubscribed?: (channel: { readonly key: string }) => void;
  readonly onDisconnected?: () => void;
  /** No answer for 30 s; it is tried again. */
  readonly onTimedOut?: () => void;
  readonly onClosed?: () => void;
  /** The subscription is refused, or has ended for good. */
  readonly onError?: (error: LedgeError) => void;
  readonly onStatus?: (status: LiveStatus) => void;
  /** What is held may be wrong, and is read again: `gap`, `scope`, `slow-consumer`, … */
  readonly onInvalidate?: (reason: string) => void;
}

/** All of what is shown, once for each step. */
export interface LiveRows<Row> {
  /** In the order of `orderBy`. */
  readonly rows: readonly Row[];
  /** Whether there are rows beyond `limit`; null without one. */
  readonly hasMore: boolean | null;
}

export interface LiveCallbacks<Row> extends ChangeCallbacks<Row>, LifecycleCallbacks {
  readonly onExisting?: (row: Row) => void;
  readonly onAdded?: (
    row: Row,
    meta: { readonly seq: number; readonly optimisticId?: string; readonly why?: string },
  ) => void;
  readonly onChanged?: (row: Row, previous: Row | undefined) => void;
  readonly onRemoved?: (id: RowId, previous: Row | undefined) => void;
  /** The changes of one commit that concern this subscription. */
  readonly onCommit?: (commit: {
    readonly seq: number;
    readonly txid?: string;
    readonly changes: readonly RowChanged<Row>[];
  }) => void;
  readonly onRows?: (shown: LiveRows<Row>) => void;
}

export interface AggregateCallbacks<Result> extends LifecycleCallbacks {
  readonly onResult?: (result: Result, seq: number) => void;
}

export interface SubscriptionHandle {
  /** Equal subscriptions have the same. */
  readonly key: string;
  /** `epoch:seq:tag` of what is shown; null while nothing is. */
  readonly position: string | null;
  readonly status: LiveStatus;
  isSubscribed(): boolean;
  getState(): ChannelState;
  /** Opens its connection anew; nothing is lost or told twice. */
  reconnect(): void;
  /** Goes on from an earlier position: what came after it is told again. */
  resumeFrom(position: string): void;
  unsubscribe(): void;
}

export interface Channel {
  readonly key: string;
  readonly channel: string;
  readonly type: "rows" | "aggregate";
  readonly state: ChannelState;
  /** ms since 1970; null before. */
  readonly subscribedAt: number | null;
}

export interface Realtime {
  getConnectionState(): ConnectionState;
  /** Gives the function that ends it. */
  onConnectionChange(listener: (state: ConnectionState) => void): () => void;
  getChannels(): readonly Channel[];
  getSubscribedChannels(): readonly Channel[];
  unsubscribe(handle: SubscriptionHandle): void;
  unsubscribeAll(): void;
  /** Opens every connection anew, e.g. when the network is back. */
  reconnect(): void;
  /** Ends all of it; later subscriptions are refused. */
  destroy(): void;
  subscribeToRow<Row extends object = Readonly<Record<string, unknown>>>(
    table: string,
    id: RowId,
    callbacks: LiveCallbacks<Row>,
  ): SubscriptionHandle;
  subscribeToTables<Row extends object = Readonly<Record<string, unknown>>>(
    list: readonly {
      readonly config: { readonly table: string; readonly partition?: string } & SubscribeOptions<Row>;
      readonly callbacks: LiveCallbacks<Row>;
    }[],
  ): readonly SubscriptionHandle[];
}

/** What live queries add to a table. */
export interface LiveTable<Row, Key extends keyof Row> {
  subscribe<const Name extends Column<Row> = Column<Row>>(
    options: SubscribeOptions<Row, Name>,
    callbacks: LiveCallbacks<Selected<Row, Name, Key>>,
  ): SubscriptionHandle;
  subscribeAggregate<
    const By extends Column<Row> = never,
    Count extends boolean = false,
    const Sum extends ColumnOf<Row, number> = never,
    const Avg extends ColumnOf<Row, number> = never,
    const Min extends ColumnOf<Row, string | number | boolean> = never,
    const Max extends ColumnOf<Row, string | number | boolean> = never,
  >(
    options: SubscribeAggregateOptions<Row, By, Count, Sum, Avg, Min, Max>,
    callbacks: AggregateCallbacks<Omit<Groups<Group<Row, By, Count, Sum, Avg, Min, Max>>, "seq">>,
  ): SubscriptionHandle;
}
