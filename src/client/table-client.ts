/**
 * The methods of a table, as requests. Each is a line or two: the address, the body, what of the reply is the result. Retrying,
 * tokens and failures are `send.ts`; their types are `table-types.ts`.
 */

import { isPartition, RESERVED_IDS } from "../core/ids.ts";
import { type FilterInput, filterText } from "./filter-text.ts";
import { NotFoundError, ValidationError } from "./ledge-error.ts";
import { headersOf, type Options, queryOf } from "./parameters.ts";
import type { Reply, Send } from "./send.ts";
import type { Page, TableClient } from "./table-types.ts";
import { withTag } from "./tags.ts";

/** A table of any type. */
export interface AnyRow {
  readonly [column: string]: unknown;
}
export type AnyTable = TableClient<AnyRow, AnyRow, never> & { in(partition: string): AnyTable };

interface TableParts {
  readonly send: Send;
  /** `/tasks`, or `/@lobby/messages`. */
  readonly path: string;
}

export function createTable({ send, path }: TableParts): AnyTable {
  const call = (method: string, tail: string, options: Options = {}, body?: unknown): Promise<Reply> =>
    send({
      method,
      path: path + tail + queryOf(options),
      body,
      isSafe: method === "GET" || options.dryRun === true,
      idempotencyKey: options.idempotencyKey as string | undefined,
      headers: headersOf(options),
      options,
    });
  const read = async (...given: Parameters<typeof call>) => {
    const { status, headers, body } = await call(...given);
    return status === 304 ? null : withTag(body as object | undefined, headers.get("etag"));
  };
  const list = (options: Options = {}) => read("GET", "", options) as Promise<Page<AnyRow>>;

  const table = {
    list,
    // A cursor says where the page begins, so the offset of the first is none of it.
    nextPage: async ({ nextCursor }: Page<unknown>, options?: Options): Promise<Page<AnyRow> | null> =>
      nextCursor === null ? null : list({ ...options, offset: undefined, cursor: nextCursor }),
    async *pages(options?: Options) {
      for (let page: Page<AnyRow> | null = await list(options); page; page = await table.nextPage(page, options))
        yield page;
    },
    async *rows(options?: Options) {
      for await (const page of table.pages(options)) yield* page.items;
    },
    first: async (options?: Options) => (await list({ ...options, limit: 1 })).items[0] ?? null,
    get: async (id: unknown, options?: Options) => read("GET", rowPath(id), options),
    count: async (options?: Options) => ((await read("GET", "/count", options)) as { count: number }).count,
    exists: async (options?: Options) => (await table.count({ ...options, limit: 1 })) > 0,
    aggregate: async (options: Options) => read("GET", "/aggregate", options),
    search: async (q: string, options?: Options) => read("GET", "/search", { ...options, q }),

    create: async (row: unknown, options?: Options) => read("POST", "", options, row),
    update: async (id: unknown, patch: unknown, options?: Options) => read("PATCH", rowPath(id), options, patch),
    replace: async (id: unknown, row: unknown, options?: Options) => read("PUT", rowPath(id), options, row),
    delete: async (id: unknown, options?: Options) => void (await call("DELETE", rowPath(id), options)),
    restore: async (id: unknown, options?: Options) => read("POST", `${rowPath(id)}/restore`, options),
    upsert: async (row: unknown, options?: Options) =>
      ((await table.upsertMany([row], options)) as Page<AnyRow>).items[0],

    createMany: async (items: unknown, options?: Options) => read("POST", "/batch", options, { items }),
    updateMany: async (items: unknown, options?: Options) => read("PATCH", "/batch", options, { items }),
    replaceMany: async (items: unknown, options?: Options) => read("PUT", "/batch", options, { items }),
    upsertMany: async (items: unknown, options?: Options) => read("POST", "/batch/upsert", options, { items }),
    deleteMany: async (ids: unknown, options?: Options) => read("DELETE", "/batch", options, { ids }),
    updateWhere: async (target: object, patch: unknown, options?: Options) =>
      read("PATCH", "/batch", options, { ...targetOf(target), patch }),
    deleteWhere: async (target: object, options?: Options) => read("DELETE", "/batch", options, targetOf(target)),
    rpc: async (name: string, input: unknown = {}, options?: Options) =>
      ((await read("POST", `/rpc/${encodeURIComponent(name)}`, options, input)) as { data: unknown }).data,

    in(partition: string) {
      if (!isPartition(partition)) throw new ValidationError(`"${partition}" cannot be the name of a partition`);
      return createTable({ send, path: `/@${partition}${path}` });
    },
  };
  return table as unknown as AnyTable;
}

/** Texts that are no id, though they would be a path: the row of that id cannot exist, and nothing else may be hit. */
export function rowPath(id: unknown): string {
  const text = String(id);
  if (/^\.{0,2}$/.test(text) || RESERVED_IDS.has(text)) throw new NotFoundError(`There is no row "${text}"`);
  return `/${encodeURIComponent(text)}`;
}

function targetOf(target: object): object {
  return "filter" in target ? { filter: filterText(target.filter as FilterInput<object>) } : { all: true };
}
