/**
 * A client typed by rows instead of an application ([SDK3]): by the `Tables` that `ledge types` writes, as every `createClient` takes them, or by rows
 * that somebody has written down. At run time it is `createClient`.
 */

import type { AppLike, Client, UntypedTable } from "./app-types.ts";
import { type ClientOptions, createClient } from "./create-client.ts";

/** A time in the form that the API gives: `2026-11-01T09:30:00.000Z`. */
export type ISODateString = string;

export type TypedClient<Tables> = "types" extends keyof Tables
  ? Client<Tables & AppLike>
  : { readonly [N in keyof Tables]: Tables[N] extends object ? UntypedTable<Tables[N]> : never };

export function createTypedClient<Tables>(options: ClientOptions): TypedClient<Tables> {
  return createClient(options) as unknown as TypedClient<Tables>;
}
