/** The types of the outbox at the client: what is put on tables, and what there is to see and to decide. Types only. */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ConflictPolicy } from "../../core/offline/conflict.ts";
import type { RowWrite } from "../../core/offline/outbox-entry.ts";
import type { SyncStatus } from "../../core/offline/sync-status.ts";
import type { ReadableName, UntypedRow, UntypedTable } from "../app-types.ts";
import type { WriteOf } from "../client-tables.ts";
import type { LiveMember } from "../live/with-live-types.ts";
import type { Platform } from "../platform.ts";
import type { TableClient } from "../table-types.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import type { TabPlatform } from "./tab-platform.ts";

export interface OutboxOptions {
  /** Tabs with the same name share an outbox. Default: the address of the API. */
  readonly name?: string;
  /** Default: IndexedDB where there is one that opens, otherwise memory. */
  readonly storage?: OutboxStorage;
  /** What becomes of a write whose row has changed meanwhile; by table, or one for all. Default `server-wins`. */
  readonly conflicts?: ConflictPolicy | Readonly<Record<string, ConflictPolicy>>;
  /** Names of key columns that are not `id`, by table. What a watch has told of a table is known without. */
  readonly keys?: Readonly<Record<string, string>>;
  /**
   * Called once for each write that the server refuses while this page is open, in every tab of it. The write stays in `outbox.refused()`, where those are
   * that were refused while no page was open.
   */
  readonly onWriteRejected?: (item: OutboxItem) => void;
  /** Timers, clock and chance; lock and channel of the tabs. For tests. */
  readonly platform?: Partial<Platform>;
  readonly tabs?: TabPlatform;
}

export interface LaterOptions {
  /**
   * The row as it was shown when the write was made, as the client gave it: by its tag and its columns a change that came between is
   * noticed. Without it the write is sent unconditionally.
   */
  readonly on?: object;
}

/** A write that is stored. */
export interface Queued {
  /** Names it in the outbox. */
  readonly key: string;
  readonly id: RowId;
}

type IdOf<Row, Key extends keyof Row> = [Key] extends [never] ? RowId : Row[Key];

/** Writes that are stored first and sent when it can be; they resolve once they are stored. */
export interface LaterTable<Row, New, Key extends keyof Row> {
  /** The id is made here unless the row has one. */
  create(row: New): Promise<Queued>;
  update(id: IdOf<Row, Key>, patch: Partial<New>, options?: LaterOptions): Promise<Queued>;
  replace(id: IdOf<Row, Key>, row: New, options?: LaterOptions): Promise<Queued>;
  delete(id: IdOf<Row, Key>, options?: LaterOptions): Promise<Queued>;
}

/** A write of the outbox, as a person sees it. */
export interface OutboxItem {
  readonly key: string;
  readonly status: "queued" | "sending" | "unknown" | "refused" | "done";
  /** ms since 1970. */
  readonly madeAtMs: number;
  readonly writes: readonly RowWrite[];
  /** Why it was refused: a problem of the server's. */
  readonly problem?: JsonObject;
  /** The server's row, where a conflict was the reason; null: it is gone. */
  readonly present?: JsonObject | null;
}

export interface OutboxClient<C = unknown> {
  /** Resolves once what was stored before is known. */
  readonly ready: Promise<void>;
  /** All that is not certain yet, in order; the refused among them. */
  pending(): readonly OutboxItem[];
  /** How many these are. */
  readonly pendingCount: number;
  refused(): readonly OutboxItem[];
  /** Tries a refused write again, on top of the server's row where there was a conflict. False: it is not refused any more. */
  retry(key: string): Promise<boolean>;
  /** The same write with other columns, after a conflict on top of the server's row. Of a transaction the one at `index`; default: the one for which it was refused (`problem.index`). */
  edit(key: string, values: JsonObject, which?: OneWrite): Promise<boolean>;
  /** Gives a refused write up; with `index` only that one of a transaction, and the others are tried again. */
  discard(key: string, which?: OneWrite): Promise<boolean>;
  /** Several writes that stand or fall together. */
  transaction(writes: readonly WriteOf<C>[]): Promise<{ readonly key: string }>;
  onChange(listener: () => void): () => void;
  /** This tab takes no more part; what is stored stays. */
  close(): void;
}

export interface OneWrite {
  readonly index?: number;
}

/** A write as data, whatever the tables; `WriteOf<typeof client>` is one of the client's. */
export interface LaterWrite {
  readonly op: RowWrite["op"];
  readonly table: string;
  readonly partition?: string | undefined;
  readonly id?: RowId | undefined;
  readonly values?: JsonObject | undefined;
  readonly on?: object | undefined;
}

export interface Sync {
  readonly status: SyncStatus;
  onChange(listener: (status: SyncStatus) => void): () => void;
}

type LaterMember<T> = T extends { in(partition: string): infer Inner }
  ? Omit<LaterRows<T>, "in"> & { in(partition: string): LaterRows<Inner> }
  : LaterRows<T>;

type LaterRows<T> =
  T extends TableClient<infer Row, infer New, infer Key> ? T & { readonly later: LaterTable<Row, New, Key> } : T;

/** The tables with `later`, and `outbox` and `sync` beside them. */
export type WithOutbox<C> = {
  readonly [N in Exclude<keyof C, "resource">]: LaterMember<C[N]>;
} & {
  resource<N extends ReadableName<C>>(path: N): LaterMember<C[N]>;
  resource<Row extends object = UntypedRow>(
    path: string,
  ): LaterMember<C extends { readonly realtime: unknown } ? LiveMember<UntypedTable<Row>> : UntypedTable<Row>>;
  readonly outbox: OutboxClient<C>;
  readonly sync: Sync;
};
