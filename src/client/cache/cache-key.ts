/**
 * The key of a read ([K2]): made of all that decides its result, in one order, so that equal questions have one key however they are written.
 * What does not decide it (signal, timeout, tries) is no part of it. Pure.
 */

import { type Options, queryOf } from "../parameters.ts";

export interface ReadShape {
  /** `tasks`, or `@lobby/messages`. */
  readonly path: string;
  readonly operation: string;
  /** The id of a `get`; the text of a `search`; the cursor of a `nextPage`. */
  readonly subject?: string | number | null;
  /** Of the call: `filter select orderBy limit …`. */
  readonly options?: Options;
}

/** `qb:tasks list  ?filter=…&limit=5`. */
export function deriveCacheKey({ path, operation, subject = null, options = {} }: ReadShape): string {
  const { select, ...rest } = options;
  // The columns asked for are a set.
  const columns = Array.isArray(select) ? [...new Set(select)].sort() : select;
  return `${prefixOf(path, operation)} ${subject === null ? "" : JSON.stringify(subject)} ${queryOf({ ...rest, select: columns })}`;
}

/** What a write to a table makes stale: the beginnings of the keys of its reads. */
export function deriveMutationKeys(path: string): readonly string[] {
  return READS.map((operation) => `${prefixOf(path, operation)} `);
}

/** Methods of a table whose results may be kept. */
export const READS = ["list", "nextPage", "first", "get", "count", "exists", "aggregate", "search"] as const;

function prefixOf(path: string, operation: string): string {
  return `qb:${path} ${operation}`;
}
