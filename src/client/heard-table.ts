/**
 * A table whose writes are told of when they have ended, however they ended: one without an answer may have taken place. For whatever keeps what was
 * read of it: the cache, and the queries of the live store.
 */

type Method = (...given: readonly unknown[]) => unknown;
export type Methods = Readonly<Record<string, Method>>;

/** `createMany`, `deleteWhere` and the like; `rpc` may write, too. */
const WRITE = /^(create|update|replace|delete|restore|upsert|rpc)/;

/** `wrote` is given the path of a table: `tasks`, or `@lobby/messages`. */
export function heardTable(table: object, path: string, wrote: (path: string) => void): Methods {
  const methods = table as Methods;
  const heard: Record<string, Method> = { ...methods };
  for (const [name, method] of Object.entries(methods))
    if (WRITE.test(name))
      heard[name] = async (...given) => {
        try {
          return await method(...given);
        } finally {
          for (const stale of writtenBy(path, given[0])) wrote(stale);
        }
      };
  heard.in = (partition) => heardTable(methods.in?.(partition) as object, `@${partition}/${path}`, wrote);
  return heard;
}

/** The table itself; of a list of operations (`ledge/client/transaction`) the tables that it names. */
function writtenBy(path: string, body: unknown): readonly string[] {
  const { operations } = (path === "transaction" ? body : {}) as { readonly operations?: unknown };
  if (!Array.isArray(operations)) return [path];
  return operations.map(({ resource, partition }: { readonly resource: string; readonly partition?: string }) =>
    partition === undefined ? resource : `@${partition}/${resource}`,
  );
}
