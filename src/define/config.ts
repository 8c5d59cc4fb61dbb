/**
 * What a person writes beside a Drizzle table: `resource(table, config)`. Types only; `resource.ts` checks them.
 */

import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Json, JsonObject } from "../core/json.ts";
import type { CustomOperator } from "../core/query/custom-operators.ts";
import type { Filter } from "../core/query/tree.ts";
import type { BatchOperation, Capability, Row } from "../core/schema/table-spec.ts";
import type { Principal, User } from "../core/scope/principal.ts";
import type { Hooks, NotifiedAction, Wake } from "./hooks.ts";
import type { ColumnName, RowOf } from "./row-types.ts";
import type { SearchAdapter } from "./search-adapter.ts";

export type Operation = "read" | "create" | "update" | "delete" | "subscribe" | "readDeleted" | "hardDelete";

/**
 * What a scope rule may give: a filter text or a built filter (those rows), `"*"` or `true` (all rows), and
 * `""`, `null`, `undefined` or `false` (none).
 */
export type ScopeValue = string | Filter | boolean | null | undefined;
export type ScopeRule = ScopeValue | ((user: User) => ScopeValue | Promise<ScopeValue>) | DeclaredScope;

/** A table that a scope depends on; `user` names its column that holds the caller's id. */
export interface ScopeUse {
  readonly table: string;
  readonly user: string;
}

/** The caller's rows of a table that the scope uses: whole rows, hidden columns too, without those that are soft-deleted. */
export interface UsedRows {
  <T extends SQLiteTable>(of: { readonly name: string; readonly table: T }): readonly RowOf<T>[];
  (table: string): readonly Row[];
}

/**
 * A scope that depends on rows of other tables ([RV2]), e.g. on memberships. It is a function of the caller and of those rows alone: Ledge
 * reads them, and asks again when one of them changes, also for those who follow the table live.
 */
export interface DeclaredScope {
  readonly uses: readonly ScopeUse[];
  readonly scope: (user: User, rows: UsedRows) => ScopeValue;
}

export type ScopeRules = { readonly [operation in Operation]?: ScopeRule };

/** Operations open to everyone: `true` for all rows, a filter for some. */
export type PublicRules = boolean | { readonly [operation in Operation]?: boolean | string };

/** Access rules as a preset gives them. */
export interface AccessRules {
  readonly auth?: ScopeRules;
  readonly public?: PublicRules;
}

export interface ColumnFlags {
  /** `false`: never leaves the object. */
  readonly returned?: boolean;
  /** `false`: no client may write it. */
  readonly input?: boolean;
  /** `true`: a create must give it although the column has a default or allows NULL. */
  readonly required?: boolean;
  /** Column kind where Drizzle has none: `text()` columns that hold times (ISO) or 64-bit integers. */
  readonly type?: "time" | "bigint";
}

export interface FieldLists<T extends SQLiteTable> {
  readonly readable?: readonly ColumnName<T>[];
  readonly writable?: readonly ColumnName<T>[];
  readonly filterable?: readonly ColumnName<T>[];
  readonly sortable?: readonly ColumnName<T>[];
  readonly aggregatable?: { readonly groupBy?: readonly ColumnName<T>[]; readonly metrics?: readonly ColumnName<T>[] };
}

/** How a caller is let into a partition ([HT1]); checked before any object is addressed. */
export type PartitionRule =
  /** Name of the claim that holds the partition, or a list of them. */
  | { readonly claim: string }
  | { readonly allow: (principal: Principal, partition: string) => boolean | Promise<boolean> };

/** The part of the Standard Schema interface that Ledge calls; Zod 3.24+, Valibot and ArkType have it. */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  };
}
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A related table: what deleting a parent does to its children ([HT23]), and what `include` reads ([HT18]). */
export type Relation = KeyRelation | ManyToMany;

