/** What the reads share: the caller's read scope, soft-deleted rows on request, and the parameters every GET takes. */

import { invalidField } from "../../core/fault.ts";
import type { ScopeText } from "../../core/protocol/object-call.ts";
import { type Parameters, parseFlag } from "../../core/query/parameters.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { printFilter } from "../../core/query/print.ts";
import type { AnyResource } from "../../define/resource.ts";
import type { TableRequest } from "../exchange.ts";
import { queryParameters } from "../query-parameters.ts";
import { checkCommonHeaders } from "../read-headers.ts";
import { requireScope } from "../scopes.ts";

/** Reads the parameters; `consistency` is known everywhere, and read where the call is made (`callHeader`). */
export function readQuery(
  { url, request }: Pick<TableRequest, "url" | "request">,
  known: readonly string[],
): Parameters {
  checkCommonHeaders(request.headers);
  if (url.search === "") return NO_PARAMETERS;
  const parameters = queryParameters(url, [...known, "consistency"]);
  const consistency = parameters.get("consistency");
  if (consistency !== undefined && consistency !== "committed") throw invalidField("consistency", "must be committed");
  return parameters;
}

const NO_PARAMETERS: Parameters = new Map();

export async function readScope(request: TableRequest): Promise<ScopeText> {
  return requireScope(await request.entry.access(request, "read"), request.principal, "read");
}

/** `withDeleted=true`: the scope under which soft-deleted rows are seen too ([QL55]). */
export async function deletedScope(
  request: TableRequest,
  parameters: Parameters,
): Promise<{ readonly scope: ScopeText } | null> {
  if (!parseFlag("withDeleted", parameters.get("withDeleted"))) return null;
  const { entry, principal } = request;
  if (entry.resource.spec.softDelete === null) throw invalidField("withDeleted", "is for tables with soft delete");
  return { scope: requireScope(await entry.access(request, "readDeleted"), principal, "readDeleted") };
}

/** The client's filter in canonical form; `""` matches every row. */
export function readFilter({ spec, config, operators }: AnyResource, parameters: Parameters): string {
  const text = parameters.get("filter");
  if (text === undefined || text === "") return "";
  const allowedOperators = config.query?.operators;
  return printFilter(
    parseFilter(text, {
      table: spec,
      fields: "client",
      operators,
      parameter: "filter",
      ...(allowedOperators === undefined ? {} : { allowedOperators }),
    }),
  );
}
