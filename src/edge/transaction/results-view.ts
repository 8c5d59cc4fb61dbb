/**
 * `ctx.results` while a transaction is being made ([TX3]): what has been tried out is there whole; of what has not, only the id of its row
 * is known. A function that looks at more is broken off, the steps so far are tried out, and it runs again: so a list that needs
 * ids alone costs one call to its object.
 */

import type { RowId } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";

export interface ViewSource {
  readonly names: readonly string[];
  /** The result as functions see it; undefined: not tried out yet. */
  readonly resultOf: (index: number) => Json | undefined;
  /** Id of the row, and the column it lies in; null: not known. */
  readonly idOf: (index: number) => { readonly column: string; readonly id: RowId } | null;
}

export interface ResultsView {
  readonly results: object;
  /** Whether something was asked for that is not known yet. */
  isShort(): boolean;
}

/** Breaks off the function that asked. */
class NotTried extends Error {}

/** The results of the steps before `end`. */
export function viewResults({ names, resultOf, idOf }: ViewSource, end: number): ResultsView {
  let short = false;
  const lacking = (): never => {
    short = true;
    throw new NotTried("not tried out yet");
  };
  const indexOf = (name: string | symbol): number => {
    if (typeof name === "symbol") return -1;
    return /^[0-9]+$/.test(name) ? Number(name) : names.indexOf(name);
  };
  const valueAt = (index: number): unknown => {
    const known = resultOf(index);
    if (known !== undefined) return known;
    const named = idOf(index);
    return named === null ? lacking() : partial(named.column, named.id, lacking);
  };
  const results = new Proxy(
    {},
    {
      get(_, name) {
        const index = indexOf(name);
        if (index < 0) return undefined;
        if (index >= end) throw new TypeError(`"${String(name)}" is no operation before this one`);
        return valueAt(index);
      },
      has: (_, name) => indexOf(name) >= 0 && indexOf(name) < end,
      ownKeys: () => names.slice(0, end),
      getOwnPropertyDescriptor(_, name) {
        const index = indexOf(name);
        if (index < 0 || index >= end) return undefined;
        return { value: valueAt(index), enumerable: true, configurable: true, writable: false };
      },
    },
  );
  return { results, isShort: () => short };
}

/** A row of which the id is known; whoever looks at anything else has to wait. */
function partial(column: string, id: RowId, lacking: () => never): object {
  return new Proxy(
    {},
    {
      get: (_, name) => (name === column ? id : lacking()),
      has: lacking,
      ownKeys: lacking,
      getOwnPropertyDescriptor: lacking,
    },
  );
}
