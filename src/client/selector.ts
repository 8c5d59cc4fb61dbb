/** The type of selector objects over a row: `{ status: "todo", priority: { gte: 3 }, tags: { overlap: ["a"] } }`. Types only. */

/** What may stand for a value of a column: times also as Date, 64-bit integers as bigint. */
type Literal<V> = V extends string
  ? V | (string extends V ? Date | bigint : never)
  : V extends number | boolean
    ? V
    : never;

type Element<V> = V extends readonly (infer Item)[] ? Literal<Item> : never;

interface Ordered<L> {
  readonly gt?: L;
  readonly gte?: L;
  readonly lt?: L;
  readonly lte?: L;
}

interface Equal<L> {
  readonly eq?: L | null;
  readonly neq?: L | null;
  readonly is?: L | null;
  readonly in?: readonly (L | null)[];
  readonly not?: L | null | readonly (L | null)[] | (Equal<L> & Ordered<L>);
}

interface Text {
  readonly like?: string;
  readonly ilike?: string;
  readonly contains?: string;
}

interface List<L> {
  readonly contains?: readonly L[];
  readonly containedBy?: readonly L[];
  readonly overlap?: readonly L[];
}

type Wanted<V> = [Literal<V>] extends [never]
  ? unknown extends V
    ? unknown
    : List<Element<V>> | null
  :
      | Literal<V>
      | null
      | readonly (Literal<V> | null)[]
      | (Equal<Literal<V>> & Ordered<Literal<V>> & ([V] extends [string] ? Text : object));

/** All columns named must be as said; a value means equal, an array one of, an object its operators. */
export type Selector<Row> = { readonly [Name in keyof Row & string]?: Wanted<NonNullable<Row[Name]>> };