export interface KeyRelation {
  readonly type: "belongsTo" | "hasOne" | "hasMany";
  readonly resource: string;
  /** The column that holds the parent's key: on this table for `belongsTo`, on the other for `hasOne` and `hasMany`. */
  readonly foreignKey: string;
  /** What deleting this row does to the other table's rows; only on `hasOne` and `hasMany` within the same object. */
  readonly onDelete?: "restrict" | "cascade" | "set null";
}

/** Rows of another table over a join table, in whatever objects the three lie: `include` reads the copies in D1 ([L4]). */
export interface ManyToMany {
  readonly type: "manyToMany";
  readonly resource: string;
  /** The join table, and its columns that hold the key of this table's row and of the other's. */
  readonly through: { readonly resource: string; readonly sourceKey: string; readonly targetKey: string };
}

export interface ResourceConfig<T extends SQLiteTable = SQLiteTable> extends AccessRules {
  /** Tables of one group share one object; default: an object of its own. */
  readonly group?: string;
  /** One object per group and value of this column, addressed as `/api/@<value>/<table>`. */
  readonly partitionBy?: ColumnName<T>;
  /** Required with `partitionBy`. */
  readonly partition?: PartitionRule;
  /** How ids are made; default: `uuid` for a text key, `int` for an integer one. */
  readonly id?: "uuid" | "text" | "int";
  readonly fields?: FieldLists<T>;
  readonly columns?: { readonly [name in ColumnName<T>]?: ColumnFlags };
  /** Columns that hooks or the database fill; clients need not, and cannot, give them. */
  readonly generatedFields?: readonly ColumnName<T>[];
  readonly strictInput?: boolean;
  /** Checked besides the table's own rules: a Zod object (made partial for PATCH), or one schema for each. */
  readonly schema?: StandardSchema | { readonly create?: StandardSchema; readonly update?: StandardSchema };
  readonly computed?: { readonly [name: string]: (row: RowOf<T>) => Json };
  readonly softDelete?: { readonly field: ColumnName<T>; readonly value?: Json };
  readonly etag?: { readonly versionField?: ColumnName<T>; readonly required?: boolean };
  readonly pagination?: {
    readonly defaultLimit?: number;
    readonly maxLimit?: number;
    readonly offset?: boolean;
    readonly cursorMaxAgeMs?: number;
  };
  readonly capabilities?: { readonly [capability in Capability]?: boolean };
  /** Rows that one batch may hold (default 100 each); `false` or 0 removes the route. `confirm`: large filter batches need a dry run first. */
  readonly batch?: { readonly [operation in BatchOperation]?: number | false } & { readonly confirm?: boolean };
  readonly hooks?: Hooks<RowOf<T>>;
  /**
   * A message for every row that was created, changed or removed, or for these actions alone: an effect `notify` of the commit, which never holds
   * the row ([HT65]). `jobs([…], { notify: job })` takes them, or `effects: { notify }` of the application.
   */
  readonly notify?: true | readonly NotifiedAction[];
  /** Rows that act by themselves when the time in one of their columns comes. */
  readonly wake?: Wake<RowOf<T>, ColumnName<T>>;
  /**
   * Full-text search over these text columns; a field's weight is 1 unless given. `adapter`: by an engine outside instead of the object's
   * own index (`null`: by the index, whatever the application's adapter is); `attributes`: further columns it is to be fed.
   */
  readonly search?: {
    readonly fields: readonly (ColumnName<T> | { readonly name: ColumnName<T>; readonly weight?: number })[];
    readonly attributes?: readonly ColumnName<T>[];
    readonly adapter?: SearchAdapter | null;
  };
  /** Copied to D1, for what spans objects: all columns that clients may read, or these (the key always). Needs the feature `readModel()`. */
  readonly readModel?: true | readonly ColumnName<T>[];
  readonly relations?: { readonly [name: string]: Relation };
  readonly operators?: { readonly [token: string]: CustomOperator };
  readonly query?: { readonly operators?: readonly string[] };
  readonly changelog?: { readonly maxCommits?: number; readonly maxAgeMs?: number; readonly maxBytes?: number };
  readonly idempotency?: { readonly ttlMs?: number };
  readonly cache?: { readonly public?: boolean };
}

export type { JsonObject };
