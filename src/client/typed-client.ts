/** A client typed by rows instead of an application ([SDK3]): with the types that `ledge types` writes. At run time it is `createClient`. */

import type { UntypedTable } from "./app-types.ts";
import { type ClientOptions, createClient } from "./create-client.ts";

/** A time in the form that the API gives: `2026-11-01T09:30:00.000Z`. */
export type ISODateString = string;

export type TypedClient<Tables> = {
  readonly [N in keyof Tables]: Tables[N] extends object ? UntypedTable<Tables[N]> : never;
};

export function createTypedClient<Tables>(options: ClientOptions): TypedClient<Tables> {
  return createClient(options) as unknown as TypedClient<Tables>;
}
