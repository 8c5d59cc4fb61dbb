/** Pages by number over reads by offset ([P8]): the arithmetic, and one request. */

import { ValidationError } from "./ledge-error.ts";
import type { Options } from "./parameters.ts";
import type { NumberedPage, Page } from "./table-types.ts";

interface Numbers {
  /** 1 is the first. */
  readonly page: number;
  readonly pageSize: number;
}

export async function readNumberedPage<Item>(
  { page, pageSize, ...options }: Options & Numbers,
  list: (options: Options) => Promise<Page<Item>>,
): Promise<NumberedPage<Item>> {
  const { items, totalCount = 0 } = await list({ ...options, ...windowOf({ page, pageSize }) });
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
export function windowOf({ page, pageSize }: Numbers): Options {
  for (const [name, value] of Object.entries({ page, pageSize })) {
    if (!Number.isInteger(value) || value < 1) throw new ValidationError(`${name} must be an integer ≥ 1, not ${value}`);
  }
  return { limit: pageSize, offset: (page - 1) * pageSize, totalCount: true };
}
