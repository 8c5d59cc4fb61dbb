/** The key of a transaction that server code runs: given as an option, or made for the attempt ([TX33]). */

import type { Json } from "../../core/json.ts";
import type { TableRequest } from "../exchange.ts";
import { readWriteKey, type WriteKey } from "../idempotency.ts";

/** `input` is what must be equal for a repetition to count as the same request. */
export function codeKey(request: TableRequest, key: string | undefined, input: Json): Promise<WriteKey> {
  const headers = new Headers(request.request.headers);
  headers.delete("if-match");
  if (key === undefined) headers.delete("idempotency-key");
  else headers.set("idempotency-key", key);
  // Method and address stay those of the request that the code serves: they are a part of what the key is for.
  const { url, method } = request.request;
  return readWriteKey({ ...request, request: new Request(url, { method, headers }) }, input);
}
