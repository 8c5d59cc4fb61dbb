/**
 * A fluent query ([Q26]): each step gives a new one and leaves the old as it was; `execute` sends it. Built on the table's own
 * `list`, so it can do nothing that options cannot. `abort()` arms a query, `cancel()` then ends every run of it ([Q28]).
 */

import { windowOf } from "./fetch-paginated.ts";
import { type FilterInput, filterText } from "./filter-text.ts";
import { joinFilters } from "./join-filters.ts";
import { ConflictError, NotFoundError } from "./ledge-error.ts";
import type { Options } from "./parameters.ts";
import { type ControllerLike, PLATFORM, type SignalLike } from "./platform.ts";
import type { Order, Page, Selected, TableClient } from "./table-types.ts";

type AnyList = Pick<TableClient<object, object, never>, "count"> & {
  list(options: Options): Promise<Page<never>>;
  rows(options: Options): AsyncGenerator<never, void, undefined>;
};

export class Query<Row, Out, Key extends keyof Row> {
  readonly #table: AnyList;
  readonly #options: Options;
  readonly #filters: readonly string[];
  readonly #controller: ControllerLike | null;

  /** Made by `createQuery` and by the steps below. */
  constructor(
    table: AnyList,
    options: Options = {},
    filters: readonly string[] = [],
    controller: ControllerLike | null = null,
  ) {
    this.#table = table;
    this.#options = options;
    this.#filters = filters;
    this.#controller = controller;
  }

  #with<O = Out>(
    options: Options,
    filters: readonly FilterInput<Row>[] = [],
    controller: ControllerLike | null = this.#controller,
  ): Query<Row, O, Key> {
    const all = [...this.#filters, ...filters.map((filter) => filterText(filter))];
    return new Query(this.#table, { ...this.#options, ...options }, all, controller);
  }

  /** Narrows the rows to these columns and the key. */
  select<const Name extends keyof Row & string>(
    ...columns: readonly Name[]
  ): Query<Row, Selected<Row, Name, Key>, Key> {
    return this.#with({ select: columns });
  }
  /** Adds a condition; all that are added must hold. */
  filter(filter: FilterInput<Row>): Query<Row, Out, Key> {
    return this.#with({}, [filter]);
  }
  where(filter: FilterInput<Row>): Query<Row, Out, Key> {
    return this.filter(filter);
  }
  filters(...filters: readonly FilterInput<Row>[]): Query<Row, Out, Key> {
    return this.#with({}, filters);
  }
  /** Takes the place of an earlier order. */
  orderBy(...order: readonly Order<Row>[]): Query<Row, Out, Key> {
    return this.#with({ orderBy: order });
  }
  sort(...order: readonly Order<Row>[]): Query<Row, Out, Key> {
    return this.orderBy(...order);
  }
  limit(rows: number): Query<Row, Out, Key> {
    return this.#with({ limit: rows });
  }
  cursor(cursor: string | null): Query<Row, Out, Key> {
    return this.#with({ cursor });
  }
  offset(rows: number): Query<Row, Out, Key> {
    return this.#with({ offset: rows });
  }
  /** Page 1 is the first; brings `totalCount` along. */
  paginate(page: number, pageSize: number): Query<Row, Out, Key> {
    return this.#with(windowOf({ page, pageSize }));
  }
  withTotalCount(): Query<Row, Out, Key> {
    return this.#with({ totalCount: true });
  }
  withDeleted(): Query<Row, Out, Key> {
    return this.#with({ withDeleted: true });
  }
  /** For each attempt ([Q29]). */
  timeout(timeoutMs: number): Query<Row, Out, Key> {
    return this.#with({ timeoutMs });
  }
  retries(retries: number): Query<Row, Out, Key> {
    return this.#with({ retries });
  }
  signal(signal: SignalLike): Query<Row, Out, Key> {
    return this.#with({ signal });
  }

  /** The same query, which `cancel()` can end; what is built on it is ended with it. */
  abort(): Query<Row, Out, Key> {
    const controller = PLATFORM.makeController();
    return this.#with({}, [], controller);
  }
  /** Ends every run, now and later: it rejects with code `ABORTED`. Without `abort()` before, there is nothing to end. */
  cancel(): void {
    this.#controller?.abort();
  }

  async execute(): Promise<Page<Out>> {
    return this.#table.list(this.#call());
  }
  async first(): Promise<Out | null> {
    return (await this.limit(1).execute()).items[0] ?? null;
  }
  /** The only row: `NotFoundError` without one, `ConflictError` (reason `too-many`) with more. */
  async single(): Promise<Out> {
    const { items } = await this.limit(2).execute();
    if (items.length > 1)
      throw new ConflictError("The query has more than one row", { details: { reason: "too-many" } });
    if (items[0] === undefined) throw new NotFoundError("The query has no row");
    return items[0];
  }
  async count(): Promise<number> {
    const { select, orderBy, limit, cursor, offset, totalCount, ...options } = this.#call();
    return this.#table.count(options);
  }
  /** Every row, page by page. */
  rows(): AsyncGenerator<Out, void, undefined> {
    return this.#table.rows(this.#call());
  }

  #call(): Options {
    const filter = joinFilters(this.#filters);
    const own = this.#options.signal as SignalLike | undefined;
    const controller = this.#controller;
    if (controller !== null && own !== undefined) {
      if (own.aborted) controller.abort(own.reason);
      own.addEventListener("abort", () => controller.abort(own.reason));
    }
    return { ...this.#options, filter, ...(controller === null ? {} : { signal: controller.signal }) };
  }
}

/** `createQuery(client.tasks).where({ status: "todo" }).orderBy("-priority").execute()`. Nothing is sent before the last step. */
export function createQuery<Row, New, Key extends keyof Row>(table: TableClient<Row, New, Key>): Query<Row, Row, Key> {
  return new Query(table as unknown as AnyList);
}
