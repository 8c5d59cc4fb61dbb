/**
 * Which client the hooks are typed by: the one that the application has registered, in its own words (`Register` of the entry). Without one
 * every table name is allowed, and rows are untyped. Types only.
 */

import type { UntypedRow, UntypedTable } from "../app-types.ts";
import type { KeyOf, NewOf, RowOf, TableName, WriteOf } from "../client-tables.ts";
import type { OutboxClient, Sync } from "../offline/offline-types.ts";
import type { LiveStore } from "../store/store-types.ts";
import type { SearchAcross } from "../view-types.ts";
import type { Register } from "./ledge-client-react.ts";

interface Unregistered {
  readonly [table: string]: UntypedTable<UntypedRow>;
}

/** The client, as the application has made it. */
export type Registered = Register extends { readonly client: infer C extends object } ? C : Unregistered;

export type Name = TableName<Registered>;
export type Row<N extends Name> = RowOf<Registered[N]>;
export type New<N extends Name> = NewOf<Registered[N]>;
export type Key<N extends Name> = KeyOf<Registered[N]>;
export type Id<N extends Name> = [Key<N>] extends [never] ? string | number : Row<N>[Key<N>];
/** Rows of a search over several tables, by table. */
export type SearchedRows = Registered extends { readonly search: SearchAcross<infer Rows> }
  ? Rows
  : { readonly [table: string]: UntypedRow };
/** A write of any table, for transactions. */
export type AnyWrite = WriteOf<Registered>;
export type Column<N extends Name> = keyof Row<N> & string;

/** What the hooks need of a client, whatever its tables: `withStore(withOutbox(withLive(createClient(…))))`. */
export interface HookClient {
  readonly store: LiveStore<Unregistered>;
  readonly outbox: OutboxClient;
  readonly sync: Sync;
}
