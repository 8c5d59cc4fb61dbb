/**
 * Options of a call → the query of its address and its headers. Pure. One list for all endpoints: what an endpoint does not take,
 * the types of its method do not offer, and the server refuses.
 */

import { type FilterInput, filterText } from "./filter-text.ts";
import { etagOf } from "./tags.ts";

/** In the order in which they stand in the address. */
const PARAMETERS = (
  "q,resources,fields,filter,select,include,groupBy,count,sum,avg,min,max,having,orderBy,limit,cursor,offset," +
  "totalCount,highlight,withDeleted,etags,hard,dryRun"
).split(",");

export type Options = Readonly<Record<string, unknown>>;

/** `?filter=…&limit=5`, or "". What is undefined, null, false or empty is left out: it is the default. */
export function queryOf(options: Options): string {
  const pairs = PARAMETERS.flatMap((name) => {
    const text = textOf(name, options[name]);
    return text === "" ? [] : [`${name}=${encodeURIComponent(text)}`];
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** Conditions, the token of a dry run, the preference for short replies. */
export function headersOf({ ifMatch, ifNoneMatch, confirm, prefer }: Options): Record<string, string> {
  return {
    ...(ifMatch !== undefined && { "if-match": tagText(ifMatch) }),
    ...(ifNoneMatch !== undefined && { "if-none-match": tagText(ifNoneMatch) }),
    ...(confirm !== undefined && { "ledge-confirm": confirm as string }),
    ...(prefer === "minimal" && { prefer: "return=minimal" }),
  };
}

/** One value as its parameter; "" for none. */
export function textOf(name: string, value: unknown): string {
  if (value === undefined || value === null || value === false) return "";
  if (name === "filter") return filterText(value as FilterInput<object>);
  return [value].flat().map(termText).join(",");
}

/** `{ column: "age", ascending: false }` is `-age`. */
function termText(term: unknown): string {
  if (typeof term !== "object") return String(term);
  const { column, ascending = true } = term as { readonly column: string; readonly ascending?: boolean };
  return ascending ? column : `-${column}`;
}

function tagText(tag: unknown): string {
  const text = typeof tag === "string" ? tag : etagOf(tag as object);
  if (text === undefined) throw new TypeError("No tag: get the row, or list with etags: true");
  return text;
}
