/** A request without what it says of bytes, for a write of their row: conditions and keys are about the former. */

import type { TableRequest } from "../../edge/exchange.ts";

export function bareRequest(request: TableRequest): TableRequest {
  const headers = new Headers({ "if-match": "*" });
  return { ...request, request: new Request(request.url, { method: request.request.method, headers }) };
}
