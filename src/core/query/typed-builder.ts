/**
 * The typed builder `f<Row>()`: the functions of build.ts, offering only columns of the row type and operators that suit the
 * type of the column ([QL48]). Types alone; at run time it is one frozen object.
 */

import * as build from "./build.ts";
import type { Filter } from "./tree.ts";

/** Columns of the row whose values (NULL aside) are a `T`. */
type ColumnOf<Row, T> = { [Name in keyof Row & string]: NonNullable<Row[Name]> extends T ? Name : never }[keyof Row &
  string];
type Literal = string | number | bigint | boolean | Date;
type Ordered = string | number | bigint | Date;
type Value<Row, Name extends keyof Row> =
  | NonNullable<Row[Name]>
  | (NonNullable<Row[Name]> extends Date ? string | number : never);
type Element<T> =
  NonNullable<T> extends readonly (infer Item)[] ? Extract<Item, string | number | boolean | null> : never;

export interface FilterOf<Row> {
  eq<Name extends ColumnOf<Row, Literal>>(column: Name, value: Value<Row, Name> | null): Filter;
  neq<Name extends ColumnOf<Row, Literal>>(column: Name, value: Value<Row, Name> | null): Filter;
  gt<Name extends ColumnOf<Row, Ordered>>(column: Name, value: Value<Row, Name>): Filter;
  gte<Name extends ColumnOf<Row, Ordered>>(column: Name, value: Value<Row, Name>): Filter;
  lt<Name extends ColumnOf<Row, Ordered>>(column: Name, value: Value<Row, Name>): Filter;
  lte<Name extends ColumnOf<Row, Ordered>>(column: Name, value: Value<Row, Name>): Filter;
  between<Name extends ColumnOf<Row, Ordered>>(column: Name, from: Value<Row, Name>, to: Value<Row, Name>): Filter;
  inList<Name extends ColumnOf<Row, Literal>>(column: Name, values: readonly (Value<Row, Name> | null)[]): Filter;
  notIn<Name extends ColumnOf<Row, Literal>>(column: Name, values: readonly (Value<Row, Name> | null)[]): Filter;
  isNull(column: keyof Row & string): Filter;
  isNotNull(column: keyof Row & string): Filter;
  like(column: ColumnOf<Row, string>, pattern: string): Filter;
  notLike(column: ColumnOf<Row, string>, pattern: string): Filter;
  ilike(column: ColumnOf<Row, string>, pattern: string): Filter;
  contains(column: ColumnOf<Row, string>, text: string): Filter;
  icontains(column: ColumnOf<Row, string>, text: string): Filter;
  startsWith(column: ColumnOf<Row, string>, text: string): Filter;
  endsWith(column: ColumnOf<Row, string>, text: string): Filter;
  has<Name extends ColumnOf<Row, readonly unknown[]>>(column: Name, value: Element<Row[Name]>): Filter;
  and(...filters: readonly Filter[]): Filter;
  or(...filters: readonly Filter[]): Filter;
  not(filter: Filter): Filter;
}

const BUILDER = Object.freeze({ ...build });

export function f<Row extends object>(): FilterOf<Row> {
  return BUILDER as unknown as FilterOf<Row>;
}
