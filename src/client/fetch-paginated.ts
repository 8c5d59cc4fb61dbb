/**
 * Pages by number ([P8]): a list by offset with the number of all rows. For more than 10 000 rows, and where rows come and go
 * meanwhile, use cursors.
 */

import { ValidationError } from "./ledge-error.ts";
import type { ListOptions, Selected, TableClient } from "./table-types.ts";

/** A page by its number, 1 is the first. */
export interface NumberedPage<Item> {
  readonly data: readonly Item[];
  /** Rows on all pages. */
  readonly count: number;
  readonly page: number;
  readonly pageSize: number;
  readonly totalPages: number;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

interface Numbers {
  readonly page: number;
  readonly pageSize: number;
}

/** `await fetchPaginated(client.tasks, { page: 2, pageSize: 20, orderBy: "title" })`. */
export async function fetchPaginated<
  Row,
  New,
  Key extends keyof Row,
  const Name extends keyof Row & string = keyof Row & string,
>(
  table: TableClient<Row, New, Key>,
  {
    page,
    pageSize,
    ...options
  }: Omit<ListOptions<Row, Name, false>, "limit" | "cursor" | "offset" | "totalCount"> & Numbers,
): Promise<NumberedPage<Selected<Row, Name, Key>>> {
  const window = windowOf({ page, pageSize });
  const { items, totalCount = 0 } = await table.list<Name>({
    ...(options as ListOptions<Row, Name, false>),
    ...window,
  });
  const totalPages = Math.ceil(totalCount / pageSize);
  return {
    data: items,
    count: totalCount,
    page,
    pageSize,
    totalPages,
    hasNextPage: page < totalPages,
    hasPreviousPage: page > 1,
  };
}

/** The options of a read that gives this page. `ValidationError` unless both are integers from 1 on. */
export function windowOf({ page, pageSize }: Numbers): { limit: number; offset: number; totalCount: true } {
  for (const [name, value] of Object.entries({ page, pageSize })) {
    if (!Number.isInteger(value) || value < 1)
      throw new ValidationError(`${name} must be an integer ≥ 1, not ${value}`);
  }
  return { limit: pageSize, offset: (page - 1) * pageSize, totalCount: true };
}
